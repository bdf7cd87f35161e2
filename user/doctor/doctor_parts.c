// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor_parts.c: the key file, BGP, zones, and the bus with the versions that nodes tell by it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "doctor.h"
#include "user/base/output.h"
#include "user/bgp/bgp.h"
#include "user/config/keys.h"
#include "user/state/epoch.h"

/* --- the key file ----------------------------------------------------------------------------- */

static void look_at_file(struct doctor *doctor, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		if (errno == EACCES)
			doctor_unknown(doctor, "keys.file: %s: not allowed to look at it; be root",
				       path);
		return; /* that it is not there is an error of the configuration */
	}
	if (st.st_uid)
		doctor_bad(doctor,
			   "keys.file: %s belongs to user %u, who can read and change every key of "
			   "the fleet; `chown root %s`, and if that user is not to be trusted, "
			   "make new keys",
			   path, st.st_uid, path);
	if (st.st_mode & 077)
		doctor_bad(doctor,
			   "keys.file: %s has mode %04o: others than its owner may use it; `chmod "
			   "600 %s`, and if they are not to be trusted, make new keys",
			   path, st.st_mode & 07777, path);
}

static int read_keys(const struct doctor *doctor, struct ad_keys *keys)
{
	int fd = pins_map(&doctor->view.pins, "keys", false);
	__u32 zero = 0;
	int err = fd < 0 ? -fd : bpf_map_lookup_elem(fd, &zero, keys) ? errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static bool are_same(const struct ad_keys *a, const struct ad_keys *b)
{
	bool same = !sodium_memcmp(a->stamp, b->stamp, sizeof(a->stamp));
	size_t i;

	for (i = 0; i < sizeof(a->tunnel) / sizeof(a->tunnel[0]); i++)
		same &= a->tunnel[i].epoch == b->tunnel[i].epoch &&
			!a->tunnel[i].valid == !b->tunnel[i].valid &&
			!sodium_memcmp(a->tunnel[i].key, b->tunnel[i].key,
				       sizeof(a->tunnel[i].key));
	return same;
}

/*
 * Another key is in use where the file was changed and not read since. The epoch is the
 * configuration's, or a higher one that was set by the bus.
 */
static void look_at_epoch(struct doctor *doctor)
{
	struct config wanted = *doctor->config;
	struct ad_keys in_use = {}, keys = {};
	__u8 id[16];
	int err = read_keys(doctor, &in_use);

	epoch_count_kept(&wanted, doctor->globals->instance);
	if (err == EACCES || err == EPERM)
		doctor_unknown(doctor, "keys.epoch: only root may see which one is in use");
	else if (err)
		doctor_unknown(doctor, "keys.epoch: %s", strerror(err));
	else if (keys_load(wanted.key_file, wanted.key_epoch, &keys, id))
		doctor_bad(doctor, "keys.file: %s: no key can be made of it", wanted.key_file);
	else if (!are_same(&in_use, &keys))
		doctor_warn(doctor,
			    "keys.epoch: the keys in use are not those of epoch %u of %s: "
			    "`anydoor reload`",
			    wanted.key_epoch, wanted.key_file);
	else
		doctor_fine(doctor, "keys.epoch: %u is in use", wanted.key_epoch);
	sodium_memzero(&in_use, sizeof(in_use));
	sodium_memzero(&keys, sizeof(keys));
}

void doctor_keys(struct doctor *doctor)
{
	doctor->findings->check = "keys";
	look_at_file(doctor, doctor->config->key_file);
	if (doctor->loaded && doctor_level(doctor->findings, "keys") == FINDING_FINE)
		look_at_epoch(doctor);
}

/* --- BGP -------------------------------------------------------------------------------------- */

static void say_export(struct doctor *doctor, const struct bgp_export *export)
{
	const char *family = export->family == BGP_IP4 ? "IPv4" : "IPv6";

	if (!export->established)
		doctor_warn(doctor,
			    "bgp: %s: %s: the session is not established; ask the BGP daemon why "
			    "(`birdc show protocols all %s`, `vtysh -c 'show bgp neighbors'`, "
			    "`exabgpcli show neighbor summary`), and the neighbour",
			    export->neighbour, family, export->neighbour);
	else
		doctor_fine(doctor, "bgp: %s: %s: %u of our prefixes announced, %u of them %s",
			    export->neighbour, family, export->announced, export->depreferred,
			    "de-preferred");
}

void doctor_bgp(struct doctor *doctor)
{
	const struct bgp_driver *driver;
	struct bgp_fact fact = {};
	struct bgp_setup setup;

	doctor->findings->check = "bgp";
	bgp_setup_from(&setup, doctor->config);
	driver = bgp_driver_of(&setup);
	if (!driver) {
		doctor_fine(doctor,
			    "bgp: bgp.driver is %s: announcing and withdrawing the VIPs is "
			    "the operator's, and no BGP daemon is asked",
			    setup.driver == CONFIG_BGP_PRINT ? "print" : "none");
		return;
	}
	driver->ask(&setup, &fact);
	if (!fact.answered && geteuid())
		doctor_unknown(doctor, "bgp: %s", fact.why);
	else if (!fact.answered)
		doctor_bad(doctor,
			   "bgp: the BGP daemon does not answer: %s; is it up, and is bgp.socket "
			   "its control socket?",
			   fact.why);
	else if (!fact.nr)
		doctor_warn(doctor, "bgp: it has no neighbour that bgp.neighbours names: nobody is "
				    "told anything");
	for (size_t i = 0; fact.answered && i < fact.nr; i++)
		say_export(doctor, &fact.list[i]);
}

/* --- zones ------------------------------------------------------------------------------------ */

void doctor_zones(struct doctor *doctor)
{
	const struct dns_stats *dns = &doctor->status.dns;
	const struct dns_zone_stats *first = NULL;
	char left[UNIT_TEXT];
	__u64 now = time(NULL);

	if (!doctor->loaded)
		return;
	doctor->findings->check = "zones";
	for (size_t i = 0; i < dns->nr_zones; i++)
		if (dns->zones[i].denial &&
		    (!first || dns->zones[i].signed_until_s < first->signed_until_s))
			first = &dns->zones[i];
	if (first && first->signed_until_s > now)
		doctor_fine(doctor, "zones: the first signature to expire, of %s, is good for %s",
			    first->name, unit_duration(first->signed_until_s - now, left));
}

/* --- the bus ---------------------------------------------------------------------------------- */

static void look_at_node(struct doctor *doctor, const struct ad_bus_seen *node)
{
	char age[UNIT_TEXT];

	doctor->findings->check = "bus";
	if (node->gone)
		doctor_warn(doctor,
			    "bus: %s has not been heard of for %s: is its daemon up, and does it "
			    "reach bus.servers? `anydoor bus` there",
			    node->name, unit_duration(time(NULL) - node->heard_real_s, age));
	doctor->findings->check = "versions";
	if (!node->gone && *node->version && strcmp(node->version, VERSION))
		doctor_warn(doctor,
			    "versions: %s runs %s, this command is of %s: bring the upgrade to an "
			    "end, or roll it back",
			    node->name, node->version, VERSION);
}

void doctor_bus(struct doctor *doctor)
{
	const struct bus_seen *bus = &doctor->status.bus;
	char age[UNIT_TEXT];

	if (!doctor->loaded)
		return;
	doctor->findings->check = "versions";
	if (strcmp(doctor->view.meta.version, VERSION))
		doctor_warn(doctor,
			    "versions: the data path was loaded by %s, this command is of %s: "
			    "`systemctl restart anydoor`",
			    doctor->view.meta.version, VERSION);
	if (bus->self.state == AD_BUS_OFF) {
		doctor_fine(doctor, "versions: those of other nodes are told by the bus, and none "
				    "is configured");
		return;
	}
	for (size_t i = 0; i < bus->nr; i++)
		look_at_node(doctor, &bus->nodes[i]);
	doctor->findings->check = "bus";
	if (bus->self.state == AD_BUS_FRESH)
		doctor_fine(doctor, "bus: fresh for %s; nodes on it besides this one: %zu",
			    unit_duration(time(NULL) - bus->self.since_real_s, age), bus->nr);
}
