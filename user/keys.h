/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h: every key from one fleet key file, through libsodium's KDF.
 *
 * The file holds 64 hexadecimal digits (crypto_kdf_KEYBYTES) and must not be readable by others.
 */
#ifndef AD_KEYS_H
#define AD_KEYS_H

#include "maps/types.h"

/* 0 or -errno, logged with the file's name. Fills stamp key, and tunnel keys of @epoch and
 * @epoch - 1 (none before 0), and the 16-byte @stamp_id that names the stamp key. */
int keys_load(const char *path, unsigned int epoch, struct ad_keys *keys, __u8 stamp_id[16]);
/* Writes a new key file (0600, never over an existing one). 0 or -errno, logged. */
int keys_generate(const char *path);

#endif
