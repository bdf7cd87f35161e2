// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cmd_version.c: `anydoor version`: what to put into a bug report.
 */
#include <string.h>
#include <sys/utsname.h>
#include <bpf/libbpf.h>
#include "cmd.h"
#include "user/base/output.h"
#include "user/status/view.h"

#ifndef LIBXDP_VERSION
#define LIBXDP_VERSION "?"
#endif

/* The loaded programs may be older than this binary. It is no error if there is no instance. */
static bool loaded_meta(const struct globals *globals, struct ad_meta *meta)
{
	struct config_errors errors = { 0 };
	struct config *config = NULL;
	struct pins pins;
	bool loaded;

	config_load_places(globals->config_path, &config, &errors);
	config_errors_free(&errors);
	loaded = config && !pins_open(&pins, config->bpffs, globals->instance) &&
		 !pins_read_meta(&pins, meta);
	config_free(config);
	return loaded;
}

static json_t *loaded_json(bool loaded, const struct ad_meta *meta)
{
	if (!loaded)
		return json_null();
	return json_pack("{s:s, s:i}", "version", meta->version, "abi", meta->abi);
}

int cmd_version(const struct globals *globals, int argc, char **argv)
{
	const char *libbpf = libbpf_version_string();
	struct utsname kernel;
	struct ad_meta meta;
	bool loaded;
	int err;

	if (args_none(argc, argv))
		return EXIT_USAGE;
	uname(&kernel);
	libbpf += *libbpf == 'v';
	loaded = loaded_meta(globals, &meta);
	if (globals->json) {
		err = output_json(json_pack("{s:s, s:i, s:s, s:s, s:s, s:o}", "version", VERSION,
					    "abi", AD_ABI_VERSION, "libbpf", libbpf, "libxdp",
					    LIBXDP_VERSION, "kernel", kernel.release, "loaded",
					    loaded_json(loaded, &meta)));
		return err ? EXIT_FAILED : EXIT_OK;
	}
	printf("anydoor %s\nABI     %d\nlibbpf  %s\nlibxdp  %s\nkernel  %s\n", VERSION,
	       AD_ABI_VERSION, libbpf, LIBXDP_VERSION, kernel.release);
	if (loaded)
		printf("loaded  %s, ABI %u (instance %s)\n", meta.version, meta.abi,
		       globals->instance);
	return EXIT_OK;
}
