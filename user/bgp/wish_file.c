// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * wish_file.c: the file in which a BGP daemon finds what it shall announce (wish_file.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/addr.h"
#include "user/base/file.h"
#include "wish_file.h"

#define WISH_LINE "# anydoor: ip4 %s, ip6 %s\n"

char *wish_file_text(const struct bgp_setup *setup, const struct bgp_wishes *wishes,
		     const struct wish_writer *writer)
{
	enum bgp_family family;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("# Written by anydoor, and anew with each change: edit its configuration instead.\n",
	      out);
	fprintf(out, WISH_LINE, bgp_wish_key(wishes->of[BGP_IP4]),
		bgp_wish_key(wishes->of[BGP_IP6]));
	for (family = 0; family < BGP_FAMILIES; family++)
		writer->write_family(out, setup, family, wishes->of[family]);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

bool wish_file_wishes(const char *text, struct bgp_wishes *wishes)
{
	const char *line = strstr(text, "# anydoor: ");
	char ip4[16], ip6[16];

	return line && sscanf(line, "# anydoor: ip4 %15[a-z], ip6 %15[a-z]", ip4, ip6) == 2 &&
	       bgp_wish_find(ip4, &wishes->of[BGP_IP4]) && bgp_wish_find(ip6, &wishes->of[BGP_IP6]);
}

int wish_file_recall(const struct bgp_setup *setup, struct bgp_wishes *wishes)
{
	char *text;
	int err = file_read(setup->file, &text);
	bool good;

	if (err)
		return err;
	good = wish_file_wishes(text, wishes);
	free(text);
	return good ? 0 : -ENOENT;
}

int wish_file_write(const struct bgp_setup *setup, const struct bgp_wishes *wishes,
		    const struct wish_writer *writer)
{
	char *text = wish_file_text(setup, wishes, writer);
	int err = text ? file_write(setup->file, text, 0644) : -ENOMEM;

	free(text);
	return err;
}

const char *wish_prefix(const struct config_prefix *prefix, char text[WISH_PREFIX_TEXT])
{
	char address[ADDR_TEXT];

	snprintf(text, WISH_PREFIX_TEXT, "%s/%u", addr_format(&prefix->address, address),
		 addr_is_ip4(&prefix->address) ? prefix->bits - 96 : prefix->bits);
	return text;
}
