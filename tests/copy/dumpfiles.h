/*
 * dumpfiles.h - folders, bytes and keys for the tests of a dump's files.
 */
#ifndef PGZM_TESTS_COPY_DUMPFILES_H
#define PGZM_TESTS_COPY_DUMPFILES_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "copy/chunkfile.h"
#include "copy/dumpkey.h"

typedef struct Folder {
    char path[64];
    int fd;
} Folder;

static inline Folder make_folder(void)
{
    Folder folder = {.path = "/tmp/pgzmtest_files_XXXXXX"};
    cr_assert_not_null(mkdtemp(folder.path));
    folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY);
    cr_assert_geq(folder.fd, 0);
    return folder;
}

/* Nothing may be in it but the files named, which need not be there. */
static inline void remove_folder(Folder *folder, const char *const *names)
{
    for (; *names != NULL; names++)
        unlinkat(folder->fd, *names, 0);
    close(folder->fd);
    cr_assert_eq(rmdir(folder->path), 0, "something is left in the folder");
}

/* Bytes that do not repeat soon. */
static inline char *make_bytes(size_t n)
{
    char *bytes = mem_alloc(n + 1);
    uint64_t state = 88172645463325252U;
    for (size_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = (char)(state % 60 + ' ');
    }
    return bytes;
}

static inline void put_file(const Folder *folder, const char *name, const void *bytes, size_t n,
                            mode_t mode)
{
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
}

/* All bytes of a file, owned. */
static inline char *get_file(const Folder *folder, const char *name, size_t *n)
{
    struct stat facts;
    int fd = openat(folder->fd, name, O_RDONLY);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fstat(fd, &facts), 0);
    *n = (size_t)facts.st_size;
    char *bytes = mem_alloc(*n + 1);
    cr_assert_eq(read(fd, bytes, *n), (ssize_t)*n);
    close(fd);
    return bytes;
}

/* A user's key that is 32 times the byte, not prepared for a dump. */
static inline DumpKey *make_user_key(char byte)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT;
    DumpKey *key = NULL;
    char bytes[DUMPKEY_BYTES];
    memset(bytes, byte, sizeof bytes);
    put_file(&folder, "key", bytes, sizeof bytes, 0600);
    AUTO(mem_free) char *path = mem_printf("%s/key", folder.path);
    cr_assert(dumpkey_read(path, &key, &err), "%s", err.message);
    remove_folder(&folder, (const char *const[]){"key", NULL});
    return key;
}

/* A key of a new dump; NULL where the program cannot encrypt: all is then tested without. */
static inline DumpKey *make_key(void)
{
    if (!dumpkey_is_supported())
        return NULL;
    DumpKey *key = make_user_key('k');
    dumpkey_begin(key);
    return key;
}

static inline ChunkInfo write_file(const Folder *folder, const char *name, const DumpKey *key,
                                   const char *bytes, size_t n, size_t piece)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    ChunkWriter *writer = NULL;
    ChunkInfo info = {0};
    cr_assert(chunkfile_create(folder->fd, name, key, 1, &writer, &err), "%s", err.message);
    for (size_t at = 0; at < n; at += piece)
        cr_assert(chunkfile_write(writer, bytes + at, n - at < piece ? n - at : piece, &err));
    cr_assert(chunkfile_finish(writer, 7, &info, &err), "%s", err.message);
    return info;
}

/* Reads to the end; what was read, owned, or NULL with the error. */
static inline char *read_file(const Folder *folder, const char *name, const DumpKey *key,
                              const ChunkInfo *expected, size_t *n, Error *err)
{
    AUTO(chunkfile_close) ChunkReader *reader = NULL;
    AUTO(mem_free) char *all = mem_alloc((size_t)expected->bytes + 65536);
    *n = 0;
    if (!chunkfile_open(folder->fd, name, key, expected, &reader, err))
        return NULL;
    for (size_t got = 1; got > 0; *n += got) {
        cr_assert_leq(*n, (size_t)expected->bytes, "more than went in");
        if (!chunkfile_read(reader, all + *n, 65536 - *n % 5000, &got, err))
            return NULL;
    }
    return TAKE(all);
}

/* It cannot be read, and the message says which file. */
static inline void expect_refusal(const Folder *folder, const char *name, const DumpKey *key,
                                  const ChunkInfo *info, const char *why)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    size_t n = 0;
    AUTO(mem_free) char *back = read_file(folder, name, key, info, &n, &err);
    cr_assert_null(back, "it was read, though it should be refused (%s)", why);
    cr_assert_eq(err.kind, ERROR_PREFLIGHT, "%s", err.message);
    cr_assert_not_null(strstr(err.message, name), "%s", err.message);
    cr_assert_not_null(strstr(err.message, why), "'%s' instead of '%s'", err.message, why);
}

/* What somebody does who wants a changed file to look right: `file` ends in a digest of what is
 * before it, and the table of contents is made to fit. */
static inline void make_it_fit(char *file, size_t n, ChunkInfo *info)
{
    XXH128_canonical_t digest;
    XXH128_canonicalFromHash(&digest, XXH3_128bits(file, n - sizeof digest));
    memcpy(file + n - sizeof digest, &digest, sizeof digest);
    info->stored_bytes = (int64_t)n;
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(info->digest + 2 * i, 3, "%02x", (unsigned)digest.digest[i]);
}

#endif
