// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * main.c: the command table, and the options that every command shares.
 */
#include <stdio.h>
#include "cmd.h"

int main(void)
{
	puts("anydoor");
	return EXIT_OK;
}
