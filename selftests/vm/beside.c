// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * beside.c: puts a second XDP program on an interface through libxdp's dispatcher, as any other
 * user of the machine would, and tells what it saw.
 *
 *   beside attach OBJECT IFACE   load, attach, pin the counter if there is one
 *   beside count                 packets seen since
 *   beside list IFACE            names of the programs behind the dispatcher, one per line
 *   beside detach NAME IFACE     take that one away, whoever else is there stays
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#define PIN "/sys/fs/bpf/beside_seen"

static int fail(const char *what, int err)
{
	fprintf(stderr, "beside: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return 1;
}

static int beside_attach(const char *object, const char *iface)
{
	struct xdp_program *prog = xdp_program__open_file(object, "xdp.frags", NULL);
	struct bpf_map *map;
	int err = libxdp_get_error(prog);

	if (err)
		return fail(object, err);
	err = xdp_program__attach(prog, if_nametoindex(iface), XDP_MODE_NATIVE, 0);
	if (err)
		return fail(iface, err);
	map = bpf_object__find_map_by_name(xdp_program__bpf_obj(prog), "seen");
	unlink(PIN);
	err = map ? bpf_map__pin(map, PIN) : 0;
	return err ? fail(PIN, err) : 0;
}

static int beside_count(void)
{
	__u64 seen;
	__u32 zero = 0;
	int fd = bpf_obj_get(PIN);

	if (fd < 0 || bpf_map_lookup_elem(fd, &zero, &seen))
		return fail(PIN, errno);
	printf("%llu\n", seen);
	return 0;
}

/* With @name NULL prints all; else detaches the one called so. */
static int beside_walk(const char *iface, const char *name)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(if_nametoindex(iface));
	struct xdp_program *prog = NULL;
	int err = libxdp_get_error(mp);

	if (err)
		return fail(iface, err);
	while ((prog = xdp_multiprog__next_prog(prog, mp))) {
		if (!name)
			puts(xdp_program__name(prog));
		else if (!strcmp(xdp_program__name(prog), name))
			return xdp_program__detach(prog, if_nametoindex(iface), XDP_MODE_NATIVE, 0);
	}
	return name ? fail(name, ENOENT) : 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 4 && !strcmp(verb, "attach"))
		return beside_attach(argv[2], argv[3]);
	if (argc == 2 && !strcmp(verb, "count"))
		return beside_count();
	if (argc == 3 && !strcmp(verb, "list"))
		return beside_walk(argv[2], NULL);
	if (argc == 4 && !strcmp(verb, "detach"))
		return beside_walk(argv[3], argv[2]) != 0;
	fputs("usage: beside attach OBJECT IFACE | count | list IFACE | detach NAME IFACE\n",
	      stderr);
	return 2;
}
