/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_keys.h: the reference of the configuration file. What it prints is kept in
 * deploy/doc/config.md, and a unit test holds the two together.
 */
#ifndef AD_CONFIG_KEYS_H
#define AD_CONFIG_KEYS_H

#include <stdio.h>
#include <jansson.h>

/* Every key with type, default, range and meaning, as a table in Markdown. */
void config_keys_print(FILE *out);
/* The same as a list of objects. */
json_t *config_keys_json(void);

#endif
