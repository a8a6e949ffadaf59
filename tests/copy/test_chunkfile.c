#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy/chunkfile.h"

typedef struct Folder {
    char path[64];
    int fd;
} Folder;

static Folder make_folder(void)
{
    Folder folder = {.path = "/tmp/pgzmtest_files_XXXXXX"};
    cr_assert_not_null(mkdtemp(folder.path));
    folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY);
    cr_assert_geq(folder.fd, 0);
    return folder;
}

static void remove_folder(Folder *folder, const char *const *names)
{
    for (; *names != NULL; names++)
        unlinkat(folder->fd, *names, 0);
    close(folder->fd);
    cr_assert_eq(rmdir(folder->path), 0, "something is left in the folder");
}

/* Bytes that do not repeat soon. */
static char *make_bytes(size_t n)
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

static ChunkInfo write_file(const Folder *folder, const char *name, const char *bytes, size_t n,
                            size_t piece)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    ChunkWriter *writer = NULL;
    ChunkInfo info = {0};
    cr_assert(chunkfile_create(folder->fd, name, NULL, 1, &writer, &err), "%s", err.message);
    for (size_t at = 0; at < n; at += piece)
        cr_assert(chunkfile_write(writer, bytes + at, n - at < piece ? n - at : piece, &err));
    cr_assert(chunkfile_finish(writer, 7, &info, &err), "%s", err.message);
    return info;
}

/* Reads to the end; what was read, owned, or NULL with the error. */
static char *read_file(const Folder *folder, const char *name, const ChunkInfo *expected, size_t *n,
                       Error *err)
{
    AUTO(chunkfile_close) ChunkReader *reader = NULL;
    AUTO(mem_free) char *all = mem_alloc((size_t)expected->bytes + 65536);
    *n = 0;
    if (!chunkfile_open(folder->fd, name, NULL, expected, &reader, err))
        return NULL;
    for (size_t got = 1; got > 0; *n += got) {
        cr_assert_leq(*n, (size_t)expected->bytes, "more than went in");
        if (!chunkfile_read(reader, all + *n, 65536 - *n % 5000, &got, err))
            return NULL;
    }
    return TAKE(all);
}

Test(chunkfile, gives_back_what_went_in)
{
    static const size_t sizes[] = {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5000000};
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        Folder folder = make_folder();
        AUTO(error_clear) Error err = ERROR_INIT;
        AUTO(mem_free) char *bytes = make_bytes(sizes[i]);
        ChunkInfo info = write_file(&folder, "t1.1", bytes, sizes[i], 70001);
        cr_assert_eq(info.rows, 7);
        cr_assert_eq(info.bytes, (int64_t)sizes[i]);
        struct stat facts;
        cr_assert_eq(fstatat(folder.fd, "t1.1", &facts, 0), 0);
        cr_assert_eq(facts.st_size, info.stored_bytes);
        cr_assert_eq(facts.st_mode & 0777, 0600);
        size_t n = 0;
        AUTO(mem_free) char *back = read_file(&folder, "t1.1", &info, &n, &err);
        cr_assert_not_null(back, "%s", err.message);
        cr_assert_eq(n, sizes[i]);
        cr_assert_eq(memcmp(back, bytes, n), 0);
        remove_folder(&folder, (const char *const[]){"t1.1", NULL});
    }
}

static void expect_refusal(const Folder *folder, const char *name, const ChunkInfo *info)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    size_t n = 0;
    AUTO(mem_free) char *back = read_file(folder, name, info, &n, &err);
    cr_assert_null(back, "a damaged file was read");
    cr_assert_eq(err.kind, ERROR_PREFLIGHT, "%s", err.message);
    cr_assert_not_null(strstr(err.message, name), "%s", err.message);
}

Test(chunkfile, notices_each_byte_that_changes)
{
    Folder folder = make_folder();
    ChunkInfo info = write_file(&folder, "t1.1", "some rows\n", 10, 3);
    int fd = openat(folder.fd, "t1.1", O_RDWR);
    for (off_t at = 0; at < info.stored_bytes; at++) {
        unsigned char byte;
        cr_assert_eq(pread(fd, &byte, 1, at), 1);
        for (int bit = 0; bit < 8; bit++) {
            unsigned char changed = (unsigned char)(byte ^ 1U << bit);
            cr_assert_eq(pwrite(fd, &changed, 1, at), 1);
            expect_refusal(&folder, "t1.1", &info);
        }
        cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
    AUTO(error_clear) Error err = ERROR_INIT;
    size_t n = 0;
    AUTO(mem_free) char *back = read_file(&folder, "t1.1", &info, &n, &err);
    cr_assert_not_null(back, "%s", err.message);
    remove_folder(&folder, (const char *const[]){"t1.1", NULL});
}

Test(chunkfile, notices_every_length_but_its_own)
{
    Folder folder = make_folder();
    ChunkInfo info = write_file(&folder, "t1.1", "some rows\n", 10, 3);
    AUTO(mem_free) char *path = mem_printf("%s/t1.1", folder.path);
    cr_assert_eq(truncate(path, info.stored_bytes + 1), 0);
    expect_refusal(&folder, "t1.1", &info);
    for (off_t length = info.stored_bytes - 1; length >= 0; length--) {
        cr_assert_eq(truncate(path, length), 0);
        expect_refusal(&folder, "t1.1", &info);
        ChunkInfo shorter = info; /* also where the table of contents was changed to fit */
        shorter.stored_bytes = length;
        expect_refusal(&folder, "t1.1", &shorter);
    }
    remove_folder(&folder, (const char *const[]){"t1.1", NULL});
}

Test(chunkfile, notices_another_file_in_its_place)
{
    Folder folder = make_folder();
    ChunkInfo one = write_file(&folder, "t1.1", "some rows\n", 10, 3);
    ChunkInfo two = write_file(&folder, "t1.2", "more rows\n", 10, 3);
    cr_assert_eq(renameat(folder.fd, "t1.2", folder.fd, "t1.1"), 0);
    expect_refusal(&folder, "t1.1", &one);
    expect_refusal(&folder, "t1.1", &two);
    expect_refusal(&folder, "t1.2", &two); /* and its absence */
    remove_folder(&folder, (const char *const[]){"t1.1", NULL});
}

Test(chunkfile, that_is_given_up_leaves_nothing)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT;
    ChunkWriter *writer = NULL;
    cr_assert(chunkfile_create(folder.fd, "t1.1", NULL, 1, &writer, &err));
    cr_assert(chunkfile_write(writer, "x", 1, &err));
    chunkfile_discard(writer);
    remove_folder(&folder, (const char *const[]){NULL});
}

Test(chunkfile, follows_no_link)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(mem_free) char *part = mem_printf("%s/t1.1.part", folder.path);
    cr_assert_eq(symlink("/dev/full", part), 0);
    ChunkWriter *writer = NULL;
    cr_assert_not(chunkfile_create(folder.fd, "t1.1", NULL, 1, &writer, &err), "a link was followed");
    cr_assert_not_null(strstr(err.message, "t1.1"), "%s", err.message);
    remove_folder(&folder, (const char *const[]){"t1.1.part", NULL});
}
