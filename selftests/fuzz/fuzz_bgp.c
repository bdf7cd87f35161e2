// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fuzz_bgp.c: any bytes as what BGP daemons answer, and as the list of nodes that the daemon keeps.
 * No more is noted than there is room for, of neighbours that were asked about alone; a list that
 * is taken has only nodes that can be, and is the same when it is written and read again.
 *
 * The first byte of an input says what the others are.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "user/base/addr.h"
#include "user/base/log.h"
#include "user/bgp/bird.h"
#include "user/bgp/exabgp.h"
#include "user/bgp/frr.h"
#include "user/config/nodes_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct bgp_setup setup = { .as = 64512, .prepend = 2, .community = { 65535, 0 } };
static struct bgp_fact fact;
static char *path, *again, *folder;

static void check(bool good)
{
	if (!good)
		abort();
}

/* In memory. */
static char *file_of(int fd)
{
	char *name = NULL;

	check(fd >= 0 && asprintf(&name, "/proc/self/fd/%d", fd) > 0);
	return name;
}

static void leave(void)
{
	unlink(again);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char made[] = "/dev/shm/fuzz_bgp.XXXXXX";
	char *file = NULL;

	log_set_level(LOG_ERR_);
	addr_parse("192.0.2.53", &setup.prefixes[0].address);
	addr_parse("2001:db8:53::", &setup.prefixes[1].address);
	setup.prefixes[0].bits = 128;
	setup.prefixes[1].bits = 48;
	setup.nr_prefixes = 2;
	path = file_of(memfd_create("nodes", 0));
	check(mkdtemp(made) && asprintf(&file, "%s/nodes", made) > 0);
	again = file;
	folder = made;
	atexit(leave);
	return 0;
}

static void check_fact(void)
{
	check(fact.nr <= BGP_NEIGHBOURS_MAX * BGP_FAMILIES);
	for (size_t i = 0; i < fact.nr; i++) {
		const struct bgp_export *export = &fact.list[i];

		check(export->family < BGP_FAMILIES && export->depreferred <= export->announced);
		check(memchr(export->neighbour, '\0', sizeof(export->neighbour)) != NULL);
	}
	bgp_fact_wishes(&fact, &setup);
}

static void as_frr(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	for (enum bgp_family family = 0; family < BGP_FAMILIES; family++) {
		frr_read_summary(json, &setup, family, &fact);
		frr_read_prefix(json, &setup, family, &fact);
		for (enum bgp_wish wish = 0; wish < BGP_WISHES_NR; wish++)
			frr_map_is(json, "anydoor4", &setup, wish);
	}
	json_decref(json);
}

static void as_exabgp(char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		exabgp_read_line(line, &setup, &fact);
}

static void as_bird(char *text)
{
	struct bird_channels channels = { .channel = -1 };
	char *rest = NULL, name[BGP_NAME_MAX + 1];
	unsigned int code = 0;
	const char *said;
	bool is_last;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!bird_line(line, &code, &is_last, &said))
			continue;
		bird_read_protocol(code, said, name);
		bird_read_channel(code, said, &channels);
		bird_read_route(code, said);
		bird_read_community(code, said, setup.community);
		check(channels.channel < BGP_FAMILIES);
	}
}

static void as_nodes(const char *text, size_t size)
{
	int fd = atoi(strrchr(path, '/') + 1);
	struct config_errors errors = {};
	struct known_nodes nodes, same;

	check(!ftruncate(fd, 0) && pwrite(fd, text, size, 0) == (ssize_t)size);
	if (!nodes_file_read(path, &nodes, &errors)) {
		for (size_t i = 0; i < nodes.nr; i++)
			check((nodes.list[i].is_forgotten || !known_node_trouble(&nodes.list[i])) &&
			      (!i || nodes.list[i - 1].id < nodes.list[i].id));
		check(nodes_file_write(again, &nodes) >= 0);
		check(!nodes_file_read(again, &same, &errors) && same.nr == nodes.nr);
		for (size_t i = 0; i < nodes.nr; i++)
			check(!strcmp(same.list[i].name, nodes.list[i].name));
		known_nodes_free(&same);
	} else {
		check(errors.nr > 0);
	}
	known_nodes_free(&nodes);
	config_errors_free(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = size ? malloc(size) : NULL;

	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	memset(&fact, 0, sizeof(fact));
	switch (data[0]) {
	case 'f':
		as_frr(text);
		break;
	case 'e':
		as_exabgp(text);
		break;
	case 'b':
		as_bird(text);
		break;
	case 'n':
		as_nodes(text, size - 1);
		break;
	}
	check_fact();
	free(text);
	return 0;
}
