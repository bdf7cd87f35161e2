// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * keys.c: the fleet key file, and every key that is derived from it.
 *
 * One master key, one subkey id per purpose. The ids are part of the fleet's contract: two
 * releases that derive differently cannot read each other's stamps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "keys.h"
#include "user/base/log.h"

#define CONTEXT		"anydoor1" /* crypto_kdf_CONTEXTBYTES, without the NUL */
#define SUBKEY_STAMP	1
#define SUBKEY_ID	2
#define SUBKEY_ACCOUNTS 3
#define SUBKEY_BUS	4
#define SUBKEY_TUNNEL	256 /* + the key's number */
#define SUBKEY_COOKIE	512 /* likewise */

#define KEY_DIGITS    (2 * crypto_kdf_KEYBYTES)
#define COOKIE_BYTES  16
#define COOKIE_DIGITS (2 * COOKIE_BYTES)

/* Others could read it: whoever has the key can aim packets at any node of the fleet. */
static int check_file(const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		log_err("key file %s: not a regular file", path);
		return -EINVAL;
	}
	if (st.st_uid && st.st_uid != geteuid()) {
		log_err("key file %s: belongs to user %u, not to root or to us", path, st.st_uid);
		return -EPERM;
	}
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		log_err("key file %s: mode %04o lets others in; chmod 600 it", path,
			(unsigned int)st.st_mode & 07777);
		return -EPERM;
	}
	return 0;
}

/* Whole file into @text: the digits, and at most one newline. */
static int read_digits(const char *path, int fd, char text[KEY_DIGITS + 2])
{
	ssize_t size = read(fd, text, KEY_DIGITS + 2);

	if (size < 0) {
		log_err("key file %s: %s", path, strerror(errno));
		return -EIO;
	}
	if (size == KEY_DIGITS + 1 && text[KEY_DIGITS] == '\n')
		size--;
	if (size != KEY_DIGITS) {
		log_err("key file %s: wants %d hexadecimal digits and a newline, nothing else",
			path, (int)KEY_DIGITS);
		return -EINVAL;
	}
	return 0;
}

static int read_master(const char *path, int fd, __u8 master[crypto_kdf_KEYBYTES])
{
	char text[KEY_DIGITS + 2];
	size_t size;
	int err = read_digits(path, fd, text);

	if (!err &&
	    (sodium_hex2bin(master, crypto_kdf_KEYBYTES, text, KEY_DIGITS, NULL, &size, NULL) ||
	     size != crypto_kdf_KEYBYTES)) {
		log_err("key file %s: not hexadecimal", path);
		err = -EINVAL;
	}
	sodium_memzero(text, sizeof(text));
	if (!err && sodium_is_zero(master, crypto_kdf_KEYBYTES)) {
		log_err("key file %s: all zeroes is not a key", path);
		err = -EINVAL;
	}
	return err;
}

/* SipHash takes its key as two little-endian words. */
static void key_words(__u64 words[2], const __u8 key[16])
{
	int i;

	words[0] = words[1] = 0;
	for (i = 15; i >= 0; i--)
		words[i / 8] = words[i / 8] << 8 | key[i];
}

static void derive_words(__u64 words[2], __u64 id, const __u8 *master)
{
	__u8 key[16];

	crypto_kdf_derive_from_key(key, sizeof(key), id, CONTEXT, master);
	key_words(words, key);
	sodium_memzero(key, sizeof(key));
}

/*
 * Nodes hear of a new epoch one after the other, and understand each other meanwhile: a key is
 * accepted for one epoch before it is used, and for one after. So it is used for two. Of epoch 2n
 * key n is in use, and n + 1 accepted; of epoch 2n + 1, n + 1 is in use, and n accepted.
 */
static unsigned int key_in_use(unsigned int epoch)
{
	return (epoch + 1) / 2;
}

static unsigned int key_beside(unsigned int epoch)
{
	return epoch % 2 ? key_in_use(epoch) - 1 : key_in_use(epoch) + 1;
}

static void derive_tunnel(struct ad_tunnel_key *key, unsigned int number, const __u8 *master)
{
	derive_words(key->key, SUBKEY_TUNNEL + number, master);
	key->epoch = number;
	key->valid = 1;
}

/* A descriptor of a file that is nobody else's, or -errno. @hint: what to do if there is none. */
static int open_secret(const char *path, const char *hint)
{
	/* O_NONBLOCK: a FIFO in its place must not hang us before we can refuse it */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), err;

	if (fd < 0) {
		err = -errno;
		log_err("key file %s: %s%s", path, strerror(-err), err == -ENOENT ? hint : "");
		return err;
	}
	err = check_file(path, fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int load_master(const char *path, __u8 master[crypto_kdf_KEYBYTES])
{
	int err, fd;

	if (sodium_init() < 0)
		return -EIO;
	fd = open_secret(path, "; `anydoor keygen FILE` makes one");
	if (fd < 0)
		return fd;
	err = read_master(path, fd, master);
	close(fd);
	return err;
}

int keys_load(const char *path, unsigned int epoch, struct ad_keys *keys, __u8 stamp_id[16])
{
	__u8 master[crypto_kdf_KEYBYTES];
	int err;

	memset(keys, 0, sizeof(*keys));
	err = load_master(path, master);
	if (err)
		return err;
	derive_words(keys->stamp, SUBKEY_STAMP, master);
	crypto_kdf_derive_from_key(stamp_id, 16, SUBKEY_ID, CONTEXT, master);
	derive_tunnel(&keys->tunnel[0], key_in_use(epoch), master);
	derive_tunnel(&keys->tunnel[1], key_beside(epoch), master);
	sodium_memzero(master, sizeof(master));
	return 0;
}

int keys_load_dns(const char *path, unsigned int epoch, struct dns_secrets *secrets)
{
	__u8 master[crypto_kdf_KEYBYTES];
	int err;

	memset(secrets, 0, sizeof(*secrets));
	err = load_master(path, master);
	if (err)
		return err;
	derive_words(secrets->accounts, SUBKEY_ACCOUNTS, master);
	derive_words(secrets->cookies[0], SUBKEY_COOKIE + key_in_use(epoch), master);
	derive_words(secrets->cookies[1], SUBKEY_COOKIE + key_beside(epoch), master);
	secrets->nr_cookies = AD_DNS_SECRETS;
	sodium_memzero(master, sizeof(master));
	return 0;
}

int keys_load_bus(const char *path, struct bus_secret *secret)
{
	__u8 master[crypto_kdf_KEYBYTES];
	int err;

	memset(secret, 0, sizeof(*secret));
	err = load_master(path, master);
	if (err)
		return err;
	crypto_kdf_derive_from_key(secret->key, sizeof(secret->key), SUBKEY_BUS, CONTEXT, master);
	crypto_kdf_derive_from_key(secret->id, sizeof(secret->id), SUBKEY_ID, CONTEXT, master);
	sodium_memzero(master, sizeof(master));
	return 0;
}

/* One line off @text: 0, or -EINVAL. */
static int read_cookie_secret(char **text, __u64 words[2])
{
	size_t digits = strcspn(*text, "\n"), size;
	__u8 key[COOKIE_BYTES];
	int err = -EINVAL;

	if (digits == COOKIE_DIGITS &&
	    !sodium_hex2bin(key, sizeof(key), *text, digits, NULL, &size, NULL) &&
	    size == sizeof(key) && !sodium_is_zero(key, sizeof(key)))
		err = 0;
	key_words(words, key);
	*text += digits + ((*text)[digits] == '\n');
	sodium_memzero(key, sizeof(key));
	return err;
}

int keys_load_cookies(const char *path, struct dns_secrets *secrets)
{
	char text[AD_DNS_SECRETS * (COOKIE_DIGITS + 1) + 2], *at = text;
	int err = 0, fd = open_secret(path, "");
	ssize_t size;

	if (fd < 0)
		return fd;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	memset(secrets->cookies, 0, sizeof(secrets->cookies));
	secrets->nr_cookies = 0;
	do
		err = secrets->nr_cookies < AD_DNS_SECRETS
			      ? read_cookie_secret(&at, secrets->cookies[secrets->nr_cookies++])
			      : -EINVAL;
	while (!err && *at);
	sodium_memzero(text, sizeof(text));
	if (err)
		log_err("key file %s: wants one or two lines of %d hexadecimal digits, not all "
			"zeroes",
			path, COOKIE_DIGITS);
	return err;
}

int keys_load_token(const char *path, char token[TOKEN_MAX + 1])
{
	char text[TOKEN_MAX + 2];
	int fd = open_secret(path, "; `anydoor keygen FILE` makes one");
	ssize_t size;
	size_t len;

	if (fd < 0)
		return fd;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	len = strcspn(text, "\n");
	text[len] = '\0';
	if (len >= TOKEN_MIN && len <= TOKEN_MAX && size - len <= 1 && !strpbrk(text, " \t\r")) {
		memcpy(token, text, len + 1);
		explicit_bzero(text, sizeof(text));
		return 0;
	}
	explicit_bzero(text, sizeof(text));
	log_err("key file %s: wants one line of %d to %d letters without spaces", path, TOKEN_MIN,
		TOKEN_MAX);
	return -EINVAL;
}

static int write_master(int fd)
{
	__u8 master[crypto_kdf_KEYBYTES];
	char text[KEY_DIGITS + 1];
	int err = 0;

	crypto_kdf_keygen(master);
	sodium_bin2hex(text, sizeof(text), master, sizeof(master));
	text[KEY_DIGITS] = '\n';
	if (write(fd, text, sizeof(text)) != sizeof(text) || fsync(fd))
		err = errno ? -errno : -EIO;
	sodium_memzero(master, sizeof(master));
	sodium_memzero(text, sizeof(text));
	return err;
}

int keys_read_text(const char *path, char *text, size_t size)
{
	int fd = open_secret(path, "");
	ssize_t len;

	if (fd < 0)
		return fd;
	len = read(fd, text, size);
	close(fd);
	if (len < 0 || (size_t)len == size) {
		log_err("key file %s: %s", path, len < 0 ? strerror(errno) : "too long");
		return len < 0 ? -EIO : -EFBIG;
	}
	text[len] = '\0';
	return 0;
}

int keys_generate(const char *path)
{
	int fd, err;

	if (sodium_init() < 0)
		return -EIO;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_master(fd);
	close(fd);
	if (err)
		unlink(path);
	return err;
}
