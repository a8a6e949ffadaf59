#include "tests/copy/dumpfiles.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

/* Reads a key file of these bytes and this mode. */
static bool read_key(const void *bytes, size_t n, mode_t mode, DumpKey **key, Error *err)
{
    Folder folder = make_folder();
    AUTO(mem_free) char *path = mem_printf("%s/key", folder.path);
    put_file(&folder, "key", bytes, n, mode);
    bool ok = dumpkey_read(path, key, err);
    cr_assert(ok || strstr(err->message, path) != NULL, "%s", err->message);
    remove_folder(&folder, (const char *const[]){"key", NULL});
    return ok;
}

static void expect_no_key(const void *bytes, size_t n, mode_t mode, const char *why)
{
    AUTO(dumpkey_free) DumpKey *key = NULL;
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_not(read_key(bytes, n, mode, &key, &err), "taken, though: %s", why);
    cr_assert_eq(err.kind, ERROR_USAGE);
    cr_assert_not_null(err.hint);
    if (dumpkey_is_supported())
        cr_assert_not_null(strstr(err.message, why), "'%s' instead of '%s'", err.message, why);
    cr_assert_null(strstr(err.message, "00010203"), "the key is told");
    cr_assert_null(key);
}

/* The check value of the key in these bytes, for a salt that stays the same. */
static void check_value(const void *bytes, size_t n, const char *salt, DumpKeyFacts *facts)
{
    AUTO(dumpkey_free) DumpKey *key = NULL;
    AUTO(error_clear) Error err = ERROR_INIT, expected = ERROR_INIT;
    cr_assert(read_key(bytes, n, 0600, &key, &err), "%s", err.message);
    *facts = (DumpKeyFacts){.check = "no check value"};
    memcpy(facts->salt, salt, strlen(salt) + 1);
    cr_assert_not(dumpkey_resume(key, facts, &expected));
    *facts = *dumpkey_facts(key);
}

Test(dumpkey, is_said_to_be_missing_where_the_program_is_built_without)
{
    AUTO(dumpkey_free) DumpKey *key = NULL;
    AUTO(error_clear) Error err = ERROR_INIT;
    bool ok = read_key(HEX, 64, 0600, &key, &err);
    cr_assert_eq(ok, dumpkey_is_supported());
    if (ok)
        return;
    cr_assert_not_null(strstr(err.message, "built without encryption"), "%s", err.message);
    cr_assert_not_null(strstr(err.hint, "PGZM_SODIUM"), "%s", err.hint);
}

Test(dumpkey, is_32_bytes_or_64_digits)
{
    if (!dumpkey_is_supported())
        return;
    static const char *const texts[] = {HEX, HEX "\n", HEX "\r\n"};
    unsigned char bytes[DUMPKEY_BYTES];
    DumpKeyFacts raw, other;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    check_value(bytes, sizeof bytes, "00112233445566778899aabbccddeeff", &raw);
    for (size_t i = 0; i < LENGTH(texts); i++) {
        check_value(texts[i], strlen(texts[i]), "00112233445566778899aabbccddeeff", &other);
        cr_assert_str_eq(other.check, raw.check);
    }
    bytes[31] ^= 1;
    check_value(bytes, sizeof bytes, "00112233445566778899aabbccddeeff", &other);
    cr_assert_str_neq(other.check, raw.check, "another key is told by nothing");
    bytes[31] ^= 1;
    check_value(bytes, sizeof bytes, "10112233445566778899aabbccddeeff", &other);
    cr_assert_str_neq(other.check, raw.check, "every dump has the same key");
}

/* What is in FORMAT.md is enough to open a dump in ten years. */
Test(dumpkey, has_a_check_value_that_never_changes)
{
    if (!dumpkey_is_supported())
        return;
    DumpKeyFacts facts;
    check_value(HEX, 64, "00112233445566778899aabbccddeeff", &facts);
    cr_assert_str_eq(facts.check, "b707a6dffe8c5eb1ca80b7b6e4c9b511", "%s", facts.check);
}

Test(dumpkey, is_nothing_else)
{
    static const char neither[] = "neither 32 bytes nor 64 hexadecimal digits";
    expect_no_key("", 0, 0600, neither);
    expect_no_key("secret\n", 7, 0600, neither);
    expect_no_key(HEX, 31, 0600, neither);
    expect_no_key(HEX, 33, 0600, neither);
    expect_no_key(HEX, 63, 0600, neither);
    expect_no_key(HEX "0", 65, 0600, neither);
    expect_no_key(HEX "\n\n\n", 67, 0600, neither);
    expect_no_key(HEX HEX, 128, 0600, neither);
    AUTO(mem_free) char *text = mem_strdup(HEX);
    text[40] = 'g';
    expect_no_key(text, 64, 0600, neither);
    text[40] = '\0';
    expect_no_key(text, 64, 0600, neither);
}

Test(dumpkey, is_for_nobody_elses_eyes)
{
    static const mode_t modes[] = {0604, 0606, 0644, 0620, 0660 | 0020, 0666, 0777, 0601};
    for (size_t i = 0; i < LENGTH(modes); i++)
        expect_no_key(HEX, 64, modes[i], "can be read or written by others");
    if (geteuid() != 0) /* root's own may be shared with a group, as with libpq */
        expect_no_key(HEX, 64, 0640, "can be read or written by others");
}

Test(dumpkey, must_be_there_and_a_file)
{
    AUTO(error_clear) Error err = ERROR_INIT, folder = ERROR_INIT;
    DumpKey *key = NULL;
    cr_assert_not(dumpkey_read("/nonexistent/key", &key, &err));
    cr_assert_eq(err.kind, ERROR_USAGE);
    cr_assert_not_null(strstr(err.message, "/nonexistent/key"), "%s", err.message);
    cr_assert_not(dumpkey_read("/", &key, &folder));
    cr_assert_eq(folder.kind, ERROR_USAGE);
}

Test(dumpkey, can_come_through_a_pipe_in_pieces)
{
    if (!dumpkey_is_supported())
        return;
    AUTO(dumpkey_free) DumpKey *key = NULL;
    AUTO(error_clear) Error err = ERROR_INIT;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 64; i++) {
            if (write(ends[1], &HEX[i], 1) != 1)
                _exit(1);
            usleep(100);
        }
        _exit(0);
    }
    close(ends[1]);
    AUTO(mem_free) char *path = mem_printf("/dev/fd/%d", ends[0]);
    cr_assert(dumpkey_read(path, &key, &err), "%s", err.message);
    close(ends[0]);
}

Test(dumpkey, opens_its_own_dump_and_no_other)
{
    if (!dumpkey_is_supported())
        return;
    AUTO(error_clear) Error err = ERROR_INIT, other = ERROR_INIT, strange = ERROR_INIT;
    AUTO(dumpkey_free) DumpKey *key = make_key();
    AUTO(dumpkey_free) DumpKey *again = make_user_key('k');
    AUTO(dumpkey_free) DumpKey *wrong = make_user_key('w');
    cr_assert(dumpkey_resume(again, dumpkey_facts(key), &err), "%s", err.message);
    cr_assert_not(dumpkey_resume(wrong, dumpkey_facts(key), &other));
    cr_assert_eq(other.kind, ERROR_PREFLIGHT);
    cr_assert_not_null(strstr(other.message, "another key"), "%s", other.message);
    DumpKeyFacts facts = *dumpkey_facts(key);
    facts.salt[3] = 'x';
    cr_assert_not(dumpkey_resume(again, &facts, &strange));
    cr_assert_not_null(strstr(strange.message, "salt"), "%s", strange.message);
}
