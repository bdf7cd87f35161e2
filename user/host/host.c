// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * host.c: what must be true of the machine before flows can be kept (deploy/doc/design.md, "When
 * not to touch").
 */
#include <errno.h>
#include <grp.h>
#include <ifaddrs.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "host.h"
#include "host_net.h"
#include "user/base/addr.h"
#include "user/base/clock.h"
#include "user/base/output.h"
#include "user/base/sysctl.h"
#include "user/config/keys.h"
#include "user/load/loader.h"
#include "user/load/orphans.h"
#include "user/net/device.h"
#include "user/net/port.h"
#include "user/net/route.h"
#include "user/state/bpffs.h"
#include "user/state/trust.h"

#define error(...)   findings_add(findings, FINDING_ERROR, __VA_ARGS__)
#define warning(...) findings_add(findings, FINDING_WARNING, __VA_ARGS__)
#define unknown(...) findings_add(findings, FINDING_UNKNOWN, __VA_ARGS__)

/*
 * An address outside (a.root-servers.net), of either family. Nothing is sent there: the route to it
 * is taken as the route to all clients.
 */
#define WORLD_IP4 "198.41.0.4"
#define WORLD_IP6 "2001:503:ba3e::2:30"

#define DNS_PORT  53
#define DNS_HEADS 48 /* IPv6 and UDP */

/* What the checks below share. */
struct host {
	struct ifaddrs *addresses;
	struct devices devices;
	int interfaces[CONFIG_INTERFACES_MAX]; /* ifindexes; 0: not there */
};

/* Answers are not fragmented, so they must fit in a packet after the IPv6 and UDP headers. */
static void check_answers_fit(const struct config *config, const char *interface,
			      struct findings *findings)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (fd >= 0 && !ioctl(fd, SIOCGIFMTU, &request) &&
	    config->dns_udp_size + DNS_HEADS > (unsigned int)request.ifr_mtu)
		warning("dns.udp_size: answers of %u bytes do not fit %s, whose MTU is %d: larger "
			"ones than that are lost",
			config->dns_udp_size, interface, request.ifr_mtu);
	close(fd);
}

static void check_interfaces(const struct config *config, const struct host *host,
			     struct findings *findings)
{
	size_t i, j;

	for (i = 0; i < config->nr_interfaces; i++) {
		if (!host->interfaces[i]) {
			error("interfaces: %s is not an interface of this host",
			      config->interfaces[i]);
			continue;
		}
		if (config->nr_zones)
			check_answers_fit(config, config->interfaces[i], findings);
		for (j = 0; j < config->nr_interfaces; j++)
			if (devices_stands_on(&host->devices, host->interfaces[i],
					      host->interfaces[j]))
				error("interfaces: %s stands on %s, so packets would pass us "
				      "twice; name one of them",
				      config->interfaces[i], config->interfaces[j]);
	}
}

static void check_timestamps(const struct config *config, struct findings *findings)
{
	int value = sysctl_get(AD_SYSCTL_TIMESTAMPS), wanted = sysctl_wanted(AD_SYSCTL_TIMESTAMPS);
	const char *name = sysctl_name(AD_SYSCTL_TIMESTAMPS);

	if (value < 0)
		error("%s: %s", name, strerror(-value));
	else if (value != wanted && config->timestamps == CONFIG_SYSCTL_CHECK)
		error("%s is %d; stamps need %d: set it, or let us with "
		      "stamp.tcp_timestamps: set",
		      name, value, wanted);
}

static void check_usec_routes(struct findings *findings)
{
	int nr = route_count_usec();

	if (nr < 0)
		unknown("routes: could not be read: %s", strerror(-nr));
	else if (nr)
		error("routes: %d with `features tcp_usec_ts`; flows over them cannot be stamped",
		      nr);
}

static void check_clock(const struct config *config, struct findings *findings)
{
	int err = clock_check_synchronised();

	if (!err)
		return;
	if (err != -EAGAIN)
		unknown("clock: the kernel cannot be asked whether it is synchronised: %s",
			strerror(-err));
	else if (config->clock == CONFIG_CLOCK_REQUIRE_SYNC)
		error("clock: the kernel says it is not synchronised; run an NTP client, or say "
		      "stamp.clock: any");
	else
		warning("clock: the kernel says it is not synchronised; nodes whose clocks differ "
			"by minutes do not know each other's flows");
}

static bool leaves_by_ours(const struct config *config, const struct host *host, int ifindex)
{
	size_t i;

	for (i = 0; i < config->nr_interfaces; i++)
		if (host->interfaces[i] &&
		    (host->interfaces[i] == ifindex ||
		     devices_stands_on(&host->devices, ifindex, host->interfaces[i])))
			return true;
	return false;
}

/*
 * Egress stamps packets that leave by our interfaces: a reply that leaves by another one has no
 * stamp.
 */
static void check_reply_route(const struct config *config, const struct host *host,
			      const struct config_vip *vip, struct findings *findings)
{
	char text[ADDR_TEXT], name[IF_NAMESIZE];
	struct ad_addr world;
	int ifindex, err;

	addr_parse(addr_is_ip4(&vip->address) ? WORLD_IP4 : WORLD_IP6, &world);
	err = route_get(&vip->address, &world, &ifindex);
	addr_format(&vip->address, text);
	if (err)
		warning("vips: no route from %s to the world: %s: replies to clients do not leave "
			"this host; `ip %sroute add default via` the router's address",
			text, strerror(-err), addr_is_ip4(&vip->address) ? "" : "-6 ");
	else if (!leaves_by_ours(config, host, ifindex))
		error("vips: replies of %s leave by %s, which is not among `interfaces`: they "
		      "would go out unstamped",
		      text, if_indextoname(ifindex, name) ? name : "?");
}

static void check_vips(const struct config *config, const struct host *host,
		       struct findings *findings)
{
	char text[ADDR_TEXT];
	size_t i;

	for (i = 0; i < config->nr_vips; i++) {
		const struct config_vip *vip = &config->vips[i];

		if (!vip->tcp)
			continue;
		if (addr_is_among(host->addresses, &vip->address))
			check_reply_route(config, host, vip, findings);
		else
			warning("vips: %s is on no interface here, so nothing can listen on it; "
				"`ip address add %s/%d dev lo`",
				addr_format(&vip->address, text), text,
				addr_is_ip4(&vip->address) ? 32 : 128);
	}
}

static void check_tunnel(const struct config *config, const struct host *host,
			 struct findings *findings)
{
	char text[ADDR_TEXT];

	if (!addr_is_among(host->addresses, &config->self->tunnel))
		error("nodes: the tunnel address %s of %s, this node, is on no interface here",
		      addr_format(&config->self->tunnel, text), config->self->name);
}

/*
 * XDP can send only by a device whose driver accepts its frames, and many drivers do so only if a
 * program of ours is attached there. The kernel does not report frames that a driver drops.
 */
static void check_peer_device(const struct host *host, bool ours, const char *peer, int ifindex,
			      struct findings *findings)
{
	char buffer[IF_NAMESIZE];
	const char *name = if_indextoname(ifindex, buffer) ?: "?";

	if (!devices_is_ethernet(&host->devices, ifindex))
		error("nodes: the route to %s leaves by %s, which is no Ethernet device: XDP "
		      "cannot send there",
		      peer, name);
	else if (!ours)
		warning("nodes: the route to %s leaves by %s, which is not among `interfaces`: its "
			"driver may drop what XDP sends there",
			peer, name);
}

static void check_peers(const struct config *config, const struct host *host,
			struct findings *findings)
{
	char text[ADDR_TEXT];
	size_t i;

	for (i = 0; i < config->nr_nodes; i++) {
		const struct config_node *node = &config->nodes[i];
		int ifindex, err;

		if (node == config->self || node->state == CONFIG_NODE_DOWN)
			continue;
		err = route_get(NULL, &node->tunnel, &ifindex);
		if (err)
			warning("nodes: no route to %s (%s): %s", node->name,
				addr_format(&node->tunnel, text), strerror(-err));
		else
			check_peer_device(host, leaves_by_ours(config, host, ifindex), node->name,
					  ifindex, findings);
	}
}

/* Errors were reported while it was read. */
static void check_secret(const char *key, const char *path, int err, struct findings *findings)
{
	if (err == -EACCES && geteuid())
		unknown("%s: only root may read %s; not checked", key, path);
	else if (err)
		error("%s: %s cannot be used: %s", key, path, strerror(-err));
}

static void check_keys(const struct config *config, struct findings *findings)
{
	char token[TOKEN_MAX + 1];
	struct dns_secrets secrets;
	struct ad_keys keys;
	__u8 id[16];

	check_secret("keys.file", config->key_file,
		     keys_load(config->key_file, config->key_epoch, &keys, id), findings);
	if (config->cookie_secrets)
		check_secret("dns.cookie_secrets", config->cookie_secrets,
			     keys_load_cookies(config->cookie_secrets, &secrets), findings);
	if (config->metrics_token)
		check_secret("metrics.token", config->metrics_token,
			     keys_load_token(config->metrics_token, token), findings);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(&keys, sizeof(keys));
	explicit_bzero(&secrets, sizeof(secrets));
}

/*
 * The daemon makes the directory, and mounts a bpffs where there is none. The mounts of a service
 * unit cannot be seen from here.
 */
static void check_bpffs(const struct config *config, struct findings *findings)
{
	char path[CONFIG_DIR_MAX + 1], *slash;
	struct statfs fs;

	snprintf(path, sizeof(path), "%s", config->bpffs);
	while (statfs(path, &fs) && errno == ENOENT && (slash = strrchr(path, '/')) && slash > path)
		*slash = '\0';
	if (statfs(path, &fs))
		warning("state.bpffs: %s: %s", path, strerror(errno));
	else if ((unsigned long)fs.f_type != BPF_FS_MAGIC)
		warning("state.bpffs: %s is no bpffs; `mount -t bpf bpf /sys/fs/bpf`", path);
}

static void check_trust(const struct config *config, struct findings *findings)
{
	char why[TRUST_TEXT];

	if (trust_path(config->bpffs, why))
		error("state.bpffs: %s", why);
	if (trust_path(config->run_dir, why))
		error("state.run: %s", why);
}

static void check_group(const struct config *config, struct findings *findings)
{
	if (config->group && !getgrnam(config->group))
		error("state.group: there is no group %s; `groupadd --system %s`", config->group,
		      config->group);
}

static void check_kernel(struct findings *findings)
{
	if (access("/sys/kernel/btf/vmlinux", F_OK))
		error("kernel: has no BTF (CONFIG_DEBUG_INFO_BTF), which loading needs");
}

/* With `dns.unserved: pass`, another name server is expected to have it. */
static void check_port53(const struct config *config, struct findings *findings)
{
	char text[ADDR_TEXT], who[PORT_WHO_TEXT];
	struct port_sockets sockets;
	struct port_holder holder;
	size_t i;

	if (config->dns_unserved_pass || port_read(DNS_PORT, &sockets))
		return;
	for (i = 0; i < config->nr_vips; i++)
		if (config->vips[i].dns &&
		    port_is_taken(&sockets, &config->vips[i].address, &holder))
			error("vips: port 53 of %s is held for %s; the daemon cannot answer there: "
			      "stop it, let it listen on other addresses, or set "
			      "dns.unserved: pass",
			      addr_format(&config->vips[i].address, text), port_who(&holder, who));
}

static int look(const struct config *config, struct host *host)
{
	size_t i;
	int err;

	if (getifaddrs(&host->addresses))
		return -errno;
	for (i = 0; i < config->nr_interfaces; i++)
		host->interfaces[i] = if_nametoindex(config->interfaces[i]);
	err = devices_load(&host->devices);
	if (err)
		freeifaddrs(host->addresses);
	return err;
}

static void check_network(const struct config *config, struct findings *findings)
{
	struct host host = { 0 };
	int err = look(config, &host);

	if (err) {
		unknown("network: could not be looked at: %s", strerror(-err));
		return;
	}
	findings->check = "interfaces";
	check_interfaces(config, &host, findings);
	findings->check = "vips";
	check_vips(config, &host, findings);
	findings->check = "routes";
	check_tunnel(config, &host, findings);
	check_peers(config, &host, findings);
	host_net_check(config, &host.devices, findings);
	freeifaddrs(host.addresses);
	devices_free(&host.devices);
}

/* Memory that the kernel could give without swapping; 0: unknown. */
static __u64 memory_available(void)
{
	unsigned long long kb = 0;
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];

	while (file && !kb && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu kB", &kb) != 1)
			kb = 0;
	if (file)
		fclose(file);
	return kb * 1024;
}

static void check_memory(const struct config *config, struct findings *findings)
{
	__u64 wanted = config_flow_bytes(config), available = memory_available();
	char flows[UNIT_TEXT], want[UNIT_TEXT], have[UNIT_TEXT];

	if (!available || wanted < available / 2)
		return;
	findings_add(findings, wanted < available ? FINDING_WARNING : FINDING_ERROR,
		     "flows.max: a table of %s takes %s of kernel memory, and %s are available",
		     unit_count(config->flow_max, flows), unit_bytes(wanted, want),
		     unit_bytes(available, have));
}

static void check_no_pins(const struct instance *instance, struct findings *findings)
{
	struct orphans orphans;
	char text[256];

	orphans_find(instance, &orphans);
	if (orphans.nr)
		warning("state.bpffs: %s carries programs of anydoor whose pins are gone (no %s): "
			"anydoor run takes them over, detach --force takes them off",
			orphans_names(&orphans, text, sizeof(text)), instance->dir);
}

/*
 * Checks what `run` would find. Only root may look, and paths that other users could change are not
 * followed.
 */
static void check_some_pins(const struct config *config, const struct instance *instance,
			    struct findings *findings)
{
	struct config_errors errors = {};
	char untrusted[TRUST_TEXT];
	const char *why;
	int err;

	if (geteuid() || trust_path(instance->root, untrusted))
		return;
	err = loader_check_pins(instance, config, &errors);
	why = errors.nr ? errors.list[0].text : instance->dir;
	if (err == -ENOENT)
		warning("state.bpffs: only a part of the pins is left (%s): a daemon pins them "
			"again, anydoor run takes over what is left",
			why);
	else if (err)
		error("state.bpffs: %s", why);
	config_errors_free(&errors);
}

static void check_pins(const struct config *config, const char *name, struct findings *findings)
{
	struct config_errors ignored = {};
	struct instance instance;

	if (instance_init(&instance, config, name, &ignored))
		;
	else if (bpffs_exists(instance.dir, NULL))
		check_some_pins(config, &instance, findings);
	else
		check_no_pins(&instance, findings);
	config_errors_free(&ignored);
}

void host_check(const struct config *config, const char *instance, struct findings *findings)
{
	findings->check = "kernel";
	check_kernel(findings);
	findings->check = "state";
	check_bpffs(config, findings);
	check_trust(config, findings);
	check_pins(config, instance, findings);
	check_group(config, findings);
	findings->check = "keys";
	check_keys(config, findings);
	findings->check = "clock";
	check_clock(config, findings);
	findings->check = "sysctls";
	check_timestamps(config, findings);
	findings->check = "routes";
	check_usec_routes(findings);
	findings->check = "memory";
	check_memory(config, findings);
	findings->check = "port53";
	check_port53(config, findings);
	findings->check = "interfaces";
	check_network(config, findings);
	findings->check = NULL;
}
