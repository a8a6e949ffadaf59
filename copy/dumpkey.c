#include "copy/dumpkey.h"

#ifdef PGZM_SODIUM
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_PURPOSE "pgzm-copy dump key check"

enum {
    SALT_BYTES = DUMPKEY_HEX_CHARS / 2,
    CHECK_BYTES = DUMPKEY_HEX_CHARS / 2,
    FILE_MOST = 2 * DUMPKEY_BYTES + 2, /* hexadecimal, with \r\n */
};

struct DumpKey {
    unsigned char user[DUMPKEY_BYTES]; /* as in the file */
    unsigned char dump[DUMPKEY_BYTES]; /* derived from it and the salt */
    DumpKeyFacts facts;
};

bool dumpkey_is_supported(void)
{
    return true;
}

/* In memory that is locked where the system allows it, between pages that cannot be touched. */
static DumpKey *new_key(void)
{
    DumpKey *key = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *key);
    if (key == NULL)
        abort(); /* no memory, or no random numbers */
    sodium_memzero(key, sizeof *key);
    return key;
}

void dumpkey_free(DumpKey *key)
{
    sodium_free(key); /* wipes */
}

/* libpq has the same rule for the key of a client certificate. */
static bool check_file(const struct stat *facts, const char *path, Error *err)
{
    if (!S_ISREG(facts->st_mode) && !S_ISFIFO(facts->st_mode))
        return error_set(err, ERROR_USAGE, "key file %s is not a file", path);
    if (facts->st_uid != geteuid() && facts->st_uid != 0)
        return error_set(err, ERROR_USAGE, "key file %s belongs to another user", path);
    mode_t others = facts->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    if ((facts->st_mode & others) == 0)
        return true;
    error_set(err, ERROR_USAGE, "key file %s can be read or written by others", path);
    return error_hint(err, "Take their permissions away (chmod 600); if others may have read it, "
                           "make a new key.");
}

/* Reads what there is, at most n bytes; a pipe gives it in pieces. */
static ssize_t read_some(int fd, unsigned char *bytes, size_t n)
{
    size_t filled = 0;
    while (filled < n) {
        ssize_t got = read(fd, bytes + filled, n - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        filled += (size_t)got;
    }
    return (ssize_t)filled;
}

/* From the file's bytes to the key's. */
static bool decode(const unsigned char *bytes, size_t n, unsigned char key[DUMPKEY_BYTES])
{
    if (n == DUMPKEY_BYTES) {
        memcpy(key, bytes, DUMPKEY_BYTES);
        return true;
    }
    while (n > 2 * DUMPKEY_BYTES && n <= FILE_MOST &&
           (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
        n--;
    size_t decoded = 0;
    const char *end = NULL;
    return n == 2 * DUMPKEY_BYTES &&
           sodium_hex2bin(key, DUMPKEY_BYTES, (const char *)bytes, n, NULL, &decoded, &end) == 0 &&
           decoded == DUMPKEY_BYTES && end == (const char *)bytes + n;
}

bool dumpkey_read(const char *path, DumpKey **out, Error *err)
{
    struct stat facts;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_set(err, ERROR_USAGE, "cannot open key file %s: %s", path, strerror(errno));
    if (fstat(fd, &facts) != 0 || !check_file(&facts, path, err)) {
        close(fd);
        return error_set(err, ERROR_USAGE, "cannot examine key file %s: %s", path, strerror(errno));
    }
    AUTO(dumpkey_free) DumpKey *key = new_key();
    unsigned char bytes[FILE_MOST + 1];
    ssize_t n = read_some(fd, bytes, sizeof bytes);
    int reason = errno;
    close(fd);
    bool ok = n >= 0 && decode(bytes, (size_t)n, key->user);
    sodium_memzero(bytes, sizeof bytes);
    if (n < 0)
        return error_set(err, ERROR_USAGE, "cannot read key file %s: %s", path, strerror(reason));
    if (!ok) {
        error_set(err, ERROR_USAGE, "key file %s holds neither 32 bytes nor 64 hexadecimal digits",
                  path);
        return error_hint(err, "Make one: (umask 077; head -c 32 /dev/urandom >FILE).");
    }
    *out = TAKE(key);
    return true;
}

void dumpkey_derive(const DumpKey *key, const void *purpose, size_t n,
                    unsigned char derived[DUMPKEY_BYTES])
{
    crypto_generichash(derived, DUMPKEY_BYTES, purpose, n, key->dump, sizeof key->dump);
}

/* The dump's key from the user's and the salt, and the value that tells it from another. */
static void salt_key(DumpKey *key, const unsigned char salt[SALT_BYTES])
{
    unsigned char derived[DUMPKEY_BYTES];
    crypto_generichash(key->dump, sizeof key->dump, salt, SALT_BYTES, key->user, sizeof key->user);
    dumpkey_derive(key, CHECK_PURPOSE, strlen(CHECK_PURPOSE), derived);
    sodium_bin2hex(key->facts.salt, sizeof key->facts.salt, salt, SALT_BYTES);
    sodium_bin2hex(key->facts.check, sizeof key->facts.check, derived, CHECK_BYTES);
    sodium_memzero(derived, sizeof derived);
}

void dumpkey_begin(DumpKey *key)
{
    unsigned char salt[SALT_BYTES];
    randombytes_buf(salt, sizeof salt);
    salt_key(key, salt);
}

const DumpKeyFacts *dumpkey_facts(const DumpKey *key)
{
    return &key->facts;
}

bool dumpkey_resume(DumpKey *key, const DumpKeyFacts *facts, Error *err)
{
    unsigned char salt[SALT_BYTES];
    size_t decoded = 0;
    if (sodium_hex2bin(salt, sizeof salt, facts->salt, strlen(facts->salt), NULL, &decoded, NULL) !=
            0 ||
        decoded != sizeof salt)
        return error_set(err, ERROR_PREFLIGHT, "the salt of the dump's key makes no sense");
    salt_key(key, salt);
    if (strcmp(key->facts.check, facts->check) == 0) /* no secret */
        return true;
    sodium_memzero(key->dump, sizeof key->dump);
    error_set(err, ERROR_PREFLIGHT, "the dump is encrypted with another key");
    return error_hint(err, "Name the key file that it was written with.");
}

#else /* without libsodium */

#include <stdlib.h>

bool dumpkey_is_supported(void)
{
    return false;
}

bool dumpkey_read(const char *path, DumpKey **out, Error *err)
{
    *out = NULL;
    error_set(err, ERROR_USAGE, "key file %s: this program is built without encryption", path);
    return error_hint(err, "Build it where libsodium is installed (cmake -DPGZM_SODIUM=ON).");
}

void dumpkey_free(DumpKey *key)
{
    (void)key;
}

/* Nobody has a DumpKey. */
void dumpkey_begin(DumpKey *key)
{
    (void)key;
    abort();
}

const DumpKeyFacts *dumpkey_facts(const DumpKey *key)
{
    (void)key;
    abort();
}

bool dumpkey_resume(DumpKey *key, const DumpKeyFacts *facts, Error *err)
{
    (void)key, (void)facts, (void)err;
    abort();
}

void dumpkey_derive(const DumpKey *key, const void *purpose, size_t n,
                    unsigned char derived[DUMPKEY_BYTES])
{
    (void)key, (void)purpose, (void)n, (void)derived;
    abort();
}

#endif
