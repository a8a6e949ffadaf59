#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/copy/dumpfiles.h"

#define T1 ((const char *const[]){"t1.1", NULL})
#define SOME_ROWS "some rows\n", 10, 3

enum { FRAME = 1 << 20, DIGEST = 16 };

/* Both kinds of files: `with` runs through no key and a key. */
#define EACH_KEY(with)                                                                             \
    AUTO(dumpkey_free) DumpKey *own_##with = make_key();                                           \
    DumpKey *both_##with[] = {NULL, own_##with};                                                   \
    size_t n_##with = own_##with != NULL ? 2 : 1;                                                  \
    DumpKey *with = NULL;                                                                          \
    for (size_t i_##with = 0; i_##with < n_##with && (with = both_##with[i_##with], true);         \
         i_##with++)

static void round_trip(const DumpKey *key, const char *bytes, size_t n, size_t piece)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT;
    ChunkInfo info = write_file(&folder, "t1.1", key, bytes, n, piece);
    cr_assert_eq(info.rows, 7);
    cr_assert_eq(info.bytes, (int64_t)n);
    struct stat facts;
    cr_assert_eq(fstatat(folder.fd, "t1.1", &facts, 0), 0);
    cr_assert_eq(facts.st_size, info.stored_bytes);
    cr_assert_eq(facts.st_mode & 0777, 0600);
    size_t got = 0;
    AUTO(mem_free) char *back = read_file(&folder, "t1.1", key, &info, &got, &err);
    cr_assert_not_null(back, "%s", err.message);
    cr_assert_eq(got, n);
    cr_assert_eq(memcmp(back, bytes, n), 0);
    remove_folder(&folder, T1);
}

Test(chunkfile, gives_back_what_went_in)
{
    static const size_t sizes[] = {0, 1, FRAME - 1, FRAME, FRAME + 1, 5000000};
    EACH_KEY(key)
    {
        for (size_t i = 0; i < LENGTH(sizes); i++) {
            AUTO(mem_free) char *bytes = make_bytes(sizes[i]);
            round_trip(key, bytes, sizes[i], 70001);
        }
        AUTO(mem_free) char *zeros = mem_alloc(20000000);
        round_trip(key, zeros, 20000000, 20000000);
    }
}

/* What zstd cannot make smaller gets a little longer. */
Test(chunkfile, takes_bytes_that_do_not_shrink)
{
    enum { N = 3 * FRAME + 5 };
    AUTO(mem_free) char *bytes = mem_alloc(N);
    int fd = open("/dev/urandom", O_RDONLY);
    for (size_t at = 0; at < N;) {
        ssize_t got = read(fd, bytes + at, N - at);
        cr_assert_gt(got, 0);
        at += (size_t)got;
    }
    close(fd);
    EACH_KEY(key)
    round_trip(key, bytes, N, FRAME / 3);
}

Test(chunkfile, is_unreadable_without_the_key)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    Folder folder = make_folder();
    static const char text[] = "the same words, the same words, the same words";
    ChunkInfo info = write_file(&folder, "t1.1", NULL, text, sizeof text, sizeof text);
    size_t n = 0;
    AUTO(mem_free) char *plain = get_file(&folder, "t1.1", &n);
    cr_assert_not_null(memmem(plain, n, "the same words", 14),
                       "zstd hides it, the test is no good");
    expect_refusal(&folder, "t1.1", key, &info, "is not encrypted, but should be");
    info = write_file(&folder, "t1.1", key, text, sizeof text, sizeof text);
    AUTO(mem_free) char *sealed = get_file(&folder, "t1.1", &n);
    cr_assert_null(memmem(sealed, n, "the same words", 14), "the words are there to be read");
    expect_refusal(&folder, "t1.1", NULL, &info, "is encrypted");
    remove_folder(&folder, T1);
}

Test(chunkfile, is_refused_with_another_key)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    Folder folder = make_folder();
    AUTO(dumpkey_free) DumpKey *other = make_user_key('o');
    AUTO(dumpkey_free) DumpKey *other_dump = make_user_key('k'); /* the same user's key */
    dumpkey_begin(other);
    dumpkey_begin(other_dump);
    ChunkInfo info = write_file(&folder, "t1.1", key, SOME_ROWS);
    expect_refusal(&folder, "t1.1", other, &info, "another key");
    expect_refusal(&folder, "t1.1", other_dump, &info, "another key");
    info = write_file(&folder, "t1.1", key, "", 0, 1); /* has a seal though it has no frame */
    expect_refusal(&folder, "t1.1", other, &info, "was changed");
    remove_folder(&folder, T1);
}

Test(chunkfile, notices_each_bit_that_changes)
{
    Folder folder = make_folder();
    EACH_KEY(key)
    {
        AUTO(error_clear) Error err = ERROR_INIT;
        ChunkInfo info = write_file(&folder, "t1.1", key, SOME_ROWS);
        int fd = openat(folder.fd, "t1.1", O_RDWR);
        for (off_t at = 0; at < info.stored_bytes; at++) {
            unsigned char byte;
            cr_assert_eq(pread(fd, &byte, 1, at), 1);
            for (int bit = 0; bit < 8; bit++) {
                unsigned char changed = (unsigned char)(byte ^ 1U << bit);
                cr_assert_eq(pwrite(fd, &changed, 1, at), 1);
                expect_refusal(&folder, "t1.1", key, &info, "");
            }
            cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
        }
        close(fd);
        size_t n = 0;
        AUTO(mem_free) char *back = read_file(&folder, "t1.1", key, &info, &n, &err);
        cr_assert_not_null(back, "%s", err.message);
    }
    remove_folder(&folder, T1);
}

/* A digest that fits is no help against a key. */
Test(chunkfile, notices_each_bit_that_somebody_changes)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    Folder folder = make_folder();
    ChunkInfo info = write_file(&folder, "t1.1", key, SOME_ROWS);
    size_t n = 0;
    AUTO(mem_free) char *file = get_file(&folder, "t1.1", &n);
    for (size_t at = 0; at < n - DIGEST; at++) {
        for (int bit = 0; bit < 8; bit++) {
            ChunkInfo fitting = info;
            file[at] = (char)(file[at] ^ 1 << bit);
            make_it_fit(file, n, &fitting);
            put_file(&folder, "t1.1", file, n, 0600);
            expect_refusal(&folder, "t1.1", key, &fitting, "");
            file[at] = (char)(file[at] ^ 1 << bit);
        }
    }
    make_it_fit(file, n, &info);
    put_file(&folder, "t1.1", file, n, 0600);
    AUTO(error_clear) Error err = ERROR_INIT;
    size_t got = 0;
    AUTO(mem_free) char *back = read_file(&folder, "t1.1", key, &info, &got, &err);
    cr_assert_not_null(back, "%s", err.message);
    remove_folder(&folder, T1);
}

Test(chunkfile, notices_every_length_but_its_own)
{
    Folder folder = make_folder();
    AUTO(mem_free) char *path = mem_printf("%s/t1.1", folder.path);
    EACH_KEY(key)
    {
        ChunkInfo info = write_file(&folder, "t1.1", key, SOME_ROWS);
        cr_assert_eq(truncate(path, info.stored_bytes + 1), 0);
        expect_refusal(&folder, "t1.1", key, &info, "is too long");
        ChunkInfo other = info; /* also where the table of contents was changed to fit */
        other.stored_bytes++;
        expect_refusal(&folder, "t1.1", key, &other, "was changed");
        for (off_t length = info.stored_bytes - 1; length >= 0; length--) {
            cr_assert_eq(truncate(path, length), 0);
            expect_refusal(&folder, "t1.1", key, &info, "is cut off");
            other.stored_bytes = length;
            expect_refusal(&folder, "t1.1", key, &other, "is cut off");
        }
    }
    remove_folder(&folder, T1);
}

/* A file of three frames, taken apart. */
typedef struct Parts {
    char *file; /* owned */
    size_t n;
    size_t start[5]; /* of the frames and of the tail; where the file ends */
} Parts;

static Parts take_apart(const Folder *folder, const DumpKey *key, ChunkInfo *info)
{
    AUTO(mem_free) char *bytes = make_bytes(2 * FRAME + 1000);
    Parts parts = {0};
    *info = write_file(folder, "t1.1", key, bytes, 2 * FRAME + 1000, FRAME);
    parts.file = get_file(folder, "t1.1", &parts.n);
    parts.start[0] = 16 + strlen("t1.1") + (key != NULL ? 24 : 0);
    for (int i = 0; i < 3; i++) {
        uint32_t size;
        memcpy(&size, parts.file + parts.start[i] + 4, sizeof size);
        parts.start[i + 1] = parts.start[i] + 8 + size;
    }
    parts.start[4] = parts.n;
    cr_assert_eq(parts.n - parts.start[3], 24 + 16 + (key != NULL ? 17 : 0));
    return parts;
}

/* The head, those frames, and the tail (3), with a digest that fits. */
static void put_together(const Folder *folder, const Parts *parts, const int *order, size_t count,
                         ChunkInfo *info)
{
    AUTO(mem_free) char *file = mem_alloc(2 * parts->n);
    size_t n = parts->start[0];
    memcpy(file, parts->file, n);
    for (size_t i = 0; i < count; i++) {
        size_t from = parts->start[order[i]], size = parts->start[order[i] + 1] - from;
        memcpy(file + n, parts->file + from, size);
        n += size;
    }
    make_it_fit(file, n, info);
    put_file(folder, "t1.1", file, n, 0600);
}

Test(chunkfile, notices_frames_that_are_moved_or_missing_or_there_twice)
{
    static const struct {
        int order[5];
        size_t count;
        bool plain_too; /* the sums give it away without a key */
    } cases[] = {
        {{1, 0, 2, 3}, 4, false}, {{0, 2, 3}, 3, true},       {{0, 1, 1, 2, 3}, 5, true},
        {{0, 0, 2, 3}, 4, false}, {{0, 1, 2, 3, 3}, 5, true}, {{3}, 1, true},
        {{0, 1, 2}, 3, true},     {{0, 1, 3}, 3, true},
    };
    Folder folder = make_folder();
    EACH_KEY(key)
    {
        ChunkInfo info = {0};
        Parts parts = take_apart(&folder, key, &info);
        AUTO(error_clear) Error err = ERROR_INIT;
        size_t n = 0;
        put_together(&folder, &parts, (const int[]){0, 1, 2, 3}, 4, &info);
        AUTO(mem_free) char *back = read_file(&folder, "t1.1", key, &info, &n, &err);
        cr_assert_not_null(back, "%s", err.message);
        for (size_t i = 0; i < LENGTH(cases); i++) {
            ChunkInfo fitting = info;
            put_together(&folder, &parts, cases[i].order, cases[i].count, &fitting);
            if (key != NULL || cases[i].plain_too)
                expect_refusal(&folder, "t1.1", key, &fitting, "");
            expect_refusal(&folder, "t1.1", key, &info, ""); /* the table of contents as it was */
        }
        mem_free(parts.file);
    }
    remove_folder(&folder, T1);
}

Test(chunkfile, notices_another_file_in_its_place)
{
    EACH_KEY(key)
    {
        Folder folder = make_folder();
        ChunkInfo one = write_file(&folder, "t1.1", key, SOME_ROWS);
        ChunkInfo two = write_file(&folder, "t1.2", key, "more rows\n", 10, 3);
        cr_assert_eq(renameat(folder.fd, "t1.2", folder.fd, "t1.1"), 0);
        expect_refusal(&folder, "t1.1", key, &one, "is another one inside");
        expect_refusal(&folder, "t1.1", key, &two, "is another one inside");
        expect_refusal(&folder, "t1.2", key, &two, "is missing");
        remove_folder(&folder, T1);
    }
}

/* The name is part of what is sealed. */
Test(chunkfile, notices_another_file_that_was_given_its_name)
{
    AUTO(dumpkey_free) DumpKey *key = make_key();
    if (key == NULL)
        return;
    Folder folder = make_folder();
    ChunkInfo info = write_file(&folder, "t1.2", key, SOME_ROWS);
    size_t n = 0;
    AUTO(mem_free) char *file = get_file(&folder, "t1.2", &n);
    memcpy(file + 16, "t1.1", 4);
    make_it_fit(file, n, &info);
    put_file(&folder, "t1.1", file, n, 0600);
    expect_refusal(&folder, "t1.1", key, &info, "was changed");
    remove_folder(&folder, (const char *const[]){"t1.1", "t1.2", NULL});
}

Test(chunkfile, of_a_later_version_is_refused_as_such)
{
    Folder folder = make_folder();
    ChunkInfo info = write_file(&folder, "t1.1", NULL, SOME_ROWS), later = info;
    size_t n = 0;
    AUTO(mem_free) char *file = get_file(&folder, "t1.1", &n);
    file[8] = CHUNKFILE_VERSION + 1;
    make_it_fit(file, n, &later);
    put_file(&folder, "t1.1", file, n, 0600);
    expect_refusal(&folder, "t1.1", NULL, &later, "is of a later version");
    file[8] = CHUNKFILE_VERSION;
    file[10] = 2; /* a flag that is not known */
    make_it_fit(file, n, &later);
    put_file(&folder, "t1.1", file, n, 0600);
    expect_refusal(&folder, "t1.1", NULL, &later, "is of a later version");
    memcpy(file, "PGDMP", 5);
    put_file(&folder, "t1.1", file, n, 0600);
    expect_refusal(&folder, "t1.1", NULL, &later, "is not a dump file");
    remove_folder(&folder, T1);
}

Test(chunkfile, must_be_a_file_and_not_a_link_or_a_pipe)
{
    Folder folder = make_folder();
    ChunkInfo info = write_file(&folder, "t1.2", NULL, SOME_ROWS);
    cr_assert_eq(symlinkat("t1.2", folder.fd, "t1.1"), 0);
    expect_refusal(&folder, "t1.1", NULL, &info, "is a link");
    unlinkat(folder.fd, "t1.1", 0);
    cr_assert_eq(mkfifoat(folder.fd, "t1.1", 0600), 0);
    expect_refusal(&folder, "t1.1", NULL, &info, "is not a file");
    remove_folder(&folder, (const char *const[]){"t1.1", "t1.2", NULL});
}

Test(chunkfile, has_a_name_that_stays_in_the_folder)
{
    static const char *const good[] = {"t1.1", "catalog", "a", "T-2_x.y"};
    static const char *const bad[] = {"",        ".",   "..",   ".t",   "../t", "/t",      "a/b",
                                      "t1.part", "a b", "a\nb", "a\\b", "é",    "t\x7f.1", "t*"};
    AUTO(mem_free) char *longest = mem_alloc(CHUNKFILE_NAME_MOST + 2);
    memset(longest, 'x', CHUNKFILE_NAME_MOST);
    for (size_t i = 0; i < LENGTH(good); i++)
        cr_assert(chunkfile_is_name(good[i]), "%s", good[i]);
    for (size_t i = 0; i < LENGTH(bad); i++)
        cr_assert_not(chunkfile_is_name(bad[i]), "%s", bad[i]);
    cr_assert(chunkfile_is_name(longest));
    longest[CHUNKFILE_NAME_MOST] = 'x';
    cr_assert_not(chunkfile_is_name(longest));
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT;
    ChunkWriter *writer = NULL;
    cr_assert_not(chunkfile_create(folder.fd, "../t", NULL, 1, &writer, &err));
    remove_folder(&folder, (const char *const[]){NULL});
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

Test(chunkfile, follows_no_link_when_it_is_written)
{
    Folder folder = make_folder();
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(mem_free) char *part = mem_printf("%s/t1.1.part", folder.path);
    cr_assert_eq(symlink("/dev/full", part), 0);
    ChunkWriter *writer = NULL;
    cr_assert_not(chunkfile_create(folder.fd, "t1.1", NULL, 1, &writer, &err), "it was followed");
    cr_assert_not_null(strstr(err.message, "t1.1"), "%s", err.message);
    remove_folder(&folder, (const char *const[]){"t1.1.part", NULL});
}

Test(chunkfile, closes_to_others_what_a_crash_left_open)
{
    Folder folder = make_folder();
    struct stat facts;
    put_file(&folder, "t1.1.part", "left by a crash, and longer than what will follow it", 52,
             0666);
    ChunkInfo info = write_file(&folder, "t1.1", NULL, SOME_ROWS);
    cr_assert_eq(fstatat(folder.fd, "t1.1", &facts, 0), 0);
    cr_assert_eq(facts.st_mode & 0777, 0600);
    cr_assert_eq(facts.st_size, info.stored_bytes);
    remove_folder(&folder, T1);
}

/* Writes until it fails, which it does with `reason` and a hint; then the writer stays failed, and
 * nothing of the file is left. */
static void fill(const Folder *folder, int reason)
{
    AUTO(error_clear) Error err = ERROR_INIT, again = ERROR_INIT, end = ERROR_INIT;
    ChunkWriter *writer = NULL;
    ChunkInfo info = {0};
    AUTO(mem_free) char *bytes = make_bytes(FRAME);
    cr_assert(chunkfile_create(folder->fd, "t1.1", NULL, 1, &writer, &err), "%s", err.message);
    for (int i = 0; i < 20 && err.kind == ERROR_NONE; i++)
        (void)!chunkfile_write(writer, bytes, FRAME, &err);
    cr_assert_eq(err.kind, ERROR_OTHER, "20 MB fit in");
    cr_assert_not_null(strstr(err.message, "t1.1"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, strerror(reason)), "%s", err.message);
    cr_assert_not_null(strstr(err.hint, "Free space"), "%s", err.hint);
    cr_assert_not(chunkfile_write(writer, "x", 1, &again), "it went on after a hole");
    cr_assert_not(chunkfile_finish(writer, 7, &info, &end), "a file with a hole was finished");
}

static void ignore_signal(int number)
{
    (void)number;
}

Test(chunkfile, that_grows_too_long_is_an_error_and_leaves_nothing)
{
    Folder folder = make_folder();
    const struct rlimit limit = {.rlim_cur = 3000000, .rlim_max = 3000000};
    signal(SIGXFSZ, ignore_signal);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fill(&folder, EFBIG);
    remove_folder(&folder, (const char *const[]){NULL});
}

Test(chunkfile, on_a_full_disk_is_an_error_and_leaves_nothing)
{
    Folder folder = make_folder();
    if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("pgzmtest", folder.path, "tmpfs", 0, "size=4m") != 0) {
        cr_log_info("no file system of our own can be mounted here: %s", strerror(errno));
        remove_folder(&folder, (const char *const[]){NULL});
        return;
    }
    Folder full = {.fd = open(folder.path, O_RDONLY | O_DIRECTORY)};
    cr_assert_geq(full.fd, 0);
    fill(&full, ENOSPC);
    cr_assert_neq(faccessat(full.fd, "t1.1", F_OK, 0), 0, "half a file has its name");
    cr_assert_neq(faccessat(full.fd, "t1.1.part", F_OK, 0), 0, "something is left");
    close(full.fd);
    cr_assert_eq(umount(folder.path), 0);
    remove_folder(&folder, (const char *const[]){NULL});
}

Test(chunkfile, that_failed_to_be_read_stays_so)
{
    Folder folder = make_folder();
    ChunkInfo info = write_file(&folder, "t1.1", NULL, SOME_ROWS);
    size_t n = 0;
    AUTO(mem_free) char *file = get_file(&folder, "t1.1", &n);
    file[30] ^= 1;
    put_file(&folder, "t1.1", file, n, 0600);
    AUTO(chunkfile_close) ChunkReader *reader = NULL;
    AUTO(error_clear) Error err = ERROR_INIT, again = ERROR_INIT;
    char buffer[100];
    cr_assert(chunkfile_open(folder.fd, "t1.1", NULL, &info, &reader, &err), "%s", err.message);
    cr_assert_not(chunkfile_read(reader, buffer, sizeof buffer, &n, &err));
    cr_assert_not(chunkfile_read(reader, buffer, sizeof buffer, &n, &again));
    remove_folder(&folder, T1);
}

/* A head and a tail that promise more than there is cost no memory and are refused. */
Test(chunkfile, that_promises_too_much_is_refused)
{
    static const unsigned char heads[][8] = {
        {0xff, 0xff, 0xff, 0xff, 10},
        {10, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
        {1, 0, 0x10, 0, 30},
        {0, 0, 0, 0, 30},
        {30, 0, 0, 0, 0},
    };
    Folder folder = make_folder();
    for (size_t i = 0; i < LENGTH(heads); i++) {
        ChunkInfo info = write_file(&folder, "t1.1", NULL, SOME_ROWS);
        size_t n = 0;
        AUTO(mem_free) char *file = get_file(&folder, "t1.1", &n);
        memcpy(file + 20, heads[i], 8);
        make_it_fit(file, n, &info);
        put_file(&folder, "t1.1", file, n, 0600);
        expect_refusal(&folder, "t1.1", NULL, &info, "");
    }
    remove_folder(&folder, T1);
}
