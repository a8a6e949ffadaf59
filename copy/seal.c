#include "copy/seal.h"

#include <stdlib.h>
#include <string.h>

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

char *seal_text(const DumpKey *key, const char *context, const char *text)
{
    size_t n = strlen(text), bytes = SEAL_HEADER_BYTES + n + SEAL_EXTRA_BYTES;
    size_t chars = sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_ORIGINAL);
    AUTO(mem_free) unsigned char *sealed = mem_alloc(bytes);
    char *base64 = mem_alloc(chars);
    AUTO(seal_free) Seal *seal = seal_new(key, context, strlen(context), sealed);
    seal_close(seal, text, n, NULL, 0, true, (char *)sealed + SEAL_HEADER_BYTES);
    return sodium_bin2base64(base64, chars, sealed, bytes, sodium_base64_VARIANT_ORIGINAL);
}

char *seal_open_text(const DumpKey *key, const char *context, const char *sealed)
{
    size_t chars = strlen(sealed), bytes = 0;
    AUTO(mem_free) unsigned char *decoded = mem_alloc(chars + 1);
    if (sodium_base642bin(decoded, chars, sealed, chars, NULL, &bytes, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        bytes < SEAL_HEADER_BYTES + SEAL_EXTRA_BYTES)
        return NULL;
    AUTO(seal_free) Seal *seal = seal_new_for_opening(key, context, strlen(context), decoded);
    AUTO(mem_free) char *text = mem_alloc(bytes + 1);
    return seal_open(seal, (const char *)decoded + SEAL_HEADER_BYTES, bytes - SEAL_HEADER_BYTES,
                     NULL, 0, true, text)
               ? TAKE(text)
               : NULL;
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

char *seal_text(const DumpKey *key, const char *context, const char *text)
{
    (void)key, (void)context, (void)text;
    abort();
}

char *seal_open_text(const DumpKey *key, const char *context, const char *sealed)
{
    (void)key, (void)context, (void)sealed;
    abort();
}

#endif
