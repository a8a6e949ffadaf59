#include "copy/chunkfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#define MAGIC "PGZMFILE"

enum {
    MAGIC_BYTES = 8,
    HEAD_BYTES = MAGIC_BYTES + 2 + 2 + 4,
    FRAME_BYTES = 1 << 20, /* before compression */
    FRAME_HEAD_BYTES = 8,
    DIGEST_BYTES = 16,
    TAIL_BYTES = FRAME_HEAD_BYTES + 8 + 8 + DIGEST_BYTES,
};

struct ChunkWriter {
    int folder, fd;
    char *name, *part;
    int level;
    ZSTD_CCtx *zstd;
    XXH3_state_t *digest;
    char *raw;       /* FRAME_BYTES */
    char *packed;    /* frame head and compressed bytes */
    size_t capacity; /* of `packed` */
    size_t filled;   /* of `raw` */
    int64_t bytes, stored;
};

struct ChunkReader {
    int fd;
    char *name;
    ChunkInfo expected;
    ZSTD_DCtx *zstd;
    XXH3_state_t *digest;
    char *raw, *packed;
    size_t capacity;         /* of `packed` */
    size_t position, filled; /* of `raw` */
    int64_t bytes, left;     /* bytes handed out; of the file, not read yet */
    bool ended;
};

/* ---- numbers --------------------------------------------------------------------------- */

static void put(char *at, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (char)(number >> (8 * i));
}

static uint64_t get(const char *at, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return number;
}

static void put_digest(XXH3_state_t *state, char bytes[DIGEST_BYTES])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    memcpy(bytes, canonical.digest, DIGEST_BYTES);
}

static void print_digest(const char bytes[DIGEST_BYTES], char hex[CHUNKFILE_DIGEST_CHARS + 1])
{
    for (int i = 0; i < DIGEST_BYTES; i++) {
        static const char digits[] = "0123456789abcdef";
        hex[2 * i] = digits[(unsigned char)bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[CHUNKFILE_DIGEST_CHARS] = '\0';
}

static XXH3_state_t *new_digest(void)
{
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL)
        abort(); /* out of memory */
    XXH3_128bits_reset(state);
    return state;
}

/* ---- writing --------------------------------------------------------------------------- */

static bool disk_error(const char *what, const char *name, Error *err)
{
    int number = errno;
    error_set(err, ERROR_OTHER, "cannot %s dump file %s: %s", what, name, strerror(number));
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return error_hint(err, "Free space, or choose another folder; then run the command again.");
    return false;
}

static bool write_all(ChunkWriter *w, const char *bytes, size_t n, Error *err)
{
    XXH3_128bits_update(w->digest, bytes, n);
    w->stored += (int64_t)n;
    while (n > 0) {
        ssize_t written = write(w->fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            errno = written == 0 ? ENOSPC : errno;
            return disk_error("write", w->name, err);
        }
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

static bool write_head(ChunkWriter *w, Error *err)
{
    char head[HEAD_BYTES] = MAGIC;
    size_t length = strlen(w->name);
    put(head + MAGIC_BYTES, CHUNKFILE_VERSION, 2);
    put(head + MAGIC_BYTES + 4, length, 4);
    return write_all(w, head, sizeof head, err) && write_all(w, w->name, length, err);
}

bool chunkfile_create(int folder, const char *name, int level, ChunkWriter **out, Error *err)
{
    AUTO(chunkfile_discard) ChunkWriter *w = mem_alloc(sizeof *w);
    w->folder = folder;
    w->level = level;
    w->name = mem_strdup(name);
    w->part = mem_printf("%s.part", name);
    w->fd = openat(folder, w->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return disk_error("create", name, err);
    w->zstd = ZSTD_createCCtx();
    w->digest = new_digest();
    w->raw = mem_alloc(FRAME_BYTES);
    w->capacity = FRAME_HEAD_BYTES + ZSTD_compressBound(FRAME_BYTES);
    w->packed = mem_alloc(w->capacity);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
    if (!write_head(w, err))
        return false;
    *out = TAKE(w);
    return true;
}

static bool write_frame(ChunkWriter *w, Error *err)
{
    if (w->filled == 0)
        return true;
    size_t size = ZSTD_compress2(w->zstd, w->packed + FRAME_HEAD_BYTES,
                                 w->capacity - FRAME_HEAD_BYTES, w->raw, w->filled);
    if (ZSTD_isError(size))
        return error_set(err, ERROR_OTHER, "cannot compress for dump file %s: %s", w->name,
                         ZSTD_getErrorName(size));
    put(w->packed, w->filled, 4);
    put(w->packed + 4, size, 4);
    w->bytes += (int64_t)w->filled;
    w->filled = 0;
    return write_all(w, w->packed, FRAME_HEAD_BYTES + size, err);
}

bool chunkfile_write(ChunkWriter *w, const char *bytes, size_t n, Error *err)
{
    while (n > 0) {
        size_t room = FRAME_BYTES - w->filled;
        size_t some = n < room ? n : room;
        memcpy(w->raw + w->filled, bytes, some);
        w->filled += some;
        bytes += some;
        n -= some;
        if (w->filled == FRAME_BYTES && !write_frame(w, err))
            return false;
    }
    return true;
}

static bool write_tail(ChunkWriter *w, int64_t rows, ChunkInfo *info, Error *err)
{
    char tail[TAIL_BYTES] = {0};
    enum { COVERED = TAIL_BYTES - DIGEST_BYTES };
    put(tail + FRAME_HEAD_BYTES, (uint64_t)rows, 8);
    put(tail + FRAME_HEAD_BYTES + 8, (uint64_t)w->bytes, 8);
    if (!write_all(w, tail, COVERED, err))
        return false;
    put_digest(w->digest, tail + COVERED);
    if (!write_all(w, tail + COVERED, DIGEST_BYTES, err))
        return false;
    *info = (ChunkInfo){.rows = rows, .bytes = w->bytes, .stored_bytes = w->stored};
    print_digest(tail + COVERED, info->digest);
    return true;
}

bool chunkfile_finish(ChunkWriter *writer, int64_t rows, ChunkInfo *info, Error *err)
{
    AUTO(chunkfile_discard) ChunkWriter *w = writer;
    if (!write_frame(w, err) || !write_tail(w, rows, info, err))
        return false;
    if (fsync(w->fd) != 0)
        return disk_error("write", w->name, err);
    int closed = close(w->fd);
    w->fd = -1;
    if (closed != 0 || renameat(w->folder, w->part, w->folder, w->name) != 0)
        return disk_error("finish", w->name, err);
    mem_free(TAKE(w->part)); /* nothing to take away any more */
    return true;
}

void chunkfile_discard(ChunkWriter *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    if (w->part != NULL)
        unlinkat(w->folder, w->part, 0);
    ZSTD_freeCCtx(w->zstd);
    XXH3_freeState(w->digest);
    mem_free(w->raw);
    mem_free(w->packed);
    mem_free(w->part);
    mem_free(w->name);
    mem_free(w);
}

/* ---- reading --------------------------------------------------------------------------- */

static bool refuse(const ChunkReader *r, const char *why, Error *err)
{
    error_set(err, ERROR_PREFLIGHT, "dump file %s %s", r->name, why);
    return error_hint(err, "Copy it again from where it was written, or dump again.");
}

static bool read_all(ChunkReader *r, char *bytes, size_t n, Error *err)
{
    if ((int64_t)n > r->left)
        return refuse(r, "is cut off", err);
    r->left -= (int64_t)n;
    while (n > 0) {
        ssize_t got = read(r->fd, bytes, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return disk_error("read", r->name, err);
        if (got == 0)
            return refuse(r, "is cut off", err);
        bytes += got;
        n -= (size_t)got;
    }
    return true;
}

static bool read_covered(ChunkReader *r, char *bytes, size_t n, Error *err)
{
    if (!read_all(r, bytes, n, err))
        return false;
    XXH3_128bits_update(r->digest, bytes, n);
    return true;
}

static bool read_head(ChunkReader *r, Error *err)
{
    char head[HEAD_BYTES];
    if (!read_covered(r, head, sizeof head, err))
        return false;
    if (memcmp(head, MAGIC, MAGIC_BYTES) != 0)
        return refuse(r, "is not a dump file", err);
    if (get(head + MAGIC_BYTES, 2) > CHUNKFILE_VERSION || get(head + MAGIC_BYTES + 2, 2) != 0) {
        error_set(err, ERROR_PREFLIGHT, "dump file %s is of a later version", r->name);
        return error_hint(err, "Use the version of pgzm-copy that wrote it, or a later one.");
    }
    size_t length = strlen(r->name);
    AUTO(mem_free) char *name = mem_alloc(length + 1);
    if (get(head + MAGIC_BYTES + 4, 4) != length)
        return refuse(r, "is another one inside", err);
    if (!read_covered(r, name, length, err))
        return false;
    return memcmp(name, r->name, length) == 0 || refuse(r, "is another one inside", err);
}

bool chunkfile_open(int folder, const char *name, const ChunkInfo *expected, ChunkReader **out,
                    Error *err)
{
    AUTO(chunkfile_close) ChunkReader *r = mem_alloc(sizeof *r);
    struct stat facts;
    r->name = mem_strdup(name);
    r->expected = *expected;
    r->fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (r->fd < 0 && errno == ENOENT)
        return refuse(r, "is missing", err);
    if (r->fd < 0 || fstat(r->fd, &facts) != 0)
        return disk_error("open", name, err);
    if (!S_ISREG(facts.st_mode))
        return refuse(r, "is not a file", err);
    if (facts.st_size != expected->stored_bytes)
        return refuse(r, facts.st_size < expected->stored_bytes ? "is cut off" : "is too long",
                      err);
    r->left = facts.st_size;
    r->zstd = ZSTD_createDCtx();
    r->digest = new_digest();
    r->raw = mem_alloc(FRAME_BYTES);
    r->capacity = ZSTD_compressBound(FRAME_BYTES);
    r->packed = mem_alloc(r->capacity);
    if (!read_head(r, err))
        return false;
    *out = TAKE(r);
    return true;
}

static bool read_tail(ChunkReader *r, Error *err)
{
    char tail[TAIL_BYTES - FRAME_HEAD_BYTES];
    enum { COVERED = sizeof tail - DIGEST_BYTES };
    char digest[DIGEST_BYTES], hex[CHUNKFILE_DIGEST_CHARS + 1];
    if (!read_covered(r, tail, COVERED, err))
        return false;
    put_digest(r->digest, digest);
    if (!read_all(r, tail + COVERED, DIGEST_BYTES, err))
        return false;
    print_digest(digest, hex);
    if (r->left != 0 || memcmp(digest, tail + COVERED, DIGEST_BYTES) != 0 ||
        strcmp(hex, r->expected.digest) != 0 || (int64_t)get(tail, 8) != r->expected.rows ||
        (int64_t)get(tail + 8, 8) != r->bytes || r->bytes != r->expected.bytes)
        return refuse(r, "was changed", err);
    r->ended = true;
    return true;
}

/* The next frame, or the end. */
static bool read_frame(ChunkReader *r, Error *err)
{
    char head[FRAME_HEAD_BYTES];
    if (!read_covered(r, head, sizeof head, err))
        return false;
    size_t bytes = get(head, 4), size = get(head + 4, 4);
    if (bytes == 0 && size == 0)
        return read_tail(r, err);
    if (bytes == 0 || bytes > FRAME_BYTES || size > r->capacity)
        return refuse(r, "was changed", err);
    if (!read_covered(r, r->packed, size, err))
        return false;
    size_t unpacked = ZSTD_decompressDCtx(r->zstd, r->raw, FRAME_BYTES, r->packed, size);
    if (ZSTD_isError(unpacked) || unpacked != bytes)
        return refuse(r, "was changed", err);
    r->bytes += (int64_t)bytes;
    r->position = 0;
    r->filled = bytes;
    return true;
}

bool chunkfile_read(ChunkReader *r, char *buffer, size_t capacity, size_t *n, Error *err)
{
    *n = 0;
    if (r->position == r->filled && !r->ended && !read_frame(r, err))
        return false;
    if (r->ended)
        return true;
    size_t there = r->filled - r->position;
    *n = there < capacity ? there : capacity;
    memcpy(buffer, r->raw + r->position, *n);
    r->position += *n;
    return true;
}

void chunkfile_close(ChunkReader *r)
{
    if (r == NULL)
        return;
    if (r->fd >= 0)
        close(r->fd);
    ZSTD_freeDCtx(r->zstd);
    XXH3_freeState(r->digest);
    mem_free(r->raw);
    mem_free(r->packed);
    mem_free(r->name);
    mem_free(r);
}
