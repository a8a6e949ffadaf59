#include "copy/seal.h"

#include <stdlib.h>

#ifdef PGZM_SODIUM
#include <sodium.h>

struct Seal {
    crypto_secretstream_xchacha20poly1305_state state;
};

_Static_assert(SEAL_HEADER_BYTES == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "seal.h");
_Static_assert(SEAL_EXTRA_BYTES == crypto_secretstream_xchacha20poly1305_ABYTES, "seal.h");
_Static_assert(DUMPKEY_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES, "dumpkey.h");

Seal *seal_new(const DumpKey *key, const void *context, size_t n,
               unsigned char header[SEAL_HEADER_BYTES])
{
    unsigned char derived[DUMPKEY_BYTES];
    Seal *seal = mem_alloc(sizeof *seal);
    dumpkey_derive(key, context, n, derived);
    crypto_secretstream_xchacha20poly1305_init_push(&seal->state, header, derived);
    sodium_memzero(derived, sizeof derived);
    return seal;
}

Seal *seal_new_for_opening(const DumpKey *key, const void *context, size_t n,
                           const unsigned char header[SEAL_HEADER_BYTES])
{
    unsigned char derived[DUMPKEY_BYTES];
    Seal *seal = mem_alloc(sizeof *seal);
    dumpkey_derive(key, context, n, derived);
    if (crypto_secretstream_xchacha20poly1305_init_pull(&seal->state, header, derived) != 0)
        abort(); /* it takes any header */
    sodium_memzero(derived, sizeof derived);
    return seal;
}

void seal_free(Seal *seal)
{
    if (seal != NULL)
        sodium_memzero(seal, sizeof *seal);
    mem_free(seal);
}

static unsigned char tag_of(bool last)
{
    return last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
}

void seal_close(Seal *seal, const void *message, size_t n, const void *label, size_t label_bytes,
                bool last, char *sealed)
{
    if (crypto_secretstream_xchacha20poly1305_push(&seal->state, (unsigned char *)sealed, NULL,
                                                   message, n, label, label_bytes,
                                                   tag_of(last)) != 0)
        abort(); /* it takes any message below 256 GiB */
}

bool seal_open(Seal *seal, const char *sealed, size_t n, const void *label, size_t label_bytes,
               bool last, char *message)
{
    unsigned char tag = 0;
    return n >= SEAL_EXTRA_BYTES &&
           crypto_secretstream_xchacha20poly1305_pull(&seal->state, (unsigned char *)message, NULL,
                                                      &tag, (const unsigned char *)sealed, n, label,
                                                      label_bytes) == 0 &&
           tag == tag_of(last);
}

#else /* without libsodium: nobody has a key */

Seal *seal_new(const DumpKey *key, const void *context, size_t n,
               unsigned char header[SEAL_HEADER_BYTES])
{
    (void)key, (void)context, (void)n, (void)header;
    abort();
}

Seal *seal_new_for_opening(const DumpKey *key, const void *context, size_t n,
                           const unsigned char header[SEAL_HEADER_BYTES])
{
    (void)key, (void)context, (void)n, (void)header;
    abort();
}

void seal_free(Seal *seal)
{
    (void)seal;
}

void seal_close(Seal *seal, const void *message, size_t n, const void *label, size_t label_bytes,
                bool last, char *sealed)
{
    (void)seal, (void)message, (void)n, (void)label, (void)label_bytes, (void)last, (void)sealed;
    abort();
}

bool seal_open(Seal *seal, const char *sealed, size_t n, const void *label, size_t label_bytes,
               bool last, char *message)
{
    (void)seal, (void)sealed, (void)n, (void)label, (void)label_bytes, (void)last, (void)message;
    abort();
}

#endif
