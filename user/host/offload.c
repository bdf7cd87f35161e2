// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * offload.c: device features by name, as `ethtool -k` asks for them.
 */
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include "offload.h"

static int ask(int fd, const char *interface, void *question)
{
	struct ifreq request = { .ifr_data = question };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

static int count_features(int fd, const char *interface)
{
	struct {
		struct ethtool_sset_info info;
		__u32 count;
	} question = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1 << ETH_SS_FEATURES } };
	int err = ask(fd, interface, &question);

	return err ? err : question.info.sset_mask ? (int)question.count : -EOPNOTSUPP;
}

/* Its number among @nr, or -errno. */
static int find_feature(int fd, const char *interface, int nr, const char *feature)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + nr * ETH_GSTRING_LEN);
	int err, at;

	if (!names)
		return -ENOMEM;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = nr;
	err = ask(fd, interface, names);
	for (at = 0; !err && at < nr; at++)
		if (!strncmp((char *)names->data + at * ETH_GSTRING_LEN, feature, ETH_GSTRING_LEN))
			break;
	free(names);
	return err ? err : at < nr ? at : -ENOENT;
}

static int is_active(int fd, const char *interface, int nr, int at)
{
	int blocks = (nr + 31) / 32, err;
	struct ethtool_gfeatures *features =
		calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	bool active;

	if (!features)
		return -ENOMEM;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	err = ask(fd, interface, features);
	active = !err && features->features[at / 32].active >> at % 32 & 1;
	free(features);
	return err ? err : active;
}

int offload_get(const char *interface, const char *feature)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), nr, at;

	if (fd < 0)
		return -errno;
	nr = count_features(fd, interface);
	at = nr < 0 ? nr : find_feature(fd, interface, nr, feature);
	if (at >= 0)
		at = is_active(fd, interface, nr, at);
	close(fd);
	return at;
}

int offload_ring(const char *interface, unsigned int *now, unsigned int *most)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct ethtool_ringparam ring = { .cmd = ETHTOOL_GRINGPARAM };

	if (fd < 0)
		return -errno;
	err = ask(fd, interface, &ring);
	close(fd);
	*now = ring.rx_pending;
	*most = ring.rx_max_pending;
	return err;
}
