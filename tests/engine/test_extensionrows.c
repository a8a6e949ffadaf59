/* Rows of extensions' own tables: those of the source for an extension that the migration makes;
 * those of the destination where the extension is already. */
#include <stdio.h>
#include <unistd.h>

#include "tests/engine/handle.h"

/* A table that belongs to an extension as pg_extension_config_dump would have it. */
#define OWNED(table, condition)                                                                    \
    "ALTER EXTENSION citext ADD TABLE " table ";"                                                  \
    "UPDATE pg_extension SET extconfig = extconfig || '" table "'::regclass::oid,"                 \
    " extcondition = extcondition || '" condition "'::text WHERE extname = 'citext';"

#define CONF                                                                                       \
    "CREATE EXTENSION citext; CREATE TABLE conf (k text PRIMARY KEY, own bool);"                   \
    "INSERT INTO conf VALUES ('a', true), ('b', true);" OWNED("conf", "WHERE own")

static bool warned(const Seen *seen, const char *what)
{
    return strstr(str_text(&seen->warnings), what) != NULL;
}

Test(server_extensionrows, that_are_the_same_are_not_named)
{
    Pair pair = pair_open();
    test_sql(&pair.source, CONF "INSERT INTO conf VALUES ('given', false)");
    test_sql(&pair.dest, CONF);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    pgzm_set(pgzm, PGZM_REQUIRE_COMPLETE, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert(!warned(&seen, "rows of an extension"), "%s", str_text(&seen.warnings));
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(k, ' ' ORDER BY k) FROM conf", "a b");
}

Test(server_extensionrows, of_an_extension_that_is_there_stay_and_are_named)
{
    Pair pair = pair_open();
    test_sql(&pair.source, CONF "UPDATE conf SET k = 'c' WHERE k = 'b'");
    test_sql(&pair.dest, CONF);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert(warned(&seen, "not carried over: rows of an extension's table citext: public.conf"),
              "%s", str_text(&seen.warnings));
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(k, ' ' ORDER BY k) FROM conf", "a b");
    pgzm_set(pgzm, PGZM_REQUIRE_COMPLETE, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_PREFLIGHT);
}

Test(server_extensionrows, without_a_table_in_the_made_extension_are_named)
{
    Pair pair = pair_open();
    test_sql(&pair.source, CONF);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert(warned(&seen, "citext: public.conf (the destination's extension has no such table)"),
              "%s", str_text(&seen.warnings));
    EXPECT_VALUE(&pair.dest, "SELECT to_regclass('conf')", "(null)");
}

/* ---- an extension of the test's own ---------------------------------------------------- */

static const char control[] = "default_version = '1'\nrelocatable = false\n";

/* The child's table comes first in the list; the script gives a row that the user may drop. */
static const char script[] =
    "CREATE TABLE parent (id int PRIMARY KEY, own bool NOT NULL DEFAULT true, note text,"
    " twice int GENERATED ALWAYS AS (id * 2) STORED);\n"
    "CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent);\n"
    "CREATE SEQUENCE counter;\n"
    "INSERT INTO parent VALUES (1, false, 'given'), (2, true, 'by default');\n"
    "SELECT pg_extension_config_dump('child', '');\n"
    "SELECT pg_extension_config_dump('counter', '');\n"
    "SELECT pg_extension_config_dump('parent', 'WHERE own');\n";

#define EXTENSION_NAME "pgzmtest_rows"

/* Renamed when it is whole: other tests' servers read the folder at any time. For the same reason
 * it is not removed here, but by tests/run.sh. */
static bool write_file(const char *folder, const char *name, const char *content)
{
    AUTO(mem_free) char *path = mem_printf("%s/%s", folder, name);
    AUTO(mem_free) char *part = mem_printf("%s.%d", path, (int)getpid());
    FILE *file = fopen(part, "w");
    if (file == NULL)
        return false;
    bool written = fputs(content, file) >= 0;
    return fclose(file) == 0 && written && rename(part, path) == 0;
}

/* False when this process may not write where the server looks for extensions. */
static bool make_extension(const TestDatabase *database)
{
    AUTO(mem_free)
    char *folder = test_value(database, "SELECT setting || '/extension' FROM pg_config() WHERE"
                                        " name = 'SHAREDIR'");
    return write_file(folder, EXTENSION_NAME "--1.sql", script) &&
           write_file(folder, EXTENSION_NAME ".control", control);
}

Test(server_extensionrows, come_with_an_extension_that_the_migration_makes)
{
    Pair pair = pair_open();
    if (!make_extension(&pair.source))
        cr_skip_test("the folder of the server's extensions is not writable");
    AUTO(mem_free)
    char *create = mem_printf("CREATE SCHEMA ext; CREATE EXTENSION %s SCHEMA ext", EXTENSION_NAME);
    test_sql(&pair.source, create);
    test_sql(&pair.source, "DELETE FROM ext.parent WHERE id = 2;"
                           "INSERT INTO ext.parent VALUES (3, true, E'a\\tb\\\\'), (4, true, NULL);"
                           "INSERT INTO ext.child VALUES (1, 3), (2, 4), (3, 1);"
                           "SELECT setval('ext.counter', 77, false)");
    static const char rows[] =
        "SELECT (SELECT string_agg(p::text, ';' ORDER BY id) FROM ext.parent p) ||"
        " (SELECT string_agg(c::text, ';' ORDER BY id) FROM ext.child c) ||"
        " (SELECT (last_value, is_called)::text FROM ext.counter)";
    AUTO(mem_free) char *expected = test_value(&pair.source, rows);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    pgzm_set(pgzm, PGZM_REQUIRE_COMPLETE, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, rows, expected);
    cr_assert(!warned(&seen, "rows of an extension"), "%s", str_text(&seen.warnings));
}

Test(server_extensionrows, that_the_made_extension_refuses_are_named_and_the_rest_goes_on)
{
    Pair pair = pair_open();
    if (!make_extension(&pair.source))
        cr_skip_test("the folder of the server's extensions is not writable");
    AUTO(mem_free)
    char *create = mem_printf("CREATE SCHEMA ext; CREATE EXTENSION %s SCHEMA ext;"
                              "INSERT INTO ext.parent VALUES (7, false);"
                              "INSERT INTO ext.child VALUES (1, 7)",
                              EXTENSION_NAME);
    test_sql(&pair.source, create); /* the parent is not the user's, and not in the new extension */
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert(warned(&seen, "ext.child ("), "%s", str_text(&seen.warnings));
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM ext.parent", "1 2");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer", "200");
}

/* COPY would run a program for it, on the source. */
Test(server_extensionrows, whose_condition_closes_the_query_are_not_read)
{
    Pair pair = pair_open();
    if (!make_extension(&pair.source))
        cr_skip_test("the folder of the server's extensions is not writable");
    AUTO(mem_free)
    char *create = mem_printf("CREATE SCHEMA ext; CREATE EXTENSION %s SCHEMA ext; UPDATE"
                              " pg_extension SET extcondition[3] = 'WHERE true) TO PROGRAM"
                              " ''touch pgzmtest_mark'' --' WHERE extname = '%s'",
                              EXTENSION_NAME, EXTENSION_NAME);
    test_sql(&pair.source, create);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    /* in the data directory, where a server runs its programs */
    EXPECT_VALUE(&pair.source, "SELECT pg_stat_file('pgzmtest_mark', true) IS NULL", "t");
    cr_assert(warned(&seen, "ext.parent ("), "%s", str_text(&seen.warnings));
}
