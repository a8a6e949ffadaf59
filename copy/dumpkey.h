/*
 * dumpkey.h - the key that a dump is encrypted with: read from a file of the user's, checked, and
 * turned into keys for single files. Not the encryption itself (seal.h).
 *
 * The user's key is never used as it is: each dump derives one from it and from a salt of its own,
 * so that files of two dumps cannot be exchanged though both have the same key. Needs libsodium;
 * where the program is built without, dumpkey_read says so and there is never a DumpKey.
 *
 * Threads: dumpkey_begin and dumpkey_resume by one; after that any number may use the key.
 */
#ifndef PGZM_COPY_DUMPKEY_H
#define PGZM_COPY_DUMPKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/mem.h"

#define DUMPKEY_ALGORITHM "xchacha20poly1305-secretstream"

enum {
    DUMPKEY_BYTES = 32,
    DUMPKEY_HEX_CHARS = 32, /* of the salt and of the check value */
};

typedef struct DumpKey DumpKey;

/* What the dump says in the clear of its key: no secret, and enough to refuse another one. */
typedef struct DumpKeyFacts {
    char salt[DUMPKEY_HEX_CHARS + 1];  /* in hex */
    char check[DUMPKEY_HEX_CHARS + 1]; /* in hex */
} DumpKeyFacts;

bool dumpkey_is_supported(void); /* built with libsodium */

/* Reads the user's key: 32 bytes, or 64 hexadecimal digits with or without a line end. ERROR_USAGE
 * when it is anything else, or when others than its owner can read it. No message holds any of it.
 */
bool dumpkey_read(const char *path, DumpKey **key, Error *err) MUST_CHECK;
void dumpkey_free(DumpKey *key); /* wipes it; NULL is fine */

/* Prepares the key for a new dump. */
void dumpkey_begin(DumpKey *key);
/* Prepares the key for a dump that exists. ERROR_PREFLIGHT when the dump has another key. */
bool dumpkey_resume(DumpKey *key, const DumpKeyFacts *facts, Error *err) MUST_CHECK;

/* Of the dump that it is prepared for; borrowed. */
const DumpKeyFacts *dumpkey_facts(const DumpKey *key);

/* The key for one purpose within the dump, named by any bytes. For seal.c; the caller wipes it. */
void dumpkey_derive(const DumpKey *key, const void *purpose, size_t n,
                    unsigned char derived[DUMPKEY_BYTES]);

AUTO_DEFINE(DumpKey *, dumpkey_free)

#endif
