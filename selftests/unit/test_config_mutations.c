// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_config_mutations.c: whatever is done to a good file, the reader ends, leaks nothing and
 * says either yes or why not. Built with sanitizers, which is half of the test.
 */
#include <stdlib.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/config/config.h"

#define ROUNDS	   8000
#define MOST_BYTES 4096

static const char good[] =
	"node: fra1\n"
	"interfaces: [eth0, eth1]\n"
	"vips:\n"
	"- {address: 192.0.2.53, tcp: true}\n"
	"- address: \"2001:db8::53\"\n"
	"  dns: true\n"
	"pops: &pops [{name: fra}, {name: nyc}]\n"
	"nodes:\n"
	"- {name: fra1, id: 1, pop: fra, tunnel: 198.51.100.1, state: up, mtu: 1500}\n"
	"- {name: nyc1, id: 2, pop: nyc, tunnel: 198.51.100.2}\n"
	"stamp: {owner_bits: 10, clock: synchronised, tcp_timestamps: set}\n"
	"keys: {file: /etc/hostname, epoch: 0}\n"
	"tunnel: {port: 6081, mss_overhead: auto}\n"
	"flows: {max: 1M, idle: 10m}\n"
	"dns:\n"
	"  zones: [{name: example.com, file: /etc/hostname}]\n"
	"  unserved: refuse\n"
	"geo: {databases: [{name: c, file: c.mmdb}]}\n"
	"regions: [{name: eu, countries: [DE, FR], asns: [64500], networks: [192.0.2.0/24]}]\n"
	"policies: [{name: near, rules: {eu: [fra, {nyc: 3}]}, default: [[nyc, fra]]}]\n"
	"steer: [{name: www.example.com, policy: near}]\n"
	"drain: {successors: [nyc1]}\n"
	"metrics: {listen: \"127.0.0.1:9911\"}\n"
	"xdp: {mode: auto, dispatcher: auto}\n"
	"state: {bpffs: /sys/fs/bpf/anydoor, run: /run/anydoor, group: anydoor}\n";

/* Bytes and words that YAML or our own readers treat in a special way. */
static const char *const seasoning[] = {
	"[",
	"]",
	"{",
	"}",
	":",
	",",
	"\n",
	"- ",
	"\"",
	"*pops",
	"&a",
	"*a",
	"!!x ",
	"~",
	"|\n",
	">\n",
	"<<: ",
	"? ",
	"#",
	"%",
	"\t",
	"\\0",
	"\xff",
	"\xef\xbb\xbf",
	"---\n",
	"...\n",
	"0",
	"-1",
	"99999999999999999999",
	"K",
	"[]",
	"::",
	"nodes",
	"vips",
	".",
	"name: ",
	"\r",
	"\x01",
	"1:2:3",
};

static unsigned int seed = 20251;

/* A generator of our own: a failure must come back on every machine. */
static unsigned int draw(unsigned int below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static size_t insert(char *text, size_t size, const char *bytes, size_t nr)
{
	size_t at = draw(size + 1);

	if (size + nr >= MOST_BYTES)
		return size;
	memmove(text + at + nr, text + at, size - at);
	memcpy(text + at, bytes, nr);
	return size + nr;
}

static size_t mutate(char *text, size_t size)
{
	const char *word = seasoning[draw(sizeof(seasoning) / sizeof(*seasoning))];
	size_t at, nr;
	char piece[64];

	switch (size ? draw(5) : 0) {
	case 0:
		return insert(text, size, word, strlen(word));
	case 1: /* cut a piece out */
		at = draw(size);
		nr = draw(24);
		nr = nr < size - at ? nr : size - at;
		memmove(text + at, text + at + nr, size - at - nr);
		return size - nr;
	case 2: /* repeat a piece elsewhere */
		at = draw(size);
		nr = size - at < sizeof(piece) ? size - at : sizeof(piece);
		memcpy(piece, text + at, nr);
		return insert(text, size, piece, nr);
	case 3:
		text[draw(size)] ^= 1 << draw(8);
		return size;
	default: /* end early */
		return draw(20) ? size : draw(size);
	}
}

static void load_once(const char *path, const char *text, size_t size, unsigned int outcomes[2])
{
	struct config_errors errors;
	struct config *config;
	FILE *file = fopen(path, "w");
	int err;

	if (!file || fwrite(text, 1, size, file) != size || fclose(file))
		abort();
	err = config_load(path, &config, &errors);
	if (!err != !errors.nr || !err != !!config) {
		ok(false, "an error without a word, or words without an error:\n%.*s", (int)size,
		   text);
		exit(done_testing());
	}
	outcomes[!err]++;
	config_free(config);
	config_errors_free(&errors);
}

int main(void)
{
	char path[] = "/tmp/anydoor-mutations-XXXXXX", text[MOST_BYTES];
	unsigned int outcomes[2] = { 0 }, round, i;
	int fd = mkstemp(path);
	size_t size;

	if (fd < 0)
		return 1;
	close(fd);
	load_once(path, good, strlen(good), outcomes);
	ok(outcomes[1] == 1, "the file that all others come from is good");
	for (round = 0; round < ROUNDS; round++) {
		size = strlen(good);
		memcpy(text, good, size);
		for (i = 1 + draw(6); i; i--)
			size = mutate(text, size);
		load_once(path, text, size, outcomes);
	}
	unlink(path);
	ok(outcomes[0] > ROUNDS / 10, "many mutants were refused");
	ok(outcomes[1] > ROUNDS / 100, "some were still good");
	diag("%u refused, %u good", outcomes[0], outcomes[1]);
	return done_testing();
}
