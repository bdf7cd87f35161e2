/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h: every key from one fleet key file, through libsodium's KDF.
 *
 * The file holds 64 hexadecimal digits (crypto_kdf_KEYBYTES) and must not be readable by others.
 */
#ifndef AD_KEYS_H
#define AD_KEYS_H

#include <stddef.h>
#include "maps/dns_rules.h"
#include "maps/types.h"

#define TOKEN_MIN 16
#define TOKEN_MAX 255

/* What DNS needs: SipHash keys as two little-endian words each. */
struct dns_secrets {
	__u64 cookies[AD_DNS_SECRETS][2]; /* the one in use first */
	__u64 accounts[2];
	unsigned int nr_cookies;
};

/* What nodes sign by what they write into the bus. */
struct bus_secret {
	__u8 key[32];
	__u8 id[16]; /* names the fleet key, and tells nothing of it */
};

/* 0 or -errno, logged with the file's name. Fills stamp key, and the tunnel keys of @epoch, which
 * go with those of the epoch before and of the next; and the 16-byte @stamp_id that names the stamp
 * key. */
int keys_load(const char *path, unsigned int epoch, struct ad_keys *keys, __u8 stamp_id[16]);
/* The same for DNS: the secrets of cookies. 0 or -errno, logged. */
int keys_load_dns(const char *path, unsigned int epoch, struct dns_secrets *secrets);
/* The same for the bus. 0 or -errno, logged. */
int keys_load_bus(const char *path, struct bus_secret *secret);
/* Other secrets for cookies: a line of 32 hexadecimal digits for each, as the file of NSD and
 * Unbound has them. Leaves the rest of @secrets. 0 or -errno, logged. */
int keys_load_cookies(const char *path, struct dns_secrets *secrets);
/* A token that others send us: one line of TOKEN_MIN to TOKEN_MAX letters. 0 or -errno, logged. */
int keys_load_token(const char *path, char token[TOKEN_MAX + 1]);
/* The text of another key, closed by a zero byte; the caller wipes it. 0 or -errno, logged. */
int keys_read_text(const char *path, char *text, size_t size);
/* Writes a new key file (0600, never over an existing one). 0 or -errno. */
int keys_generate(const char *path);

#endif
