// SPDX-License-Identifier: GPL-3.0-or-later
/* Stands in for what has not landed yet (last in the archive, and weak). To be deleted. */
#include <stdarg.h>
#include <stdio.h>
#include "cmd.h"
#include "log.h"

#define MISSING(name)                                                                              \
	__attribute__((weak)) int cmd_##name(const struct globals *g, int argc, char **argv)       \
	{                                                                                          \
		fprintf(stderr, #name ": not there yet\n");                                        \
		return EXIT_FAILED;                                                                \
	}
MISSING(run)
MISSING(check)
MISSING(status)
MISSING(flows)
MISSING(stats)
MISSING(pops)
MISSING(zones)
MISSING(query)
MISSING(drain)
MISSING(undrain)
MISSING(reload)
MISSING(detach)
MISSING(keygen)
MISSING(version)

__attribute__((weak)) void log_set_level(enum log_level level)
{
}

__attribute__((weak)) void log_adopt_libbpf(void)
{
}

__attribute__((weak)) void log_print(enum log_level level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

#include "metrics.h"
__attribute__((weak)) int metrics_new(struct event_base *base, const struct config *config,
				      const struct pins *pins, struct metrics **metrics)
{
	*metrics = NULL;
	return 0;
}
__attribute__((weak)) void metrics_use(struct metrics *metrics, const struct config *config)
{
}
__attribute__((weak)) void metrics_note_reload(struct metrics *metrics, bool ok)
{
}
__attribute__((weak)) void metrics_free(struct metrics *metrics)
{
}

#include <errno.h>
#include "config.h"
__attribute__((weak)) int config_load(const char *path, struct config **config,
				      struct config_errors *errors)
{
	return -ENOENT;
}
__attribute__((weak)) void config_free(struct config *config)
{
}
__attribute__((weak)) void config_errors_free(struct config_errors *errors)
{
}
__attribute__((weak)) const char *config_pop_name(const struct config *config, __u16 pop)
{
	return config->pops[pop].name;
}
