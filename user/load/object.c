// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * object.c: opens the data path's object, sets map sizes by a configuration, loads and pins it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sodium.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "object.h"
#include "user/base/clock.h"
#include "user/base/log.h"
#include "user/dns/dns_limiter.h"
#include "user/dns/dns_service.h"
#include "user/state/bpf_info.h"
#include "user/state/bpffs.h"

static void set_options(struct anydoor_bpf *skel, const struct config *config)
{
	struct ad_options opt = {
		.flow_mask = config->flow_max / AD_FLOW_SLOTS - 1,
		.flow_idle_s = config->flow_idle_s,
		.node_id = config->self->id,
		.tunnel_port = htons(config->tunnel_port),
		.mss_overhead = config->tunnel_overhead,
		.hz = clock_hz(),
		.stamp_shift = 32 - config->owner_bits,
		.tunnel_version = AD_TUNNEL_SENDS,
		.dns_account_mask = dns_limiter_mask(config),
	};

	/* The skeleton's rodata is const for readers; before the load we fill it. */
	memcpy((void *)&skel->rodata->opt, &opt, sizeof(opt));
}

static int set_sizes(struct anydoor_bpf *skel, const struct config *config)
{
	__u32 ids = 1u << config->owner_bits, buckets = config->flow_max / AD_FLOW_SLOTS;
	int err = bpf_map__set_max_entries(skel->maps.nodes, ids);

	if (config->directory_port)
		err = err ?: bpf_map__set_max_entries(skel->maps.directory, AD_DIRECTORY_MAX);
	err = err ?: bpf_map__set_max_entries(skel->maps.peer_ids, ids);
	err = err ?: bpf_map__set_max_entries(skel->maps.peers, ids);
	err = err ?: bpf_map__set_max_entries(skel->maps.flow_tags, buckets);
	return err ?: bpf_map__set_max_entries(skel->maps.flows, config->flow_max);
}

/* Which programs the XDP table accepts depends on the kind of door (maps/door_maps.h). */
static int suit_door(struct bpf_program *prog, enum ad_doors kind)
{
	if (kind == AD_DOORS_DISPATCHER)
		return bpf_program__set_expected_attach_type(prog, 0);
	return bpf_program__set_flags(prog, bpf_program__flags(prog) | BPF_F_XDP_HAS_FRAGS);
}

static int suit_doors(struct bpf_object *obj, enum ad_doors kind)
{
	struct bpf_program *prog;
	int err = 0;

	bpf_object__for_each_program(prog, obj) {
		if (!err && bpf_program__type(prog) == BPF_PROG_TYPE_XDP)
			err = suit_door(prog, kind);
	}
	return err;
}

static void take_fingerprint(struct object *object)
{
	crypto_generichash_state hash;
	const void *elf, *value;
	struct bpf_map *map;
	size_t len;

	crypto_generichash_init(&hash, NULL, 0, sizeof(object->fingerprint));
	elf = anydoor_bpf__elf_bytes(&len);
	crypto_generichash_update(&hash, elf, len);
	bpf_object__for_each_map(map, object->skel->obj) {
		__u32 entries = bpf_map__max_entries(map);

		crypto_generichash_update(&hash, (const void *)&entries, sizeof(entries));
		value = bpf_map__initial_value(map, &len);
		if (value)
			crypto_generichash_update(&hash, value, len);
	}
	crypto_generichash_final(&hash, object->fingerprint, sizeof(object->fingerprint));
}

int object_open(struct object *object, const struct config *config, struct config_errors *errors)
{
	int err;

	object->skel = anydoor_bpf__open();
	if (!object->skel) {
		err = -errno;
		config_errors_add(errors, "data path", 0, "cannot be opened: %s", strerror(-err));
		return err;
	}
	set_options(object->skel, config);
	err = set_sizes(object->skel, config);
	err = err ?: dns_maps_prepare(object->skel, config);
	if (err) {
		config_errors_add(errors, "data path", 0, "cannot be sized: %s", strerror(-err));
		object_close(object);
		return err;
	}
	take_fingerprint(object);
	return 0;
}

static bool same_geometry(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

/* The kernel keeps the first 15 bytes of a name. */
static struct bpf_map *find_map(const struct object *object, const char *kernel_name)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->skel->obj) {
		if (!bpf_map__is_internal(map) &&
		    !strncmp(bpf_map__name(map), kernel_name, BPF_OBJ_NAME_LEN - 1))
			return map;
	}
	return NULL;
}

static int reuse_running(const struct object *object, __u32 id)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	struct bpf_map *map;
	int err, fd = bpf_map_get_fd_by_id(id);

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	map = err ? NULL : find_map(object, info.name);
	if (map && (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
		    info.value_size != bpf_map__value_size(map)))
		err = -EPROTO;
	else if (map && same_geometry(map, fd))
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

int object_reuse_of(struct object *object, __u32 program_id)
{
	__u32 ids[BPF_INFO_MAPS_MAX];
	char name[BPF_OBJ_NAME_LEN];
	int i, err = 0, nr = bpf_info_maps_of(program_id, ids, name);

	for (i = 0; !err && i < nr; i++)
		err = reuse_running(object, ids[i]);
	return nr < 0 ? nr : err;
}

const char *object_find_missing(const struct object *object, const char *dir)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	char name[64];

	bpf_object__for_each_map(map, object->skel->obj) {
		if (!bpf_map__is_internal(map) && !bpffs_exists(dir, bpf_map__name(map)))
			return bpf_map__name(map);
	}
	bpf_object__for_each_program(prog, object->skel->obj) {
		snprintf(name, sizeof(name), "prog_%s", bpf_program__name(prog));
		if (!bpffs_exists(dir, name))
			return bpf_program__name(prog);
	}
	return NULL;
}

static int reuse_map(struct bpf_map *map, const char *dir)
{
	int err = 0, fd = bpffs_get(dir, bpf_map__name(map));

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (same_geometry(map, fd))
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

static int reuse_maps(struct object *object, const char *dir, struct config_errors *errors)
{
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, object->skel->obj) {
		if (bpf_map__is_internal(map))
			continue;
		err = reuse_map(map, dir);
		if (err) {
			config_errors_add(errors, dir, 0, "map %s cannot be used again: %s",
					  bpf_map__name(map), strerror(-err));
			return err;
		}
	}
	return 0;
}

int object_load(struct object *object, const char *dir, enum ad_doors kind,
		struct config_errors *errors)
{
	int err = reuse_maps(object, dir, errors);

	if (err)
		return err;
	err = suit_doors(object->skel->obj, kind);
	err = err ?: anydoor_bpf__load(object->skel);
	if (!err) {
		log_forget_libbpf();
		return 0;
	}
	log_replay_libbpf();
	config_errors_add(errors, "data path", 0, "the kernel refuses it: %s%s", strerror(-err),
			  err == -EPERM ? "; loading needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
					: "");
	return err;
}

static int pin_maps(struct object *object, const struct instance *instance,
		    struct config_errors *errors)
{
	struct bpf_map *map;
	int err;

	bpf_object__for_each_map(map, object->skel->obj) {
		const char *name = bpf_map__name(map);

		if (bpf_map__is_internal(map) || bpffs_exists(instance->fresh, name))
			continue;
		err = bpffs_pin(bpf_map__fd(map), instance->fresh, name, instance->gid);
		if (err) {
			config_errors_add(errors, instance->fresh, 0, "map %s cannot be pinned: %s",
					  name, strerror(-err));
			return err;
		}
	}
	return 0;
}

static int pin_programs(struct object *object, const struct instance *instance,
			struct config_errors *errors)
{
	struct bpf_program *prog;
	char name[64];
	int err;

	bpf_object__for_each_program(prog, object->skel->obj) {
		snprintf(name, sizeof(name), "prog_%s", bpf_program__name(prog));
		err = bpffs_pin(bpf_program__fd(prog), instance->fresh, name, 0);
		if (err) {
			config_errors_add(errors, instance->fresh, 0, "%s cannot be pinned: %s",
					  name, strerror(-err));
			return err;
		}
	}
	return 0;
}

int object_pin(struct object *object, const struct instance *instance, struct config_errors *errors)
{
	int err = pin_maps(object, instance, errors);

	return err ?: pin_programs(object, instance, errors);
}

void object_close(struct object *object)
{
	anydoor_bpf__destroy(object->skel);
	object->skel = NULL;
}
