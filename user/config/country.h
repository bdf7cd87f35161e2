/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * country.h: countries (ISO 3166-1) and the continents that geo databases put them on.
 */
#ifndef AD_COUNTRY_H
#define AD_COUNTRY_H

#include <stdbool.h>

struct country {
	char code[3];
	char continent[3];
};

/* By two capital letters; NULL: there is no such. */
const struct country *country_find(const char *code);
bool country_is_continent(const char *code);

#endif
