// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * load_number.c: the number that `shed.command` prints (load_number.h).
 */
#include <math.h>
#include <string.h>
#include "load_number.h"

#define DIGITS	   "0123456789"
#define BLANKS	   " \t\r\n"
#define NUMBER_MAX 1e15

bool load_number_is_good(double number)
{
	return isfinite(number) && number >= 0 && number <= NUMBER_MAX;
}

/* By hand: strtod() takes hexadecimal, "inf", and commas where the locale has them. */
bool load_number_parse(const char *text, double *number)
{
	double value = 0, unit = 1;
	size_t digits, after;

	text += strspn(text, BLANKS);
	digits = strspn(text, DIGITS);
	for (; strspn(text, DIGITS); text++)
		value = value * 10 + (*text - '0');
	if (*text == '.') {
		after = strspn(++text, DIGITS);
		digits = digits && after ? digits : 0;
		for (; strspn(text, DIGITS); text++)
			value += (*text - '0') * (unit /= 10);
	}
	if (!digits || text[strspn(text, BLANKS)] || !load_number_is_good(value))
		return false;
	*number = value;
	return true;
}
