/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * printable.h: makes text from outside (names of files and devices, messages of libraries) fit for
 * a log, a terminal and JSON: valid UTF-8, on one line, without control characters.
 */
#ifndef AD_PRINTABLE_H
#define AD_PRINTABLE_H

#include <stdarg.h>
#include <stddef.h>

#define PRINTABLE_GROWS 4 /* a byte becomes \x1b */

/*
 * Writes @text to @out, at most @room bytes with the NUL, and returns its length. Bytes that are
 * not valid UTF-8, control characters, line separators and characters that change the direction of
 * the text are written as \xNN, byte by byte. An escape or a character for which there is no room
 * is left out.
 */
size_t printable(char *out, size_t room, const char *text);
/* The same, and returns @out. */
const char *printable_text(char *out, size_t room, const char *text);
/* The same in place: takes @text, which came from malloc(), and returns it or another. NULL if
 * there is no memory. */
char *printable_take(char *text);
/* As vasprintf() has it, and then made printable. The caller frees; NULL without memory. */
char *printable_format(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
