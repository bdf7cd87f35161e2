// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * site.c: where the bench lives: a network and a mount namespace of its own, and in them the
 * files that a node has. All of it is gone with the process, however that ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "selftests/mounts.h"
#include "selftests/bench/frame.h"
#include "user/config/config.h"
#include "user/config/keys.h"

#define SITE  "/mnt" /* covered by a tmpfs that only we see */
#define BPFFS SITE "/bpf"

/*
 * The route towards OTHER leaves by the interface that packets come in by, as on a host with one
 * uplink. Neighbours are permanent: nobody answers here.
 */
static const char network[] = "set -e\n"
			      "ip link set lo up\n"
			      "ip link add uplink type veth peer name far\n"
			      "ip addr add 192.0.2.1/24 dev uplink\n"
			      "ip link set uplink up\n"
			      "ip link set far up\n"
			      "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev uplink\n"
			      "echo 1 > /proc/sys/net/ipv4/ip_forward\n";

static const char settings[] = "node: self\n"
			       "interfaces: [uplink]\n"
			       "vips:\n"
			       "  - address: 203.0.113.1\n"
			       "pops:\n"
			       "  - name: here\n"
			       "  - name: there\n"
			       "nodes:\n"
			       "  - { name: self, id: 1, pop: here, tunnel: 192.0.2.1 }\n"
			       "  - { name: other, id: 2, pop: there, tunnel: 192.0.2.2 }\n"
			       "  - { name: landing, id: 3, pop: there, tunnel: 192.0.2.3 }\n"
			       "keys: { file: " SITE "/fleet.key }\n"
			       "flows: { max: %s, idle: 1h }\n"
			       "dns:\n"
			       "  zones:\n"
			       "    - { name: bench.example, file: " SITE "/zone }\n"
			       "    - { name: nsec.example, file: " SITE "/nsec }\n"
			       "    - { name: nsec3.example, file: " SITE "/nsec3 }\n"
			       "    - { name: steer.example, file: " SITE "/steer }\n"
			       "    - name: signed.example\n"
			       "      file: " SITE "/signed\n"
			       "      variants: " SITE "/signed.{pop}\n"
			       "regions:\n"
			       "  - { name: near, networks: [10.0.0.0/8] }\n"
			       "  - { name: far, networks: [11.0.0.0/8] }\n"
			       "policies:\n"
			       "  - name: nearest\n"
			       "    rules: { near: [here, there], far: [there, here] }\n"
			       "    default: [here]\n"
			       "state: { bpffs: " BPFFS ", run: " SITE " }\n";

static int mount_files(void)
{
	if (mounts_unshare() || mount("tmpfs", SITE, "tmpfs", 0, NULL) || mkdir(BPFFS, 0700) ||
	    mount("bpf", BPFFS, "bpf", 0, NULL)) {
		perror("bench: mount namespace");
		return -EPERM;
	}
	return 0;
}

/*
 * BPF_PROG_TEST_RUN takes packets to come from an interface only if XDP knows its receive queue:
 * some program must be attached.
 */
static int attach_pass(int ifindex)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", insns, 2, NULL);

	return fd < 0 ? fd : bpf_xdp_attach(ifindex, fd, 0, NULL);
}

static int raise_network(int *ifindex)
{
	if (unshare(CLONE_NEWNET)) {
		perror("bench: network namespace");
		return -EPERM;
	}
	if (system(network)) {
		fprintf(stderr, "bench: the network namespace could not be set up\n");
		return -EIO;
	}
	*ifindex = if_nametoindex("uplink");
	return *ifindex ? attach_pass(*ifindex) : -ENODEV;
}

static int write_settings(const char *flow_max, unsigned int steered)
{
	FILE *file = fopen(SITE "/anydoor.yaml", "w");

	if (!file)
		return -errno;
	fprintf(file, settings, flow_max);
	fputs("steer:\n  - { name: www.signed.example, policy: nearest, members: \"{pop}\" }\n",
	      file);
	for (unsigned int i = 0; i < steered; i++) {
		char label[8];

		frame_dns_label(i, label);
		fprintf(file, "  - { name: %.8s.steer.example, policy: nearest }\n", label);
	}
	return fclose(file) ? -errno : 0;
}

static int write_zone(unsigned int names)
{
	FILE *file = fopen(SITE "/zone", "w");

	if (!file)
		return -errno;
	fputs("@ 3600 SOA ns hostmaster 1 7200 3600 1209600 300\n@ 3600 NS ns\n"
	      "ns 3600 A 198.51.100.53\n*.w 300 A 198.51.100.99\n",
	      file);
	for (unsigned int i = 0; i < names; i++) {
		char label[8];

		frame_dns_label(i, label);
		fprintf(file, "%.8s 300 A 198.51.100.%u\n", label, i % 256);
	}
	return fclose(file) ? -errno : 0;
}

/* For each POP an address of each name. */
static int write_steered(unsigned int names)
{
	FILE *file = fopen(SITE "/steer", "w");

	if (!file)
		return -errno;
	fputs("@ 3600 SOA ns hostmaster 1 7200 3600 1209600 300\n@ 3600 NS ns\n"
	      "ns 3600 A 198.51.100.53\n",
	      file);
	for (unsigned int i = 0; i < names; i++) {
		char label[8];

		frame_dns_label(i, label);
		fprintf(file, "%.8s.here 300 A 198.51.100.1\n%.8s.there 300 A 198.51.100.2\n",
			label, label);
	}
	return fclose(file) ? -errno : 0;
}

/*
 * Signed zones of three names. Nobody looks into a signature here; it is as long as one of
 * algorithm 13, whose key has the tag 59506. The hashes are those of the apex, ns and www, without
 * salt and iterations.
 */
#define SIGNATURE                                                                                  \
	"c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbg=="
#define HASH_APEX "krsatb3pjbkrjutskf89t5ms899d2udp"
#define HASH_NS	  "cg2dvcne20eku1pdrlmi2l4dgc2fo1h3"
#define HASH_WWW  "m0rjvnuvjo5m8avplr4u8i6amu23n1a5"

struct set {
	const char *owner, *type, *data;
};

static const struct set common[] = {
	{ "@", "SOA", "ns hostmaster 1 7200 3600 1209600 300" },
	{ "@", "NS", "ns" },
	{ "@", "DNSKEY", "256 3 13 a2V5" },
	{ "ns", "A", "198.51.100.53" },
	{ "www", "A", "198.51.100.80" },
	{ NULL, NULL, NULL },
};
/* What each POP has at www, and the zone with their members. */
static const struct set with_members[] = {
	{ "here", "A", "198.51.100.80" },
	{ "there", "A", "198.51.100.80" },
	{ "@", "NSEC", "here NS SOA RRSIG NSEC DNSKEY" },
	{ "here", "NSEC", "ns A RRSIG NSEC" },
	{ "ns", "NSEC", "there A RRSIG NSEC" },
	{ "there", "NSEC", "www A RRSIG NSEC" },
	{ "www", "NSEC", "@ A RRSIG NSEC" },
	{ NULL, NULL, NULL },
};
static const struct set with_nsec[] = {
	{ "@", "NSEC", "ns NS SOA RRSIG NSEC DNSKEY" },
	{ "ns", "NSEC", "www A RRSIG NSEC" },
	{ "www", "NSEC", "@ A RRSIG NSEC" },
	{ NULL, NULL, NULL },
};
static const struct set with_nsec3[] = {
	{ "@", "NSEC3PARAM", "1 0 0 -" },
	{ HASH_NS, "NSEC3", "1 0 0 - " HASH_APEX " A RRSIG" },
	{ HASH_APEX, "NSEC3", "1 0 0 - " HASH_WWW " NS SOA RRSIG DNSKEY NSEC3PARAM" },
	{ HASH_WWW, "NSEC3", "1 0 0 - " HASH_NS " A RRSIG" },
	{ NULL, NULL, NULL },
};

static void write_sets(FILE *file, const char *zone, const struct set *set)
{
	for (; set->owner; set++)
		fprintf(file,
			"%s 300 %s %s\n%s 300 RRSIG %s 13 %d 300 20400101000000 20200101000000 "
			"59506 %s " SIGNATURE "\n",
			set->owner, set->type, set->data, set->owner, set->type,
			*set->owner == '@' ? 2 : 3, zone);
}

static int write_signed(const char *path, const char *zone, const struct set *chain)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	write_sets(file, zone, common);
	write_sets(file, zone, chain);
	return fclose(file) ? -errno : 0;
}

int site_write(const char *flow_max, unsigned int names, unsigned int steered,
	       struct config **config)
{
	struct config_errors errors = {};
	struct config *loaded = NULL;
	int err = write_settings(flow_max, steered) ?: write_zone(names) ?:
		  write_steered(steered) ?: config_load(SITE "/anydoor.yaml", &loaded, &errors);

	config_errors_log(&errors);
	config_errors_free(&errors);
	if (err)
		return err;
	config_free(*config);
	*config = loaded;
	return 0;
}

int site_enter(const char *flow_max, int *ifindex, struct config **config)
{
	int err;

	err = mount_files() ?: raise_network(ifindex) ?:
	      write_signed(SITE "/nsec", "nsec.example.", with_nsec) ?:
	      write_signed(SITE "/nsec3", "nsec3.example.", with_nsec3) ?:
	      write_signed(SITE "/signed", "signed.example.", with_members) ?:
	      write_signed(SITE "/signed.here", "signed.example.", with_nsec) ?:
	      write_signed(SITE "/signed.there", "signed.example.", with_nsec) ?:
	      keys_generate(SITE "/fleet.key") ?: site_write(flow_max, BENCH_NAMES, 0, config);
	if (err)
		fprintf(stderr, "bench: site: %s\n", strerror(-err));
	return err;
}
