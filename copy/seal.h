/*
 * seal.h - a row of messages, encrypted so that none can be read, changed, left out, repeated or
 * moved, nor the last one taken for granted (libsodium's secretstream: XChaCha20 and Poly1305).
 * Knows nothing of files; where the program is built without libsodium nobody has a key, and
 * nothing here is ever called.
 *
 * Threads: a Seal belongs to one.
 */
#ifndef PGZM_COPY_SEAL_H
#define PGZM_COPY_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "copy/dumpkey.h"

enum {
    SEAL_HEADER_BYTES = 24, /* what the reader needs besides the key; no secret */
    SEAL_EXTRA_BYTES = 17,  /* by which a message grows */
};

typedef struct Seal Seal;

/* `context` is part of the key: whoever opens must know the same bytes. */
Seal *seal_new(const DumpKey *key, const void *context, size_t n,
               unsigned char header[SEAL_HEADER_BYTES]);
Seal *seal_new_for_opening(const DumpKey *key, const void *context, size_t n,
                           const unsigned char header[SEAL_HEADER_BYTES]);
void seal_free(Seal *seal); /* wipes; NULL is fine */

/* Writes n + SEAL_EXTRA_BYTES to `sealed`. `label` is not part of it but must be the same when it
 * is opened. */
void seal_close(Seal *seal, const void *message, size_t n, const void *label, size_t label_bytes,
                bool last, char *sealed);
/* Writes n - SEAL_EXTRA_BYTES to `message`. False when it is not what was sealed at this place,
 * with this label and as the last or not the last. */
bool seal_open(Seal *seal, const char *sealed, size_t n, const void *label, size_t label_bytes,
               bool last, char *message) MUST_CHECK;

/* One text, e.g. a small file: in base64, with what is needed to open it; both results are owned by
 * the caller (mem_free). `seal_open_text` gives NULL when it is not what was sealed. */
char *seal_text(const DumpKey *key, const char *context, const char *text);
char *seal_open_text(const DumpKey *key, const char *context, const char *sealed);

AUTO_DEFINE(Seal *, seal_free)

#endif
