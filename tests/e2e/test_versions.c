/* From one version of PostgreSQL to another: run once for each pair (tests/harness/matrix.sh). */
#include <stdlib.h>

#include "tests/e2e/shop.h"

static const CompareScope everything;

static int version_of(const TestDatabase *database)
{
    AUTO(mem_free) char *number = test_value(database, "SHOW server_version_num");
    return atoi(number);
}

/* What source and destination may be: `before` is first in the destination's version. */
typedef struct Hurdle {
    int since;          /* the source's version must be this or later; 0 for any */
    int before;         /* in the way when the destination is older than this; 0 for never */
    int from;           /* in the way when the source is older than this and the destination not */
    const char *action; /* "refused", "left out" or "named" */
    const char *identity, *reason; /* what the obstacle says, or begins with */
    const char *sql;
} Hurdle;

static const Hurdle hurdles[] = {
    {18, 18, 0, "refused", "public.h18.v", "an older server stores",
     "CREATE TABLE h18 (a int, v int GENERATED ALWAYS AS (a * 2) VIRTUAL, e int"
     " CONSTRAINT lenient CHECK (e > 0) NOT ENFORCED)"},
    {18, 18, 0, "refused", "lenient on public.h18", "NOT ENFORCED", ""},
    {18, 18, 0, "refused", "later on public.nn18", "NOT NULL that is NOT VALID",
     "CREATE TABLE nn18 (a int, b int CONSTRAINT own NOT NULL NO INHERIT,"
     "  plain int CONSTRAINT plain NOT NULL);"
     "ALTER TABLE nn18 ADD CONSTRAINT later NOT NULL a NOT VALID"},
    {18, 18, 0, "left out", "own on public.nn18", "NOT NULL with NO INHERIT", ""},
    {18, 18, 0, "refused", "own2 on public.pp18", "NOT NULL with NO INHERIT",
     "CREATE TABLE pp18 (b int CONSTRAINT own2 NOT NULL NO INHERIT);"
     "CREATE TABLE pp18c () INHERITS (pp18)"},
    {18, 18, 0, "refused", "stays_pkey on public.stays", "WITHOUT OVERLAPS",
     "CREATE TABLE stays (room int4range, during tsrange,"
     "  PRIMARY KEY (room, during WITHOUT OVERLAPS));"
     "CREATE TABLE cleaning (room int4range, during tsrange, CONSTRAINT cleaned"
     "  FOREIGN KEY (room, PERIOD during) REFERENCES stays (room, PERIOD during))"},
    {18, 18, 0, "refused", "cleaned on public.cleaning", "PERIOD", ""},
    {18, 18, 0, "refused", "public.uuid18.u", "the destination has no uuidv7()",
     "CREATE TABLE uuid18 (u uuid DEFAULT uuidv7())"},
    {17, 17, 0, "named", "public.path17.p", "a jsonpath with syntax",
     "CREATE TABLE path17 (p jsonpath)"},
    {17, 17, 0, "left out", "MAINTAIN on public.kept17 for PUBLIC", "there is no such privilege",
     "CREATE TABLE kept17 (a int); GRANT MAINTAIN ON kept17 TO PUBLIC"},
    {17, 17, 0, "left out", "public.ip17.id", "identity of its partitions",
     "CREATE TABLE ip17 (id int GENERATED ALWAYS AS IDENTITY, k int) PARTITION BY LIST (k);"
     "CREATE TABLE ip17_1 PARTITION OF ip17 FOR VALUES IN (1)"},
    {17, 17, 0, "refused", "apart on public.xp17", "the table is partitioned",
     "CREATE TABLE xp17 (k int, during tsrange, CONSTRAINT apart EXCLUDE USING btree"
     "  (k WITH =)) PARTITION BY LIST (k)"},
    {17, 17, 0, "refused", "public.builtin17", "the builtin provider",
     "CREATE COLLATION builtin17 (provider = builtin, locale = 'C.UTF-8')"},
    {17, 17, 0, "refused", "login17", "it fires at login",
     "CREATE FUNCTION on_login() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
     "CREATE EVENT TRIGGER login17 ON login EXECUTE FUNCTION on_login();"
     "ALTER EVENT TRIGGER login17 DISABLE"},
    {17, 17, 0, "refused", "public.i17", "an infinite interval",
     "CREATE TABLE i17 (i interval, list interval[]);"
     "INSERT INTO i17 VALUES ('1 day', '{1 day}'), ('1 day', '{infinity}')"},
    {16, 16, 0, "refused", "public.rules16", "it has rules",
     "CREATE COLLATION rules16 (provider = icu, locale = 'und', rules = '&V << w <<< W')"},
    {16, 16, 0, "refused", "public.gc16.g", "its expression is not that of its parent",
     "CREATE TABLE gp16 (a int, g int GENERATED ALWAYS AS (a * 2) STORED);"
     "CREATE TABLE gc16 (g int GENERATED ALWAYS AS (a * 3) STORED) INHERITS (gp16)"},
    {15, 15, 0, "refused", "public.char15.c", "a constant of type \"char\" above 127",
     "CREATE TABLE char15 (c \"char\" DEFAULT '\\200')"},
    {15, 15, 0, "refused", "public.list15.c", "a constant of type \"char\" above 127",
     "CREATE TABLE list15 (c \"char\"[] DEFAULT '{a,\\\\377}', fine \"char\"[] DEFAULT '{a,b}')"},
    {15, 15, 0, "refused", "public.part15_1", "a constant of type \"char\" above 127",
     "CREATE TABLE part15 (c \"char\") PARTITION BY LIST (c);"
     "CREATE TABLE part15_1 PARTITION OF part15 FOR VALUES IN ('a', '\\375')"},
    {15, 15, 0, "refused", "public.word15", "a constant of type \"char\" above 127",
     "CREATE DOMAIN word15 AS \"char\" CHECK (value <> '\\377')"},
    {15, 15, 0, "refused", "public.invoker15", "the option security_invoker",
     "CREATE VIEW invoker15 WITH (security_invoker = true) AS SELECT 1 AS one"},
    {15, 15, 0, "refused", "u15_a_key on public.u15", "NULLS NOT DISTINCT",
     "CREATE TABLE u15 (a int UNIQUE NULLS NOT DISTINCT)"},
    {15, 15, 0, "refused", "part on public.f15", "ON DELETE SET NULL",
     "CREATE TABLE p15 (a int, b int, PRIMARY KEY (a, b));"
     "CREATE TABLE f15 (a int, b int, CONSTRAINT part FOREIGN KEY (a, b) REFERENCES p15"
     "  ON DELETE SET NULL (b))"},
    {15, 15, 0, "left out", "public.us15", "UNLOGGED", "CREATE UNLOGGED SEQUENCE us15"},
    {15, 15, 0, "refused", "public.n15.a", "type numeric(3,-2)",
     "CREATE TABLE n15 (a numeric(3, -2))"},
    {15, 15, 0, "refused", "rows15", "a row filter",
     "CREATE TABLE pub15 (a int PRIMARY KEY); CREATE PUBLICATION rows15 FOR TABLE pub15 WHERE (a > "
     "1)"},
    {15, 15, 0, "refused", "columns15", "a list of columns",
     "CREATE PUBLICATION columns15 FOR TABLE pub15 (a)"},
    {15, 15, 0, "refused", "schema15", "tables of a schema",
     "CREATE PUBLICATION schema15 FOR TABLES IN SCHEMA public"},
    {14, 14, 0, "refused", "public.atomic14()", "its body is stored parsed",
     "CREATE FUNCTION atomic14() RETURNS int LANGUAGE sql RETURN 1"},
    {14, 14, 0, "refused", "public.out14(IN a integer, OUT b integer)", "OUT arguments",
     "CREATE PROCEDURE out14(IN a int, OUT b int) LANGUAGE plpgsql AS 'BEGIN b := a; END'"},
    {14, 14, 0, "refused", "public.m14.m", "the destination has no type int4multirange",
     "CREATE TABLE m14 (m int4multirange)"},
    {14, 14, 0, "refused", "public.r14.m", "type public.r14t_multirange, a multirange",
     "CREATE TYPE r14t AS RANGE (SUBTYPE = int, MULTIRANGE_TYPE_NAME = r14t_multirange);"
     "CREATE TABLE r14 (m r14t_multirange)"},
    {14, 14, 0, "refused", "public.s14", "an expression",
     "CREATE TABLE st14 (a int, b int); CREATE STATISTICS s14 ON (a + b) FROM st14"},
    {14, 14, 0, "refused", "public.b14", "the destination has no bit_count()",
     "CREATE VIEW b14 AS SELECT bit_count('\\x12'::bytea) AS bits"},
    {14, 14, 0, "refused", "public.e14", "EXTRACT",
     "CREATE VIEW e14 AS SELECT extract(year FROM now()) AS year"},
    {14, 14, 0, "named", "public.et14", "EXTRACT",
     "CREATE TABLE et14 (d date CHECK (extract(year FROM d) > 2000))"},
    {14, 14, 0, "refused", "public.j14", "subscripts of jsonb",
     "CREATE VIEW j14 AS SELECT ('{\"a\": 1}'::jsonb)['a'] AS a"},
    {14, 14, 0, "refused", "public.inf14", "an infinite",
     "CREATE DOMAIN amount AS numeric; CREATE TABLE inf14 (a amount);"
     "INSERT INTO inf14 VALUES (1), ('-Infinity')"},
    {13, 13, 0, "refused", "oc13_t on public.oc13", "parameters of an operator class",
     "CREATE TABLE oc13 (t tsvector); CREATE INDEX oc13_t ON oc13 USING gist (t"
     " tsvector_ops (siglen = 100))"},
    {13, 13, 0, "refused", "public.fam13", "support function 4 of btree",
     "CREATE OPERATOR CLASS fam13 FOR TYPE int USING btree AS OPERATOR 3 =,"
     " FUNCTION 1 btint4cmp(int, int), FUNCTION 4 btequalimage(oid)"},
    {13, 13, 0, "left out", "public.st13", "its target",
     "CREATE TABLE st13_t (a int, b int); CREATE STATISTICS st13 ON a, b FROM st13_t;"
     "ALTER STATISTICS st13 SET STATISTICS 5"},
    {13, 13, 0, "refused", "early on public.bt13", "BEFORE each row of a partitioned table",
     "CREATE TABLE bt13 (k int) PARTITION BY LIST (k);"
     "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
     "CREATE TRIGGER early BEFORE INSERT ON bt13 FOR EACH ROW EXECUTE FUNCTION nothing()"},
    {13, 13, 0, "refused", "public.x13.x", "the destination has no type xid8",
     "CREATE TABLE x13 (x xid8)"},
    {0, 0, 14, "refused", "public.gather(anyelement)", "it takes anyarray or anyelement",
     "CREATE AGGREGATE gather(anyelement) (SFUNC = array_append, STYPE = anyarray,"
     "  INITCOND = '{}')"},
    {0, 0, 17, "named", "by_code on public.coded", "it calls function public.code_of(integer)",
     "CREATE TABLE coded (a int);"
     "CREATE FUNCTION code_of(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';"
     "CREATE INDEX by_code ON coded (code_of(a))"},
    {0, 0, 18, "refused", "public.loose.a", "it may be null though",
     "CREATE TABLE strict (a int NOT NULL); CREATE TABLE loose () INHERITS (strict);"
     "ALTER TABLE loose ALTER a DROP NOT NULL"},
};

/* Whether the source can have it; some of it only before a version. */
static bool hurdle_exists(const Hurdle *hurdle, int source)
{
    return source / 10000 >= hurdle->since && (hurdle->from == 0 || source / 10000 < hurdle->from);
}

static bool hurdle_is_in_the_way(const Hurdle *hurdle, int source, int dest)
{
    if (!hurdle_exists(hurdle, source))
        return false;
    return hurdle->from > 0 ? dest / 10000 >= hurdle->from : dest / 10000 < hurdle->before;
}

/* Whether it is about rows, into which nobody looks in a dump: named then. */
static bool is_in_rows(const Hurdle *hurdle)
{
    return strncmp(hurdle->reason, "an infinite", 11) == 0;
}

static const char *text_of(const json_t *obstacle, const char *key)
{
    return json_string_value(json_object_get(obstacle, key));
}

static bool says(const json_t *obstacle, const Hurdle *hurdle, bool dumped)
{
    bool unknown = dumped && is_in_rows(hurdle);
    const char *reason = text_of(obstacle, "reason"), *whether = "whether ";
    if (unknown && strncmp(reason, whether, strlen(whether)) == 0)
        reason += strlen(whether);
    return strcmp(text_of(obstacle, "identity"), hurdle->identity) == 0 &&
           strcmp(text_of(obstacle, "action"), unknown ? "named" : hurdle->action) == 0 &&
           strncmp(reason, hurdle->reason, strlen(hurdle->reason)) == 0;
}

/* Without those about rows into which nobody looked. */
static size_t count_known(const json_t *obstacles)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(obstacles); i++)
        count += strncmp(text_of(json_array_get(obstacles, i), "reason"), "whether ", 8) != 0;
    return count;
}

/* Whether it is not carried over at all, which is named, too. */
static bool is_left_behind(const json_t *result, const Hurdle *hurdle)
{
    const json_t *warnings = json_object_get(result, "warnings");
    size_t length = strcspn(hurdle->identity, "(");
    AUTO(mem_free) char *name = mem_printf("%.*s", (int)length, hurdle->identity);
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *warning = json_string_value(json_array_get(warnings, i));
        if (strncmp(warning, "not carried over: ", 18) == 0 && strstr(warning, name) != NULL)
            return true;
    }
    return false;
}

static void make_hurdles(const Shop *shop)
{
    int source = version_of(&shop->source);
    for (size_t i = 0; i < LENGTH(hurdles); i++)
        if (hurdle_exists(&hurdles[i], source))
            test_sql(&shop->source, hurdles[i].sql);
}

static void expect_hurdles(const Shop *shop, const Launch *launch, bool dumped)
{
    int source = version_of(&shop->source), dest = version_of(&shop->dest);
    bool refused = false;
    size_t expected = 0;
    AUTO(json_decref) json_t *json = shop_json(launch->out);
    const json_t *obstacles = json_object_get(json, "obstacles");
    for (size_t i = 0; i < LENGTH(hurdles); i++) {
        bool found = false;
        for (size_t k = 0; k < json_array_size(obstacles); k++)
            found = found || says(json_array_get(obstacles, k), &hurdles[i], dumped);
        bool wanted = hurdle_is_in_the_way(&hurdles[i], source, dest) &&
                      (found || !is_left_behind(json, &hurdles[i]));
        cr_assert_eq(found, wanted, "%s is %sexpected:\n%s%s", hurdles[i].identity,
                     wanted ? "" : "not ", launch->out, launch->err);
        expected += wanted && !(dumped && is_in_rows(&hurdles[i]));
        refused = refused || (wanted && strcmp(hurdles[i].action, "refused") == 0 &&
                              !(dumped && is_in_rows(&hurdles[i])));
    }
    cr_assert_eq(dumped ? count_known(obstacles) : json_array_size(obstacles), expected, "%s",
                 launch->out);
    EXPECT_EXIT(launch, refused ? 4 : 0);
}

Test(server_versions, names_what_the_destination_cannot_take_and_nothing_else)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    make_hurdles(&shop);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, true);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--dry-run", "--json");
    expect_hurdles(&shop, &launch, false);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, true);
    EXPECT_SAME(compare_fingerprints(before, after));
}

/* ---- through a dump, which is made without knowing the destination -------------------------- */

typedef struct Folder {
    char path[32]; /* a folder of the test's own, taken for the dump */
} Folder;

static Folder dump(const Shop *shop)
{
    Folder folder = {"/tmp/pgzmtest_dump_XXXXXX"};
    cr_assert_not_null(mkdtemp(folder.path));
    AUTO(launch_clear)
    Launch made = LAUNCH("dump", "--source", shop->source.conninfo, "--dir", folder.path);
    EXPECT_EXIT(&made, 0);
    return folder;
}

static void remove_folder(const Folder *folder)
{
    AUTO(mem_free) char *command = mem_printf("rm -rf %s", folder->path);
    cr_assert_eq(system(command), 0);
}

Test(server_versions, names_the_same_from_a_dump)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    make_hurdles(&shop);
    test_share_roles();
    Folder folder = dump(&shop);
    AUTO(launch_clear)
    Launch launch = LAUNCH("start", "--from-dump", folder.path, "--dest", shop.dest.conninfo,
                           "--dry-run", "--json");
    expect_hurdles(&shop, &launch, true);
    remove_folder(&folder);
}

Test(server_versions, names_another_way_to_sort_text)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "CREATE TABLE t (a text)");
    AUTO(mem_free)
    char *other = mem_printf("CREATE DATABASE %s_2 TEMPLATE template0 ENCODING 'UTF8'"
                             " LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
                             shop.dest.name);
    test_sql(&shop.dest, other);
    AUTO(mem_free)
    char *conninfo = mem_printf("%s dbname='%s_2'", shop.dest.conninfo, shop.dest.name);
    AUTO(launch_clear)
    Launch launch =
        LAUNCH("start", "--dry-run", "--source", shop.source.conninfo, "--dest", conninfo);
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "its text sorts by libc C and the destination's by libc C.UTF-8");
}

static bool has_lz4(const TestDatabase *database)
{
    AUTO(mem_free)
    char *has = test_value(database, "SELECT 1 FROM pg_settings"
                                     " WHERE name = 'default_toast_compression'"
                                     " AND 'lz4' = ANY (enumvals)");
    return has != NULL;
}

Test(server_versions, says_when_the_destination_cannot_compress_with_lz4)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    if (!has_lz4(&shop.source))
        return;
    test_sql(&shop.source, "CREATE TABLE t (a text COMPRESSION lz4, b text)");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--dry-run");
    if (version_of(&shop.dest) < 140000) {
        EXPECT_EXIT(&launch, 0);
        EXPECT_CONTAINS(launch.err, "not carried over: column public.t.a: compression lz4");
    } else if (!has_lz4(&shop.dest)) {
        EXPECT_EXIT(&launch, 4);
        EXPECT_CONTAINS(launch.err, "column public.t.a: the destination is built without lz4");
    } else {
        EXPECT_EXIT(&launch, 0);
    }
}

/* Drops of the shop what servers before 18 do not have. False when that is not enough. */
static bool fits(const Shop *shop)
{
    int source = version_of(&shop->source), dest = version_of(&shop->dest);
    if (source >= 180000 && dest < 180000)
        test_sql(&shop->source, "DROP TABLE virtual");
    return source / 10000 <= dest / 10000 || dest >= 150000;
}

Test(server_versions, makes_an_empty_database_equal_to_the_source)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql_file(&shop.source, "tests/fixture/shop_source.sql");
    if (!fits(&shop))
        return;
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 0);
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &everything));
}

Test(server_versions, makes_an_empty_database_equal_to_the_source_from_a_dump)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql_file(&shop.source, "tests/fixture/shop_source.sql");
    if (!fits(&shop))
        return;
    test_share_roles();
    Folder folder = dump(&shop);
    AUTO(launch_clear)
    Launch launch = LAUNCH("start", "--from-dump", folder.path, "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&launch, 0);
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &everything));
    remove_folder(&folder);
}

Test(server_versions, replaces_a_live_shop_and_brings_it_back)
{
    static const char *const preserved_rows[] = {"public.users", "public.sessions",
                                                 "public.users_id_seq", NULL};
    Shop shop = shop_open();
    if (!fits(&shop))
        return;
    AUTO(mem_free) char *users = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    AUTO(mem_free) char *orders = test_rows(&shop.dest, "SELECT * FROM orders ORDER BY id");
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);
    CompareScope scope = {.ignored_rows = preserved_rows, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    AUTO(mem_free) char *users_after = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    cr_assert_str_eq(users, users_after);

    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    AUTO(mem_free) char *orders_after = test_rows(&shop.dest, "SELECT * FROM orders ORDER BY id");
    cr_assert_str_eq(orders, orders_after);
}
