// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_epoch.c: the epoch that the bus set, as it is kept: whatever is in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "user/state/epoch.h"

static char dir[] = "/tmp/test_epoch.XXXXXX";

static unsigned int counted(unsigned int file, const char *text)
{
	struct config config = { .keep_dir = dir, .key_epoch = file };
	char path[EPOCH_PATH_MAX];
	FILE *out;

	epoch_path(&config, "one", path);
	out = fopen(path, "w");
	fputs(text, out);
	fclose(out);
	epoch_count_kept(&config, "one");
	ok(config.key_epoch_file == file, "what the file of the configuration says is kept apart");
	unlink(path);
	return config.key_epoch;
}

static void test_higher_counts(void)
{
	is_int(counted(2, "{\"epoch\": 4, \"goal\": 4, \"seq\": 7}"), 4, "the bus went on");
	is_int(counted(6, "{\"epoch\": 4, \"goal\": 4, \"seq\": 7}"), 6, "the file went on");
	is_int(counted(4, "{\"epoch\": 4, \"goal\": 6, \"seq\": 7}"), 4, "both the same");
}

static void test_rubbish_counts_nothing(void)
{
	static const char *const rows[] = { "",
					    "{}",
					    "[4]",
					    "{\"epoch\": 4}",
					    "{\"epoch\": 4, \"goal\": 4}",
					    "{\"epoch\": 256, \"goal\": 4, \"seq\": 7}",
					    "{\"epoch\": -1, \"goal\": 4, \"seq\": 7}",
					    "{\"epoch\": \"4\", \"goal\": 4, \"seq\": 7}",
					    "{\"epoch\": 4, \"goal\": 1e9, \"seq\": 7}",
					    "{\"epoch\": 4, \"goal\": 4, \"seq\": -7}",
					    "{\"epoch\": 4, \"goal\": 4, \"seq\": 7" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_int(counted(1, rows[i]), 1, "%s", rows[i]);
}

static void test_no_file_counts_nothing(void)
{
	struct config config = { .run_dir = dir, .key_epoch = 3 };
	char path[EPOCH_PATH_MAX];

	epoch_count_kept(&config, "none");
	is_int(config.key_epoch, 3, "without a file the configuration counts");
	ok(epoch_path(&config, "one", path) && strstr(path, "/one/keys.json"),
	   "without state.keep it is in the run directory");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	test_higher_counts();
	test_rubbish_counts_nothing();
	test_no_file_counts_nothing();
	rmdir(dir);
	return done_testing();
}
