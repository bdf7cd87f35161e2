// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * config_value.c: one scalar of the configuration file, from its text to its member.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "config_schema.h"
#include "country.h"
#include "user/base/addr.h"

#define QUOTED 64

const char *text_quote(const char *text, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; i < size - 4 && text[i]; i++)
		buffer[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	strcpy(buffer + i, text[i] ? "..." : "");
	return buffer;
}

/* Says what is wrong with a value, quoting it. */
#define reject(loader, value, format, ...)                                                         \
	({                                                                                         \
		char quoted_[QUOTED];                                                              \
		config_complain(loader, (value)->line, (value)->row->path, "\"%s\" " format,       \
				text_quote((value)->text, quoted_, sizeof(quoted_)),               \
				##__VA_ARGS__);                                                    \
		false;                                                                             \
	})

/* The schema's sizes are those of the members, so a narrow member cannot be overrun. */
static void store(const struct value *value, unsigned long long number)
{
	__u8 n8 = number;
	__u16 n16 = number;
	__u32 n32 = number;

	switch (value->row->size) {
	case sizeof(n8):
		memcpy(value->where, &n8, sizeof(n8));
		break;
	case sizeof(n16):
		memcpy(value->where, &n16, sizeof(n16));
		break;
	case sizeof(n32):
		memcpy(value->where, &n32, sizeof(n32));
		break;
	}
}

static bool keep(struct config_reader *loader, const struct value *value, char *text)
{
	if (!text) {
		loader->no_memory = true;
		return false;
	}
	*(char **)value->where = text;
	return true;
}

/*
 * Decimal digits and at most one letter out of @units, whose factor is @factors at its place.
 * No leading zero: YAML 1.1 would call it octal, and people would not.
 */
static bool read_scaled(struct config_reader *loader, const struct value *value, const char *units,
			const long long *factors, const char *example)
{
	const struct schema_row *row = value->row;
	size_t digits = strspn(value->text, "0123456789");
	const char *unit = value->text + digits;
	char range[64];
	long long number, factor = 1;

	if (!digits || (digits > 1 && *value->text == '0') ||
	    (*unit && (unit[1] || !strchr(units, *unit))))
		return reject(loader, value, "is not a %s, such as %s", schema_type_name(row->type),
			      example);
	number = strtoll(value->text, NULL, 10); /* the largest, if it is too large */
	if (*unit)
		factor = factors[strchr(units, *unit) - units];
	if (number > row->max / factor || number * factor < row->min)
		return reject(loader, value, "is out of range: %s",
			      schema_range(row, range, sizeof(range)));
	store(value, number * factor);
	return true;
}

static bool read_number(struct config_reader *loader, const struct value *value)
{
	return read_scaled(loader, value, "", NULL, "10");
}

static bool read_count(struct config_reader *loader, const struct value *value)
{
	static const long long factors[] = { 1 << 10, 1 << 20, 1 << 30 };

	return read_scaled(loader, value, "KMG", factors, "64K or 1M");
}

static bool read_seconds(struct config_reader *loader, const struct value *value)
{
	static const long long factors[] = { 1, 60, 3600, 86400 };

	return read_scaled(loader, value, "smhd", factors, "30s or 10m");
}

static bool read_bool(struct config_reader *loader, const struct value *value)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strcasecmp(value->text, words[i])) {
			store(value, i & 1);
			return true;
		}
	}
	return reject(loader, value, "is neither true nor false");
}

static bool read_choice(struct config_reader *loader, const struct value *value)
{
	const char *word = value->row->choices;
	unsigned int place = 0;

	for (;; place++) {
		size_t length = strcspn(word, "|");

		if (strlen(value->text) == length && !memcmp(value->text, word, length))
			break;
		if (!word[length])
			return reject(loader, value, "is none of %s", value->row->choices);
		word += length + 1;
	}
	store(value, place);
	return true;
}

static bool read_text(struct config_reader *loader, const struct value *value)
{
	size_t length = strlen(value->text), i;

	if (length > (size_t)value->row->max)
		return reject(loader, value, "is longer than %lld bytes", value->row->max);
	for (i = 0; i < length; i++)
		if (iscntrl((unsigned char)value->text[i]))
			return reject(loader, value, "has a control character in it");
	return keep(loader, value, strdup(value->text));
}

bool name_is_good(const char *text)
{
	return isalnum((unsigned char)*text) && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
								   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
								   "0123456789.-_")];
}

static bool read_name(struct config_reader *loader, const struct value *value)
{
	if (!name_is_good(value->text))
		return reject(loader, value,
			      "is not a name: a letter or digit, then letters, digits, . - _");
	return read_text(loader, value);
}

const char *address_trouble(const struct ad_addr *addr)
{
	const __u8 *ip4 = addr->b + 12;

	if (addr_is_ip4(addr)) {
		if (ip4[0] == 0)
			return "is in 0.0.0.0/8: nobody's address";
		if (ip4[0] == 127)
			return "is a loopback address";
		return ip4[0] >= 224 ? "is a multicast or reserved address" : NULL;
	}
	if (addr->b[0] == 0xff)
		return "is a multicast address";
	if (addr->b[0] == 0xfe && (addr->b[1] & 0xc0) == 0x80)
		return "is a link-local address";
	if (!addr->w[0] && !addr->w[1] && !addr->w[2])
		return "is unspecified, loopback or IPv4-compatible";
	return NULL;
}

static bool read_address(struct config_reader *loader, const struct value *value)
{
	struct ad_addr *addr = value->where;
	const char *trouble;

	if (addr_parse(value->text, addr))
		return reject(loader, value, "is not an IPv4 or IPv6 address");
	trouble = address_trouble(addr);
	return trouble ? reject(loader, value, "%s", trouble) : true;
}

const char *config_prefix_parse(const char *text, struct config_prefix *prefix)
{
	size_t length = strcspn(text, "/"), digits;
	const char *bits = text + length;
	char address[ADDR_TEXT];
	unsigned int max;

	if (length >= sizeof(address))
		return "is not a prefix, such as 192.0.2.0/24";
	memcpy(address, text, length);
	address[length] = '\0';
	if (addr_parse(address, &prefix->address))
		return "is not a prefix, such as 192.0.2.0/24";
	max = addr_is_ip4(&prefix->address) ? 32 : 128;
	prefix->bits = max;
	if (*bits) {
		digits = strspn(++bits, "0123456789");
		prefix->bits = strtoul(bits, NULL, 10);
		if (!digits || digits > 3 || bits[digits] || prefix->bits > max)
			return max == 32 ? "has a length that is not 0 to 32"
					 : "has a length that is not 0 to 128";
	}
	prefix->bits += 128 - max;
	return addr_beyond(&prefix->address, prefix->bits) ? "has bits set behind its length"
							   : NULL;
}

static bool read_prefix(struct config_reader *loader, const struct value *value)
{
	const char *trouble = config_prefix_parse(value->text, value->where);

	return trouble ? reject(loader, value, "%s", trouble) : true;
}

/*
 * It is an error only if the file surely does not exist: the reading commands are run by users who
 * may not list every directory.
 */
static bool read_file(struct config_reader *loader, const struct value *value)
{
	const char *trouble = NULL;
	struct stat st;
	char *path;

	if (*value->text == '/')
		path = strdup(value->text);
	else if (asprintf(&path, "%s/%s", loader->dir, value->text) < 0)
		path = NULL;
	if (!keep(loader, value, path))
		return false;
	if (value->row->may_lack)
		return true;
	if (!stat(path, &st))
		trouble = S_ISREG(st.st_mode) ? NULL : "not a regular file";
	else if (errno != EACCES)
		trouble = strerror(errno);
	if (trouble)
		config_complain(loader, value->line, value->row->path, "%s: %s (%s)", path, trouble,
				value->row->help);
	return !trouble;
}

static bool read_dir(struct config_reader *loader, const struct value *value)
{
	static const char bpffs[] = "/sys/fs/bpf/";
	size_t length = strlen(value->text);

	while (length > 1 && value->text[length - 1] == '/')
		length--;
	if (*value->text != '/' || length < 2)
		return reject(loader, value, "is not an absolute path of a directory");
	if (length > (size_t)value->row->max)
		return reject(loader, value, "is longer than %lld bytes", value->row->max);
	if (!strncmp(value->text, bpffs, strlen(bpffs)) && strchr(value->text, '.'))
		return reject(loader, value, "has a dot in it; bpffs takes none");
	return keep(loader, value, strndup(value->text, length));
}

/* What is wrong with a domain name; its final dot may be missing (RFC 1035, 2.3.4). */
static const char *domain_trouble(const char *text)
{
	size_t length = strlen(text), label;

	if (!strcmp(text, "."))
		return NULL;
	if (length && text[length - 1] == '.')
		length--;
	if (length > 253)
		return "is longer than a domain name may be";
	for (; length; text += label + 1, length -= label + (length > label)) {
		label = strcspn(text, ".");
		if (!label)
			return "has an empty label";
		if (label > 63)
			return "has a label longer than 63 bytes";
		if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-_/") < label)
			return "is not a domain name";
	}
	return NULL;
}

static bool read_zone(struct config_reader *loader, const struct value *value)
{
	size_t length = strlen(value->text), i;
	bool is_wild = value->row->type == SCHEMA_OWNER && !strncmp(value->text, "*.", 2);
	const char *text = value->text + (is_wild ? 2 : 0), *trouble = "is not a domain name";
	char *name;

	if (*text)
		trouble = domain_trouble(text);
	if (trouble)
		return reject(loader, value, "%s", trouble);
	name = malloc(length + 2);
	if (!keep(loader, value, name))
		return false;
	for (i = 0; i < length; i++)
		name[i] = tolower((unsigned char)value->text[i]);
	if (name[length - 1] != '.')
		name[length++] = '.';
	name[length] = '\0';
	return true;
}

/* Room for as many items as @text can have; -1 without memory. */
static ssize_t list_room(struct config_reader *loader, const struct value *value, size_t size,
			 void **list)
{
	const char *text = value->text;
	char item[QUOTED];
	size_t nr = 0;

	while (value_next(&text, item, sizeof(item)))
		nr++;
	if (nr > (size_t)value->row->max) {
		config_complain(loader, value->line, value->row->path,
				"has %zu entries; at most %lld fit", nr, value->row->max);
		return -1;
	}
	*list = calloc(nr ?: 1, size);
	if (!*list) {
		loader->no_memory = true;
		return -1;
	}
	return nr;
}

/*
 * Reads the items of a list: @read_one takes each, as @one->text, to the end of the list that
 * @value->where is, and says what is wrong with it. False with an error.
 */
static bool read_items(struct config_reader *loader, const struct value *value, size_t size,
		       void **list,
		       bool (*read_one)(struct config_reader *loader, struct value *one))
{
	const char *text = value->text;
	struct value one = *value;
	char item[QUOTED];
	bool good = true;

	if (list_room(loader, value, size, list) < 0)
		return false;
	for (one.text = item; value_next(&text, item, sizeof(item)); one.where = value->where)
		good = read_one(loader, &one) && good;
	return keep(loader, value, strdup(value->text)) && good;
}

static bool is_subdivision(const char *code)
{
	char country[3] = "";
	size_t rest;

	if (strlen(code) < 4 || code[2] != '-')
		return false;
	memcpy(country, code, 2);
	rest = strspn(code + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	return country_find(country) && rest >= 1 && rest <= 3 && !code[3 + rest];
}

static const char *code_trouble(enum schema_type type, const char *code)
{
	switch (type) {
	case SCHEMA_CONTINENTS:
		return country_is_continent(code) ? NULL
						  : "is no continent: AF, AN, AS, EU, NA, OC or SA";
	case SCHEMA_COUNTRIES:
		return country_find(code) ? NULL
					  : "is no country of ISO 3166-1: two capital letters, "
					    "such as DE";
	default:
		return is_subdivision(code) ? NULL
					    : "is no subdivision of ISO 3166-2, such as US-CA";
	}
}

static bool read_code(struct config_reader *loader, struct value *one)
{
	struct config_codes *codes = one->where;
	const char *trouble = code_trouble(one->row->type, one->text);

	if (trouble)
		return reject(loader, one, "%s", trouble);
	strcpy(codes->list[codes->nr++].text, one->text);
	return true;
}

static bool read_codes(struct config_reader *loader, const struct value *value)
{
	struct config_codes *codes = value->where;

	return read_items(loader, value, sizeof(*codes->list), (void **)&codes->list, read_code);
}

static bool read_asn(struct config_reader *loader, struct value *one)
{
	const char *digits = strncasecmp(one->text, "AS", 2) ? one->text : one->text + 2;
	__u64 number = strtoull(digits, NULL, 10);
	struct config_asns *asns = one->where;

	if (!*digits || digits[strspn(digits, "0123456789")] || !number || number > 0xffffffff)
		return reject(loader, one, "is no AS number: 1 to 4294967295");
	asns->list[asns->nr++] = number;
	return true;
}

static bool read_asns(struct config_reader *loader, const struct value *value)
{
	struct config_asns *asns = value->where;

	return read_items(loader, value, sizeof(*asns->list), (void **)&asns->list, read_asn);
}

static bool read_degrees(const char **text, double most, double *degrees)
{
	char item[QUOTED], *end;

	if (!value_next(text, item, sizeof(item)) || item[strspn(item, "+-.0123456789")])
		return false;
	*degrees = strtod(item, &end);
	return !*end && *degrees >= -most && *degrees <= most;
}

static bool read_coordinates(struct config_reader *loader, const struct value *value)
{
	struct config_coordinates *at = value->where;
	const char *text = value->text;
	char more[QUOTED];

	if (!read_degrees(&text, 90, &at->latitude) || !read_degrees(&text, 180, &at->longitude) ||
	    value_next(&text, more, sizeof(more)))
		return reject(loader, value,
			      "is no place: degrees north (-90 to 90) and east (-180 "
			      "to 180), such as [50.1, 8.7]");
	return keep(loader, value, strdup(value->text));
}

static bool read_network(struct config_reader *loader, struct value *one)
{
	struct config_networks *networks = one->where;

	one->where = &networks->list[networks->nr];
	if (!read_prefix(loader, one))
		return false;
	networks->nr++;
	return true;
}

static bool read_networks(struct config_reader *loader, const struct value *value)
{
	struct config_networks *networks = value->where;

	return read_items(loader, value, sizeof(*networks->list), (void **)&networks->list,
			  read_network);
}

/* One that stands there twice is an error, and is in the list. */
static bool read_one_address(struct config_reader *loader, struct value *one)
{
	struct config_addresses *addresses = one->where;
	bool good = true;
	size_t i;

	one->where = &addresses->list[addresses->nr];
	if (!read_address(loader, one))
		return false;
	for (i = 0; i < addresses->nr; i++)
		if (!addr_compare(one->where, &addresses->list[i]))
			good = reject(loader, one, "stands here twice");
	addresses->nr++;
	return good;
}

static bool read_addresses(struct config_reader *loader, const struct value *value)
{
	struct config_addresses *addresses = value->where;

	return read_items(loader, value, sizeof(*addresses->list), (void **)&addresses->list,
			  read_one_address);
}

/* "200" or "300-399" */
static bool read_status(const char *text, struct config_status *status)
{
	unsigned int from, to;
	int used = 0, more = 0;

	if (sscanf(text, "%3u%n", &from, &used) != 1)
		return false;
	to = from;
	if (sscanf(text + used, "-%3u%n", &to, &more) == 1)
		used += more;
	*status = (struct config_status){ from, to };
	return !text[used] && strspn(text, "0123456789-") == strlen(text) && from >= 100 &&
	       to <= 599 && from <= to;
}

static bool read_one_status(struct config_reader *loader, struct value *one)
{
	struct config_statuses *statuses = one->where;

	if (!read_status(one->text, &statuses->list[statuses->nr]))
		return reject(loader, one,
			      "is no status code of HTTP, such as 200 or "
			      "300-399");
	statuses->nr++;
	return true;
}

static bool read_statuses(struct config_reader *loader, const struct value *value)
{
	struct config_statuses *statuses = value->where;

	return read_items(loader, value, sizeof(*statuses->list), (void **)&statuses->list,
			  read_one_status);
}

/* The text becomes fit to be read: blanks between its arguments. */
static bool split_arguments(struct config_reader *loader, const struct value *value, char *rest,
			    struct config_arguments *arguments)
{
	char *item;

	while ((item = strsep(&rest, CONFIG_BETWEEN))) {
		arguments->list[arguments->nr] = strdup(item);
		if (!arguments->list[arguments->nr++])
			loader->no_memory = true;
		if (rest)
			item[strlen(item)] = ' ';
	}
	return !loader->no_memory;
}

static bool read_arguments(struct config_reader *loader, const struct value *value)
{
	struct config_arguments *arguments = value->where;
	const char *at;
	size_t nr = 1;

	for (at = value->text; (at = strpbrk(at, CONFIG_BETWEEN)); at++)
		nr++;
	if (nr > (size_t)value->row->max)
		return reject(loader, value, "has %zu arguments; at most %lld fit", nr,
			      value->row->max);
	if (*value->text != '/')
		return reject(loader, value, "is no absolute path of a program");
	arguments->list = calloc(nr + 1, sizeof(*arguments->list)); /* argv ends with NULL */
	if (!arguments->list) {
		loader->no_memory = true;
		return false;
	}
	return keep(loader, value, strdup(value->text)) &&
	       split_arguments(loader, value, arguments->text, arguments);
}

bool value_next(const char **text, char *item, size_t size)
{
	const char *start = *text + strspn(*text, ", ");
	size_t length = strcspn(start, ", ");

	*text = start + length;
	snprintf(item, size, "%.*s", (int)length, start);
	return length > 0;
}

bool value_read(struct config_reader *loader, const struct value *value)
{
	static bool (*const readers[])(struct config_reader *, const struct value *) = {
		[SCHEMA_TEXT] = read_text,	   [SCHEMA_NAME] = read_name,
		[SCHEMA_BOOL] = read_bool,	   [SCHEMA_NUMBER] = read_number,
		[SCHEMA_COUNT] = read_count,	   [SCHEMA_SECONDS] = read_seconds,
		[SCHEMA_CHOICE] = read_choice,	   [SCHEMA_ADDRESS] = read_address,
		[SCHEMA_FILE] = read_file,	   [SCHEMA_DIR] = read_dir,
		[SCHEMA_ZONE] = read_zone,	   [SCHEMA_OWNER] = read_zone,
		[SCHEMA_PREFIX] = read_prefix,	   [SCHEMA_CONTINENTS] = read_codes,
		[SCHEMA_COUNTRIES] = read_codes,   [SCHEMA_SUBDIVISIONS] = read_codes,
		[SCHEMA_ASNS] = read_asns,	   [SCHEMA_ADDRESSES] = read_addresses,
		[SCHEMA_STATUSES] = read_statuses, [SCHEMA_ARGUMENTS] = read_arguments,
		[SCHEMA_NETWORKS] = read_networks, [SCHEMA_COORDINATES] = read_coordinates,
	};

	return readers[value->row->type](loader, value);
}

char *value_canonical(const struct value *value)
{
	char text[ADDR_TEXT];

	switch (value->row->type) {
	case SCHEMA_ADDRESS:
		return strdup(addr_format(value->where, text));
	case SCHEMA_ZONE:
	case SCHEMA_OWNER:
		return strdup(*(char **)value->where);
	default:
		return strdup(value->text);
	}
}
