#include "copy/chunkfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include "copy/seal.h"

#define MAGIC "PGZMFILE"

enum {
    MAGIC_BYTES = 8,
    HEAD_BYTES = MAGIC_BYTES + 2 + 2 + 4,
    HEAD_MOST = HEAD_BYTES + CHUNKFILE_NAME_MOST,
    FLAG_SEALED = 1,
    FRAME_BYTES = 1 << 20, /* before compression */
    FRAME_HEAD_BYTES = 8,
    DIGEST_BYTES = CHUNKFILE_DIGEST_CHARS / 2,
    SUMS_BYTES = FRAME_HEAD_BYTES + 8 + 8, /* the tail without seal and digest */
    TAIL_MOST = SUMS_BYTES + SEAL_EXTRA_BYTES + DIGEST_BYTES,
};

struct ChunkWriter {
    int folder, fd;
    char *name, *part;
    ZSTD_CCtx *zstd;
    XXH3_state_t *digest;
    Seal *seal;      /* NULL: not encrypted */
    char *raw;       /* FRAME_BYTES */
    char *packed;    /* frame head and compressed bytes */
    char *sealed;    /* frame head and encrypted bytes; NULL: not encrypted */
    size_t capacity; /* of `packed` without the frame head */
    size_t filled;   /* of `raw` */
    int64_t bytes, stored;
    bool failed; /* what is on disk is not what the digest covers */
};

struct ChunkReader {
    int fd;
    char *name;
    ChunkInfo expected;
    ZSTD_DCtx *zstd;
    XXH3_state_t *digest;
    Seal *seal; /* NULL: not encrypted */
    char *raw, *packed;
    char *sealed;            /* a frame as it is in the file; NULL: not encrypted */
    size_t capacity;         /* of `packed` */
    size_t position, filled; /* of `raw` */
    int64_t bytes, left;     /* bytes handed out; of the file, not read yet */
    bool ended;
    bool failed;
};

/* ---- names and numbers ------------------------------------------------------------------- */

bool chunkfile_is_name(const char *name)
{
    static const char unfinished[] = ".part";
    size_t n = strlen(name), end = sizeof unfinished - 1;
    if (n == 0 || n > CHUNKFILE_NAME_MOST || name[0] == '.')
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c >= 128 || (!isalnum(c) && strchr("_-.", c) == NULL))
            return false;
    }
    return n < end || strcmp(name + n - end, unfinished) != 0;
}

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

void chunkfile_print_digest(const void *digest, char hex[CHUNKFILE_DIGEST_CHARS + 1])
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = digest;
    for (int i = 0; i < DIGEST_BYTES; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
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

/* The head up to the seal's, which has it as its context: the name and all else is bound to the
 * key. Returns its length. */
static size_t make_head(const char *name, bool sealed, char head[HEAD_MOST])
{
    size_t length = strlen(name);
    memcpy(head, MAGIC, MAGIC_BYTES);
    put(head + MAGIC_BYTES, CHUNKFILE_VERSION, 2);
    put(head + MAGIC_BYTES + 2, sealed ? FLAG_SEALED : 0, 2);
    put(head + MAGIC_BYTES + 4, length, 4);
    memcpy(head + HEAD_BYTES, name, length);
    return HEAD_BYTES + length;
}

/* ---- writing --------------------------------------------------------------------------- */

static bool disk_error(const char *what, const char *name, Error *err)
{
    int number = errno;
    error_set(err, ERROR_OTHER, "cannot %s dump file %s: %s", what, name, strerror(number));
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return error_hint(err,
                          "Free space, or name another folder; then run the command again: what "
                          "was written is taken away.");
    if (number == EIO)
        return error_hint(err, "Look at the system's log: the disk fails.");
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
            w->failed = true;
            return disk_error("write", w->name, err);
        }
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

static bool write_head(ChunkWriter *w, const DumpKey *key, Error *err)
{
    char head[HEAD_MOST];
    size_t length = make_head(w->name, key != NULL, head);
    if (!write_all(w, head, length, err))
        return false;
    if (key == NULL)
        return true;
    unsigned char header[SEAL_HEADER_BYTES];
    w->seal = seal_new(key, head, length, header);
    w->sealed = mem_alloc(FRAME_HEAD_BYTES + w->capacity + SEAL_EXTRA_BYTES);
    return write_all(w, (const char *)header, sizeof header, err);
}

bool chunkfile_create(int folder, const char *name, const DumpKey *key, int level,
                      ChunkWriter **out, Error *err)
{
    if (!chunkfile_is_name(name))
        return error_set(err, ERROR_OTHER, "%s cannot be the name of a dump file", name);
    AUTO(chunkfile_discard) ChunkWriter *w = mem_alloc(sizeof *w);
    w->folder = folder;
    w->name = mem_strdup(name);
    w->part = mem_printf("%s.part", name);
    w->fd = openat(folder, w->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (w->fd < 0) {
        disk_error("create", name, err);
        mem_free(TAKE(w->part)); /* what is there is not ours */
        return false;
    }
    if (fchmod(w->fd, 0600) != 0) /* one that a crash left may have another mode */
        return disk_error("create", name, err);
    w->zstd = ZSTD_createCCtx();
    if (w->zstd == NULL)
        abort(); /* out of memory */
    w->digest = new_digest();
    w->raw = mem_alloc(FRAME_BYTES);
    w->capacity = ZSTD_compressBound(FRAME_BYTES);
    w->packed = mem_alloc(FRAME_HEAD_BYTES + w->capacity);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
    if (!write_head(w, key, err))
        return false;
    *out = TAKE(w);
    return true;
}

static bool write_frame(ChunkWriter *w, Error *err)
{
    if (w->filled == 0)
        return true;
    char *frame = w->packed;
    size_t size = ZSTD_compress2(w->zstd, frame + FRAME_HEAD_BYTES, w->capacity, w->raw, w->filled);
    if (ZSTD_isError(size)) {
        w->failed = true;
        return error_set(err, ERROR_OTHER, "cannot compress for dump file %s: %s", w->name,
                         ZSTD_getErrorName(size));
    }
    if (w->seal != NULL)
        frame = w->sealed;
    size_t stored = w->seal != NULL ? size + SEAL_EXTRA_BYTES : size;
    put(frame, w->filled, 4);
    put(frame + 4, stored, 4);
    if (w->seal != NULL)
        seal_close(w->seal, w->packed + FRAME_HEAD_BYTES, size, frame, FRAME_HEAD_BYTES, false,
                   frame + FRAME_HEAD_BYTES);
    w->bytes += (int64_t)w->filled;
    w->filled = 0;
    return write_all(w, frame, FRAME_HEAD_BYTES + stored, err);
}

static bool check_writer(const ChunkWriter *w, Error *err)
{
    return !w->failed || error_set(err, ERROR_OTHER, "dump file %s failed before", w->name);
}

bool chunkfile_write(ChunkWriter *w, const char *bytes, size_t n, Error *err)
{
    if (!check_writer(w, err))
        return false;
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
    char tail[TAIL_MOST] = {0};
    size_t covered = SUMS_BYTES;
    put(tail + FRAME_HEAD_BYTES, (uint64_t)rows, 8);
    put(tail + FRAME_HEAD_BYTES + 8, (uint64_t)w->bytes, 8);
    if (w->seal != NULL) {
        seal_close(w->seal, NULL, 0, tail, SUMS_BYTES, true, tail + SUMS_BYTES);
        covered += SEAL_EXTRA_BYTES;
    }
    if (!write_all(w, tail, covered, err))
        return false;
    put_digest(w->digest, tail + covered);
    if (!write_all(w, tail + covered, DIGEST_BYTES, err))
        return false;
    *info = (ChunkInfo){.rows = rows, .bytes = w->bytes, .stored_bytes = w->stored};
    chunkfile_print_digest(tail + covered, info->digest);
    return true;
}

bool chunkfile_finish(ChunkWriter *writer, int64_t rows, ChunkInfo *info, Error *err)
{
    AUTO(chunkfile_discard) ChunkWriter *w = writer;
    if (!check_writer(w, err) || !write_frame(w, err) || !write_tail(w, rows, info, err))
        return false;
    while (fsync(w->fd) != 0)
        if (errno != EINTR)
            return disk_error("write", w->name, err);
    int closed = close(w->fd); /* some file systems find only here that a disk is full */
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
    seal_free(w->seal);
    mem_free(w->raw);
    mem_free(w->packed);
    mem_free(w->sealed);
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

/* The first bytes, whose place and meaning no version will change, tell who wrote the file. */
static bool check_head(const ChunkReader *r, const char head[HEAD_BYTES], bool sealed, Error *err)
{
    if (memcmp(head, MAGIC, MAGIC_BYTES) != 0)
        return refuse(r, "is not a dump file", err);
    uint64_t version = get(head + MAGIC_BYTES, 2), flags = get(head + MAGIC_BYTES + 2, 2);
    if (version > CHUNKFILE_VERSION || (flags & ~(uint64_t)FLAG_SEALED) != 0) {
        error_set(err, ERROR_PREFLIGHT, "dump file %s is of a later version", r->name);
        return error_hint(err, "Use the version of pgzm-copy that wrote it, or a later one.");
    }
    if (version < CHUNKFILE_VERSION)
        return refuse(r, "was changed", err); /* there is no older version */
    if (flags == 0 && sealed)
        return refuse(r, "is not encrypted, but should be", err);
    if (flags != 0 && !sealed) {
        error_set(err, ERROR_PREFLIGHT, "dump file %s is encrypted", r->name);
        return error_hint(err, "Name the key file that it was written with.");
    }
    if (get(head + MAGIC_BYTES + 4, 4) != strlen(r->name))
        return refuse(r, "is another one inside", err);
    return true;
}

static bool read_head(ChunkReader *r, const DumpKey *key, Error *err)
{
    char head[HEAD_MOST], due[HEAD_MOST];
    size_t length = make_head(r->name, key != NULL, due);
    if (!read_covered(r, head, HEAD_BYTES, err) || !check_head(r, head, key != NULL, err) ||
        !read_covered(r, head + HEAD_BYTES, length - HEAD_BYTES, err))
        return false;
    if (memcmp(head, due, length) != 0)
        return refuse(r, "is another one inside", err);
    if (key == NULL)
        return true;
    unsigned char header[SEAL_HEADER_BYTES];
    if (!read_covered(r, (char *)header, sizeof header, err))
        return false;
    r->seal = seal_new_for_opening(key, head, length, header);
    r->sealed = mem_alloc(r->capacity + SEAL_EXTRA_BYTES);
    return true;
}

/* Opens without looking inside. */
static bool open_file(int folder, const char *name, ChunkReader **out, Error *err)
{
    AUTO(chunkfile_close) ChunkReader *r = mem_alloc(sizeof *r);
    struct stat facts;
    r->fd = -1;
    r->name = mem_strdup(name);
    if (!chunkfile_is_name(name))
        return refuse(r, "cannot have that name", err);
    /* not blocking: a pipe in its place is refused, not waited for */
    r->fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (r->fd < 0 && errno == ENOENT)
        return refuse(r, "is missing", err);
    if (r->fd < 0 && errno == ELOOP)
        return refuse(r, "is a link", err);
    if (r->fd < 0 || fstat(r->fd, &facts) != 0)
        return disk_error("open", name, err);
    if (!S_ISREG(facts.st_mode))
        return refuse(r, "is not a file", err);
    r->left = facts.st_size;
    r->digest = new_digest();
    *out = TAKE(r);
    return true;
}

bool chunkfile_open(int folder, const char *name, const DumpKey *key, const ChunkInfo *expected,
                    ChunkReader **out, Error *err)
{
    AUTO(chunkfile_close) ChunkReader *r = NULL;
    if (!open_file(folder, name, &r, err))
        return false;
    if (r->left != expected->stored_bytes)
        return refuse(r, r->left < expected->stored_bytes ? "is cut off" : "is too long", err);
    r->expected = *expected;
    r->zstd = ZSTD_createDCtx();
    if (r->zstd == NULL)
        abort(); /* out of memory */
    r->raw = mem_alloc(FRAME_BYTES);
    r->capacity = ZSTD_compressBound(FRAME_BYTES);
    r->packed = mem_alloc(r->capacity);
    if (!read_head(r, key, err))
        return false;
    *out = TAKE(r);
    return true;
}

/* `tail` begins with the frame head, which is read already. */
static bool read_tail(ChunkReader *r, char tail[TAIL_MOST], Error *err)
{
    char digest[DIGEST_BYTES], hex[CHUNKFILE_DIGEST_CHARS + 1], nothing[1];
    size_t covered = SUMS_BYTES + (r->seal != NULL ? SEAL_EXTRA_BYTES : 0);
    if (!read_covered(r, tail + FRAME_HEAD_BYTES, covered - FRAME_HEAD_BYTES, err))
        return false;
    put_digest(r->digest, digest);
    if (!read_all(r, tail + covered, DIGEST_BYTES, err))
        return false;
    chunkfile_print_digest(digest, hex);
    if (r->left != 0 || memcmp(digest, tail + covered, DIGEST_BYTES) != 0 ||
        strcmp(hex, r->expected.digest) != 0 ||
        (int64_t)get(tail + FRAME_HEAD_BYTES, 8) != r->expected.rows ||
        (int64_t)get(tail + FRAME_HEAD_BYTES + 8, 8) != r->bytes || r->bytes != r->expected.bytes)
        return refuse(r, "was changed", err);
    if (r->seal != NULL &&
        !seal_open(r->seal, tail + SUMS_BYTES, SEAL_EXTRA_BYTES, tail, SUMS_BYTES, true, nothing))
        return refuse(r, "was changed", err);
    r->ended = true;
    return true;
}

/* The next frame, or the end. */
static bool read_frame(ChunkReader *r, Error *err)
{
    char head[TAIL_MOST];
    if (!read_covered(r, head, FRAME_HEAD_BYTES, err))
        return false;
    size_t bytes = get(head, 4), size = get(head + 4, 4);
    if (bytes == 0 && size == 0)
        return read_tail(r, head, err);
    size_t extra = r->seal != NULL ? SEAL_EXTRA_BYTES : 0;
    if (bytes == 0 || bytes > FRAME_BYTES || size < extra || size > r->capacity + extra)
        return refuse(r, "was changed", err);
    if (!read_covered(r, r->seal != NULL ? r->sealed : r->packed, size, err))
        return false;
    if (r->seal != NULL &&
        !seal_open(r->seal, r->sealed, size, head, FRAME_HEAD_BYTES, false, r->packed))
        return refuse(r, "was changed, or is encrypted with another key", err);
    size_t unpacked = ZSTD_decompressDCtx(r->zstd, r->raw, FRAME_BYTES, r->packed, size - extra);
    r->bytes += (int64_t)bytes;
    if (ZSTD_isError(unpacked) || unpacked != bytes || r->bytes > r->expected.bytes)
        return refuse(r, "was changed", err);
    r->position = 0;
    r->filled = bytes;
    return true;
}

bool chunkfile_read(ChunkReader *r, char *buffer, size_t capacity, size_t *n, Error *err)
{
    *n = 0;
    if (r->failed)
        return refuse(r, "failed before", err);
    if (r->position == r->filled && !r->ended && !read_frame(r, err)) {
        r->failed = true; /* what follows in the file has no meaning */
        return false;
    }
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
    seal_free(r->seal);
    mem_free(r->raw);
    mem_free(r->packed);
    mem_free(r->sealed);
    mem_free(r->name);
    mem_free(r);
}
