// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * dns_steering.c: writes rows and POPs of steered names to the kernel (dns_steering.h).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "dns_steering.h"
#include "inner_map.h"
#include "user/steer/pops.h"

/* Makes a map with elements of @element bytes and copies @bytes to it. */
static int bytes_to_map(const char *name, const void *bytes, size_t size, __u32 element)
{
	void *to;
	int fd = inner_map_new(name, element, size / element, &to);

	if (fd < 0)
		return fd;
	memcpy(to, bytes, size);
	munmap(to, size);
	return fd;
}

/* Puts @fd, which is a map or an error, into @slot of the map of maps @name. */
static int put_map(const struct pins *pins, const char *name, __u32 slot, int fd)
{
	int outer = pins_map(pins, name, true), err = fd < 0 ? fd : outer < 0 ? outer : 0;

	if (!err && bpf_map_update_elem(outer, &slot, &fd, BPF_ANY))
		err = -errno;
	if (outer >= 0)
		close(outer);
	return err;
}

static int put_rows(const struct steer_table *rows, const struct pins *pins, __u32 slot)
{
	int fd = bytes_to_map("steer_rows", rows->bytes, rows->size, AD_STEER_PAGE_BYTES);
	int err = put_map(pins, AD_STEER_TABLES_NAME, slot, fd);

	if (fd >= 0)
		close(fd);
	return err;
}

/* The same map is used for both slots and for all sets of zones with the same plan. */
static int put_places(struct dns_steer_set *set, const struct pins *pins, __u32 slot)
{
	size_t size = set->nr_lines * sizeof(*set->lines);

	if (!size)
		return 0;
	if (set->places_fd < 0)
		set->places_fd =
			bytes_to_map("steer_places", set->lines, size, AD_STEER_PAGE_BYTES);
	return put_map(pins, AD_STEER_PLACES_NAME, slot, set->places_fd);
}

int dns_steering_stage(struct dns_steer_set *set, const struct pins *pins, __u32 slot)
{
	int err;

	if (!set) {
		dns_steering_clear(pins, slot);
		return 0;
	}
	err = put_places(set, pins, slot);
	err = err ?: put_rows(&set->rows, pins, slot);
	return err ?: pops_write(pins, slot, (const char(*)[AD_STEER_NAME])set->pops, set->nr_pops);
}

void dns_steering_clear(const struct pins *pins, __u32 slot)
{
	int tables = pins_map(pins, AD_STEER_TABLES_NAME, true);
	int places = pins_map(pins, AD_STEER_PLACES_NAME, true);

	if (tables >= 0 && !bpf_map_delete_elem(tables, &slot))
		pops_write(pins, slot, NULL, 0);
	if (places >= 0)
		bpf_map_delete_elem(places, &slot);
	if (tables >= 0)
		close(tables);
	if (places >= 0)
		close(places);
}
