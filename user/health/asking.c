// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * asking.c: what all kinds of checks share (asking.h).
 */
#include <string.h>
#include "asking.h"
#include "user/base/addr.h"

const char *asking_expand(const struct asking *asking, const char *text, char out[ASKING_TEXT])
{
	char address[ADDR_TEXT];
	const struct {
		const char *pattern, *value;
	} patterns[] = { { "{pop}", asking->key->pop },
			 { "{address}", addr_format(&asking->key->address, address) } };
	size_t used = 0, i, length;

	while (*text) {
		const char *from = text;

		length = 1;
		for (i = 0; i < 2; i++) {
			if (strncmp(text, patterns[i].pattern, strlen(patterns[i].pattern)))
				continue;
			from = patterns[i].value;
			length = strlen(from);
			text += strlen(patterns[i].pattern) - 1;
			break;
		}
		text++;
		if (used + length >= ASKING_TEXT)
			return NULL;
		memcpy(out + used, from, length);
		used += length;
	}
	out[used] = '\0';
	return out;
}

bool asking_wants_status(const struct config_check *check, long status)
{
	size_t i;

	for (i = 0; i < check->statuses.nr; i++)
		if (status >= check->statuses.list[i].from && status <= check->statuses.list[i].to)
			return true;
	return false;
}
