// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * test_keys.c: the fleet key file: what is accepted, and that derivation never changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "selftests/tap.h"
#include "output_fixture.h"
#include "user/config/keys.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

#define COOKIE_A "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define COOKIE_B "dd3bdf9344b678b185a6f5cb60fca715"

static char dir[] = "/tmp/anydoor-keys-XXXXXX";
static char path[64];

static void put(const char *text, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode))
		abort();
	close(fd);
}

/* With stderr caught in @said. */
static int load(unsigned int epoch, struct ad_keys *keys, __u8 id[16], char *said, size_t size)
{
	int err;

	catch_output(stderr);
	err = keys_load(path, epoch, keys, id);
	snprintf(said, size, "%s", release_output());
	return err;
}

static void refuse(const char *what, const char *text, mode_t mode, int expected, const char *word)
{
	struct ad_keys keys;
	char said[512];
	__u8 id[16];

	put(text, mode);
	is_int(load(0, &keys, id, said, sizeof(said)), expected, "%s is refused", what);
	ok(strstr(said, path) && strstr(said, word), "%s: told with the file's name", what);
	ok(!strstr(said, "0a0b0c"), "%s: the key itself is never shown", what);
}

static void test_keys_bad_file_is_refused(void)
{
	refuse("group-readable", DIGITS "\n", 0640, -EPERM, "chmod 600");
	refuse("world-readable", DIGITS "\n", 0604, -EPERM, "chmod 600");
	refuse("empty", "", 0600, -EINVAL, "64 hexadecimal digits");
	refuse("short", "0a0b0c\n", 0600, -EINVAL, "64 hexadecimal digits");
	refuse("long", DIGITS "00\n", 0600, -EINVAL, "64 hexadecimal digits");
	refuse("two lines", DIGITS "\n\n", 0600, -EINVAL, "64 hexadecimal digits");
	refuse("not hexadecimal", "g" DIGITS, 0600, -EINVAL, "64 hexadecimal digits");
	refuse("right length, not hexadecimal",
	       "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600, -EINVAL,
	       "not hexadecimal");
	refuse("all zeroes", "0000000000000000000000000000000000000000000000000000000000000000",
	       0600, -EINVAL, "zeroes");
}

static void test_keys_missing_file_says_how_to_make_one(void)
{
	struct ad_keys keys;
	char said[512];
	__u8 id[16];

	unlink(path);
	is_int(load(0, &keys, id, said, sizeof(said)), -ENOENT, "no file");
	ok(strstr(said, "keygen"), "names the command that makes one");
	mkfifo(path, 0600);
	is_int(load(0, &keys, id, said, sizeof(said)), -EINVAL,
	       "a FIFO is refused, not waited for");
}

/* Does whoever has @keys believe what is signed with @key? */
static bool accepts(const struct ad_keys *keys, const struct ad_tunnel_key *key)
{
	return !memcmp(&keys->tunnel[0], key, sizeof(*key)) ||
	       !memcmp(&keys->tunnel[1], key, sizeof(*key));
}

/* Whoever read the keys of @old has both. */
static bool accepts_any(const struct ad_keys *keys, const struct ad_keys *old)
{
	return accepts(keys, &old->tunnel[0]) || accepts(keys, &old->tunnel[1]);
}

#define STEPS 4 /* as the words on keys.epoch say */

static void test_keys_epochs_overlap(void)
{
	struct ad_keys keys[256];
	unsigned int deaf = 0, old = 0, i;
	__u8 id[256][16];
	char said[512];

	put(DIGITS "\n", 0600);
	for (i = 0; i < 256; i++)
		if (load(i, &keys[i], id[i], said, sizeof(said)))
			deaf++;
	for (i = 0; i < 255; i++)
		deaf += !accepts(&keys[i], &keys[i + 1].tunnel[0]) ||
			!accepts(&keys[i + 1], &keys[i].tunnel[0]);
	is_int(deaf, 0, "epochs that follow each other understand each other");
	for (i = 0; i + STEPS < 256; i++)
		old += accepts_any(&keys[i + STEPS], &keys[i]);
	is_int(old, 0, "%d later, no key of before is accepted, in use or not", STEPS);
	for (i = 0; i + STEPS - 1 < 256; i++)
		old += accepts_any(&keys[i + STEPS - 1], &keys[i]) != (i % 2 == 0);
	is_int(old, 0, "one step less is enough from odd epochs only");
	for (i = 0, old = 0; i + 2 < 256; i++)
		old += !accepts_any(&keys[i + 2], &keys[i]);
	is_int(old, 0, "and two never are");
	is_mem(keys[255].stamp, keys[0].stamp, 16, "the stamp key is fixed");
	is_mem(id[255], id[0], 16, "and so is its name");
}

/* Two releases that derive differently cut every live flow: these values may never change. They
 * come from another BLAKE2b (Python's hashlib, salt = subkey id, person = context). */
static void test_keys_derivation_is_stable(void)
{
	struct ad_keys keys;
	char said[512];
	__u8 id[16];

	put(DIGITS, 0600);
	is_int(load(1, &keys, id, said, sizeof(said)), 0, "a file without a newline");
	ok(keys.stamp[0] == 0xe21f1943ab173d49 && keys.stamp[1] == 0x727ff9418bc3fbd9, "stamp key");
	ok(keys.tunnel[0].key[0] == 0x4241486041036144, "tunnel key of epoch 1");
}

static void test_keys_cookies_roll_with_the_epoch(void)
{
	struct dns_secrets zero, one, two;

	put(DIGITS "\n", 0600);
	ok(!keys_load_dns(path, 0, &zero) && !keys_load_dns(path, 1, &one) &&
		   !keys_load_dns(path, 2, &two),
	   "epochs 0 to 2");
	is_int(zero.nr_cookies, 2, "a secret that is used, and one beside it");
	is_int(two.nr_cookies, 2, "so in every epoch");
	is_mem(one.cookies[1], zero.cookies[0], 16, "what 0 gave, 1 accepts");
	is_mem(zero.cookies[1], one.cookies[0], 16, "and what 1 gave, 0 does");
	is_mem(two.cookies[0], one.cookies[0], 16, "what 1 gave, 2 accepts");
	ok(memcmp(two.cookies[0], zero.cookies[0], 16), "each has its own");
	is_mem(two.accounts, zero.accounts, 16, "accounts have one key");
	ok(memcmp(zero.accounts, zero.cookies[0], 16), "which is another");
	ok(zero.cookies[0][0] == 0x871350214c97a642 && zero.accounts[0] == 0x13a75798984eb919,
	   "derivation is stable: nodes of two releases share cookies");
}

static int load_cookies(const char *text, mode_t mode, struct dns_secrets *secrets, char *said,
			size_t size)
{
	int err;

	put(text, mode);
	catch_output(stderr);
	err = keys_load_cookies(path, secrets);
	snprintf(said, size, "%s", release_output());
	return err;
}

static void test_keys_cookie_secrets_are_one_or_two(void)
{
	static const char *const bad[] = {
		"",
		"\n",
		COOKIE_B "\n\n",
		COOKIE_A COOKIE_B,
		COOKIE_A "\n" COOKIE_B "\n" COOKIE_A,
		"e5e973e5a6b2a43f48e7dc849e37bf",
		"g5e973e5a6b2a43f48e7dc849e37bfcf",
		"00000000000000000000000000000000",
		COOKIE_A " \n",
	};
	struct dns_secrets secrets;
	char said[512];
	size_t i;

	is_int(load_cookies(COOKIE_A, 0600, &secrets, said, sizeof(said)), 0, "one");
	is_int(secrets.nr_cookies, 1, "is one");
	is_mem(secrets.cookies[0],
	       "\xe5\xe9\x73\xe5\xa6\xb2\xa4\x3f\x48\xe7\xdc\x84\x9e\x37\xbf\xcf", 16,
	       "in the order of the file");
	is_int(load_cookies(COOKIE_B "\n" COOKIE_A "\n", 0600, &secrets, said, sizeof(said)), 0,
	       "two");
	is_int(secrets.nr_cookies, 2, "are two");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		is_int(load_cookies(bad[i], 0600, &secrets, said, sizeof(said)), -EINVAL,
		       "bad file %zu is refused", i);
		ok(strstr(said, path) && !strstr(said, "e5e973"), "  by name, showing nothing");
	}
	is_int(load_cookies(COOKIE_A, 0644, &secrets, said, sizeof(said)), -EPERM,
	       "others may not read it");
}

static void test_keys_token_is_one_line(void)
{
	static const char *const bad[] = { "",
					   "\n",
					   "012345678901234",
					   "0123456789012345\n\n",
					   "0123456789012345 6789",
					   "0123456789012345\r\n" };
	char token[TOKEN_MAX + 1], said[512], big[TOKEN_MAX + 2];

	put("0123456789abcdef\n", 0600);
	is_int(keys_load_token(path, token), 0, "a token");
	is_str(token, "0123456789abcdef", "is what stands there, without the newline");
	memset(big, 'x', sizeof(big));
	big[TOKEN_MAX + 1] = '\0';
	put(big + 1, 0600);
	is_int(keys_load_token(path, token), 0, "the longest");
	put(big, 0600);
	catch_output(stderr);
	is_int(keys_load_token(path, token), -EINVAL, "one more letter");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		put(bad[i], 0600);
		is_int(keys_load_token(path, token), -EINVAL, "bad token %zu is refused", i);
	}
	put("0123456789abcdef\n", 0640);
	is_int(keys_load_token(path, token), -EPERM, "and one that others may read");
	snprintf(said, sizeof(said), "%s", release_output());
	ok(strstr(said, path) && !strstr(said, "0123456"), "by name, showing nothing");
}

static void test_keys_generate(void)
{
	struct ad_keys keys;
	char said[512];
	struct stat st;
	__u8 id[16];

	unlink(path);
	is_int(keys_generate(path), 0, "keygen");
	stat(path, &st);
	is_int(st.st_mode & 07777, 0600, "only its owner may read it");
	is_int(load(0, &keys, id, said, sizeof(said)), 0, "and it loads");
	is_int(keys_generate(path), -EEXIST, "never over an existing one");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/fleet.key", dir);
	test_keys_bad_file_is_refused();
	test_keys_missing_file_says_how_to_make_one();
	test_keys_epochs_overlap();
	test_keys_derivation_is_stable();
	test_keys_cookies_roll_with_the_epoch();
	test_keys_cookie_secrets_are_one_or_two();
	test_keys_token_is_one_line();
	test_keys_generate();
	unlink(path);
	rmdir(dir);
	return done_testing();
}
