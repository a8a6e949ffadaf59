/* prepare --verify: the rows that were copied beside the source's. */
#include "tests/e2e/bakery.h"

#define LOOK(shop, ...)                                                                            \
    SHOP_LAUNCH(shop, "prepare", "--verify", "checksum", "--json" __VA_OPT__(, ) __VA_ARGS__)
/* It ends with exit code 8 and says so of a table. */
#define EXPECT_DIFFERENCE(launch, words)                                                           \
    do {                                                                                           \
        EXPECT_ERROR(launch, 8, "what was copied is not what the source has: table public.");      \
        EXPECT_CONTAINS((launch)->err, words);                                                     \
    } while (0)

/* Changes the shadow behind prepare's back: a materialized view is filled when all rows are in. */
#define MEDDLING(statements)                                                                       \
    "CREATE FUNCTION meddle() RETURNS int LANGUAGE plpgsql AS $$ BEGIN"                            \
    " IF to_regclass('pgzm_shadow_public.t') IS NOT NULL THEN " statements " END IF;"              \
    " RETURN 1; END $$;"                                                                           \
    "CREATE MATERIALIZED VIEW meddling AS SELECT meddle() AS one;"

static Shop shop_with(const char *source)
{
    Shop shop = {test_source_database("rowcheck"), test_database("rowcheck")};
    test_sql(&shop.source, source);
    return shop;
}

/* What is found about a table, borrowed. */
static json_t *difference_of(json_t *json, const char *name)
{
    size_t i;
    json_t *found;
    json_array_foreach(json_object_get(json, "row_differences"), i, found)
    {
        if (strcmp(json_string_value(json_object_get(found, "table")), name) == 0)
            return found;
    }
    cr_assert_fail("no difference in %s", name);
    return NULL;
}

static void expect_range(json_t *found, const char *side, int rows, const char *first,
                         const char *last)
{
    json_t *range = json_object_get(found, side);
    AUTO(mem_free) char *text = json_dumps(found, 0);
    cr_assert_eq(json_integer_value(json_object_get(range, "rows")), rows, "%s: %s", side, text);
    if (first != NULL)
        cr_assert_str_eq(json_string_value(json_object_get(range, "first")), first, "%s", text);
    if (last != NULL)
        cr_assert_str_eq(json_string_value(json_object_get(range, "last")), last, "%s", text);
}

static const char many_types[] =
    "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text);"
    "CREATE DOMAIN word AS text CHECK (value <> 'no'); CREATE DOMAIN bits AS bytea;"
    "CREATE TABLE plain (id int PRIMARY KEY, i2 int2, i8 int8, n numeric, n2 numeric(10, 2),"
    " f4 float4, f8 float8, m money, t text, v varchar(5), v0 varchar, c char(5), c1 \"char\","
    " name name, by bytea, b bool, u uuid, bit bit(3), vb varbit);"
    "INSERT INTO plain VALUES (1, 1, 1, 1, 1, 1, 1, 1, '', '', '', '', '', '', '', true,"
    " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '101', '1'); INSERT INTO plain VALUES (2);"
    "INSERT INTO plain VALUES (3, -32768, -9223372036854775808, 'NaN', 'NaN', 'NaN', 'NaN', -1.5, "
    "'NULL', ' ', ' ', 'a',"
    " '\\\\', 'n', '\\x0001ff', false, NULL, '000', ''),"
    " (4, 1, 1, 1.00, 1.00, '-0', '-0', 0, E'\"\\\\\\n\\t,()', 'ab', 'a ', 'a b', 'x', '\"',"
    " repeat('ab', 1000)::bytea, NULL, NULL, NULL, repeat('01', 99)::varbit),"
    " (5, 1, 1, 1e300, 0.1, 0.1, 0.1::float8 + 0.2, 12.34, 'größe', 'é', repeat('ü', 3000),"
    " 'ß', 'y', 'z', NULL, NULL, NULL, NULL, NULL);"
    "INSERT INTO plain VALUES (6, NULL, NULL, -0.0000000001, NULL, '-Infinity', 1e-310);"
    "INSERT INTO plain (id, t, by) SELECT 7, string_agg(md5(i::text), ''),"
    " string_agg(md5(i::text), '')::bytea FROM generate_series(1, 40000) i;"
    "CREATE TABLE moments (d date, t time, tz timetz, ts timestamp, tstz timestamptz, i interval);"
    "INSERT INTO moments VALUES ('2026-02-01', '10:00', '10:00+05:30', '2026-02-01 10:00',"
    " '2026-02-01 10:00+02', '1 mon 3 days 04:05:06.789');"
    "INSERT INTO moments VALUES (NULL); INSERT INTO moments VALUES ('infinity', '24:00', "
    "'00:00-12', '-infinity', 'infinity', '-1 year -2 days'),"
    " ('0044-03-15 BC', '00:00:00.000001', NULL, '0044-03-15 BC', '0001-01-01 BC', '0');"
    "CREATE TABLE made (m mood, p pair, w word, b bits, ms mood[], ps pair[], ws word[],"
    " own pair, r int4range, rn numrange, rs tstzrange, j json, jb jsonb, js jsonb[]);"
    "INSERT INTO made VALUES ('sad', (1, 'x'), 'w', '\\x01', '{sad,ok}', '{\"(1,a)\",NULL}',"
    " '{a,NULL}', NULL, '[1,5)', '(,1.0]', '[2026-01-01,)', '{\"a\": 1,  \"a\": 2}',"
    " '{\"b\": 1.0, \"a\": [1, 1.00, \"\\u00fc\"]}', '{\"{}\",\"null\"}'); INSERT INTO made VALUES "
    "(NULL);"
    "INSERT INTO made VALUES (NULL, (NULL, NULL), '', '', '{}', '{}', '{}', (NULL, NULL), 'empty', "
    "'empty', 'empty',"
    " 'null', 'null', '{}');"
    "CREATE TABLE shapes (p point, l line, s lseg, b box, pa path, po polygon, c circle, i inet,"
    " ci cidr, m macaddr, m8 macaddr8, v tsvector, q tsquery, lsn pg_lsn, x xid, o oid, t tid,"
    " iv int2vector, a int[], tt text[]);"
    "INSERT INTO shapes VALUES ('(1,-0)', '{1,-1,0}', '[(0,0),(1,0.1)]', '(1,1),(0,0)', '[(0,0),"
    "(1,1)]', '((0,0),(1,1),(1,0))', '<(0,0),1>', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03',"
    " '08:00:2b:01:02:03:04:05', 'a:1A b:2', 'a & !b', '16/B374D848', '7', 8, '(1,2)', '1 2',"
    " '[0:1]={1,NULL}', '{{a,NULL},{\"\",\"NULL\"}}'); INSERT "
    "INTO shapes VALUES (NULL);"
    /* It travels in binary: as text what is above 127 is not the same before 15 and since. */
    "CREATE TABLE chars (c \"char\", cs \"char\"[]); INSERT INTO chars VALUES ((-128)::\"char\","
    " ARRAY[(-1)::\"char\", 'a', NULL]), ('\\', '{}'), ('', NULL);"
    "CREATE TABLE names (c regclass, t regtype, p regprocedure, n regnamespace);"
    "INSERT INTO names VALUES ('plain', 'mood', 'now()', 'public'), ('pg_class', 'int', 'abs(int)',"
    " 'pg_catalog'), (0, 0, 0, 0); INSERT INTO names VALUES (NULL);"
    "CREATE TABLE none (); INSERT INTO none DEFAULT VALUES; INSERT INTO none DEFAULT VALUES;"
    "CREATE TABLE empty (id int); CREATE TABLE parent (id int); CREATE TABLE child (x text) "
    "INHERITS"
    " (parent); INSERT INTO parent VALUES (1), (1); INSERT INTO child VALUES (2, 'x'), (2, NULL);"
    "CREATE TABLE sums (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO sums VALUES"
    " (1), (NULL);"
    "CREATE TABLE parted (id int, d date, PRIMARY KEY (d, id)) PARTITION BY RANGE (d);"
    "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
    "CREATE TABLE parted_2 (d date NOT NULL, id int NOT NULL);"
    "ALTER TABLE parted ATTACH PARTITION parted_2 DEFAULT;"
    "INSERT INTO parted SELECT i, date '2026-01-01' + i FROM generate_series(1, 99) i;"
    "CREATE TABLE hashed (m mood, i int, PRIMARY KEY (m, i)) PARTITION BY HASH (m);"
    "CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
    "CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
    "INSERT INTO hashed SELECT CASE WHEN i % 3 = 0 THEN 'sad' ELSE 'ok' END::mood, i FROM"
    " generate_series(1, 300) i;"
    "CREATE TABLE secured (id int PRIMARY KEY); INSERT INTO secured VALUES (1);"
    "ALTER TABLE secured ENABLE ROW LEVEL SECURITY;";

Test(server_rowcheck, values_of_every_type_are_the_same)
{
    Shop shop = shop_with(many_types);
    /* What a database says about texts is not what they are compared by. */
    AUTO(mem_free)
    char *settings =
        mem_printf("ALTER DATABASE %s SET DateStyle = 'German'; ALTER DATABASE %s SET TimeZone ="
                   " 'Asia/Tokyo'; ALTER DATABASE %s SET extra_float_digits = -5",
                   shop.dest.name, shop.dest.name, shop.dest.name);
    for (char *rest = settings, *statement; (statement = strsep(&rest, ";")) != NULL;)
        test_sql(&shop.dest, statement);
    AUTO(launch_clear) Launch launch = LOOK(&shop, "--jobs", "3", "--verbose");
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "15 tables have the source's checksum: 431 rows");
    AUTO(json_decref) json_t *json = shop_json(launch.out);
    cr_assert_eq(json_array_size(json_object_get(json, "row_differences")), 0);
}

Test(server_rowcheck, a_changed_row_is_named_with_its_column)
{
    Shop shop = shop_with("CREATE TABLE t (id int PRIMARY KEY, a text, \"B\" int);"
                          "CREATE TABLE other (id int);"
                          "INSERT INTO t SELECT i, 'row ' || i, i FROM generate_series(1, 2000) i;"
                          "INSERT INTO other SELECT generate_series(1, 100);" MEDDLING(
                              "UPDATE pgzm_shadow_public.t SET \"B\" = -\"B\" WHERE id = 1234;"));
    test_sql(&shop.dest, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--verify", "checksum");
    EXPECT_DIFFERENCE(&launch, "table public.t: 1 row differs, (id)=(1234), in column B\n");
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints(before, after));

    /* It cannot go live, and status says why. */
    AUTO(launch_clear) Launch status = DEST_LAUNCH(&shop, "status", "--json");
    EXPECT_EXIT(&status, 0);
    EXPECT_CONTAINS(status.out,
                    "what was copied is not what the source has: table public.t: 1 row");
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap");
    EXPECT_EXIT(&swap, 5);
    AUTO(launch_clear)
    Launch resume = SHOP_LAUNCH(&shop, "start", "--verify", "checksum", "--resume");
    EXPECT_ERROR(&resume, 5, "migration ");
    EXPECT_CONTAINS(resume.err, "cannot be resumed: table public.t: 1 row differs");
    DEST_RUN(&shop, "abort");

    /* Nobody looks at values unless asked. */
    SHOP_RUN(&shop, "start", "--verify", "count");
}

Test(server_rowcheck, rows_that_are_missing_or_too_many_are_named)
{
    Shop shop = shop_with(
        "CREATE TABLE t (a int, b text, PRIMARY KEY (b, a));"
        "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 5000) i;"
        "CREATE TABLE more (id int PRIMARY KEY); INSERT INTO more SELECT generate_series(1, 100);"
        "CREATE TABLE very (id int PRIMARY KEY, a text);"
        "INSERT INTO very SELECT i, 'v' FROM generate_series(1, 60000) i;" MEDDLING(
            "DELETE FROM pgzm_shadow_public.t WHERE a BETWEEN 100 AND 199;"
            "INSERT INTO pgzm_shadow_public.more VALUES (0), (101);"
            "UPDATE pgzm_shadow_public.very SET a = 'w';"));
    AUTO(launch_clear) Launch launch = LOOK(&shop, "--jobs", "1");
    EXPECT_DIFFERENCE(&launch, "(and 2 more tables)");
    AUTO(json_decref) json_t *json = shop_json(launch.out);
    json_t *less = difference_of(json, "public.t");
    expect_range(less, "only_source", 100, "x, 100", "x, 199");
    expect_range(less, "only_dest", 0, NULL, NULL);
    cr_assert_str_eq(json_string_value(json_object_get(less, "key")), "b, a");
    cr_assert_eq(json_integer_value(json_object_get(less, "dest_rows")), 4900);
    expect_range(difference_of(json, "public.more"), "only_dest", 2, "0", "101");
    /* Where all differ, some are named. */
    json_t *all = difference_of(json, "public.very");
    cr_assert(json_is_false(json_object_get(all, "complete")));
    cr_assert_gt(json_integer_value(json_object_get(json_object_get(all, "only_source"), "rows")),
                 10);
}

Test(server_rowcheck, rows_without_a_key_are_counted_and_named_by_their_place)
{
    Shop shop = shop_with(
        "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, 'y'), (3, "
        "'');"
        "CREATE TABLE swapped (a int, b int); INSERT INTO swapped VALUES (1, 2), (2, 1), (5, 6);"
        "CREATE TABLE nothing (a text); INSERT INTO nothing VALUES (''), (NULL);" MEDDLING(
            "UPDATE pgzm_shadow_public.t SET a = 1, b = 'x' WHERE a = 2;"
            "UPDATE pgzm_shadow_public.swapped SET a = b, b = a WHERE a = 5;"
            "UPDATE pgzm_shadow_public.nothing SET a = '' WHERE a IS NULL;"));
    AUTO(launch_clear) Launch launch = LOOK(&shop);
    EXPECT_DIFFERENCE(&launch, "1 row of the source, ctid (0,");
    AUTO(json_decref) json_t *json = shop_json(launch.out);
    cr_assert_eq(json_array_size(json_object_get(json, "row_differences")), 3, "%s", launch.err);
    expect_range(difference_of(json, "public.t"), "only_source", 1, "(0,3)", "(0,3)");
    expect_range(difference_of(json, "public.t"), "only_dest", 1, NULL, NULL);
    expect_range(difference_of(json, "public.swapped"), "only_source", 1, "(0,3)", "(0,3)");
    expect_range(difference_of(json, "public.nothing"), "only_source", 1, "(0,2)", "(0,2)");
}

Test(server_rowcheck, partitions_are_compared_one_by_one_or_through_their_root)
{
    Shop shop = shop_with(
        "CREATE TABLE t (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);"
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (100);"
        "CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (100) TO (200);"
        "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 199) i;"
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'fine');"
        "CREATE TABLE h (m mood, i int, PRIMARY KEY (m, i)) PARTITION BY HASH (m);"
        "CREATE TABLE h_0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE h_1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
        "INSERT INTO h SELECT (enum_range(NULL::mood))[1 + i % 3], i FROM generate_series(1, 300) "
        "i;" MEDDLING("UPDATE pgzm_shadow_public.t SET a = 'y' WHERE id = 150;"
                      "UPDATE pgzm_shadow_public.h SET i = 1000 WHERE i = 7;"));
    AUTO(launch_clear) Launch launch = LOOK(&shop);
    EXPECT_EXIT(&launch, 8);
    AUTO(json_decref) json_t *json = shop_json(launch.out);
    cr_assert_eq(json_array_size(json_object_get(json, "row_differences")), 2, "%s", launch.err);
    json_t *part = difference_of(json, "public.t_2");
    expect_range(part, "only_source", 1, "150", "150");
    cr_assert_str_eq(json_string_value(json_object_get(part, "columns")), "a");
    expect_range(difference_of(json, "public.h"), "only_source", 1, "ok, 7", "ok, 7");
    expect_range(difference_of(json, "public.h"), "only_dest", 1, "ok, 1000", "ok, 1000");
}

/* Both sides compute it, but not the same. */
Test(server_rowcheck, a_generated_column_that_means_something_else_is_found)
{
    Shop shop = shop_with(
        "CREATE FUNCTION side() RETURNS text LANGUAGE sql IMMUTABLE AS"
        " 'SELECT CASE WHEN pg_catalog.to_regclass(''pgzm.migration'') IS NULL THEN ''source'' ELSE"
        " ''dest'' END';"
        "CREATE TABLE t (id int PRIMARY KEY, s text GENERATED ALWAYS AS (side()) STORED);"
        "INSERT INTO t VALUES (1), (2)");
    AUTO(launch_clear) Launch launch = LOOK(&shop);
    EXPECT_DIFFERENCE(&launch, "table public.t: 2 rows differ, (id)=(1) to (2), in column s");
}

Test(server_rowcheck, tables_that_keep_their_rows_or_come_without_are_left_out)
{
    Shop shop = shop_with("CREATE TABLE t (id int PRIMARY KEY, a text);"
                          "CREATE TABLE bare (id int); INSERT INTO bare VALUES (1);"
                          "CREATE TABLE users (id int PRIMARY KEY, a text);"
                          "INSERT INTO users VALUES (1, 'new'); INSERT INTO t VALUES (1, 'a');");
    test_sql(&shop.dest, "CREATE TABLE users (id int PRIMARY KEY, a text);"
                         "INSERT INTO users VALUES (1, 'old'), (2, 'old')");
    AUTO(launch_clear)
    Launch launch =
        LOOK(&shop, "--preserved-tables", "users", "--exclude-table-data", "bare", "--verbose");
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "1 table has the source's checksum: 1 row");
}

/* Its sums are taken in several pieces on either side (of other pages), by several workers. */
Test(server_rowcheck, a_large_table_is_read_in_parts)
{
    Shop shop =
        shop_with("CREATE TABLE t (id int PRIMARY KEY, a text);"
                  "INSERT INTO t SELECT i, repeat('x', 150) FROM generate_series(1, 300000) i;"
                  "DELETE FROM t WHERE id % 3 = 0;" MEDDLING(
                      "UPDATE pgzm_shadow_public.t SET a = a || '!' WHERE id IN (1, 299999);"));
    AUTO(launch_clear) Launch launch = LOOK(&shop, "--jobs", "2");
    EXPECT_DIFFERENCE(&launch, "2 rows differ, (id)=(1) to (299999), in column a");
    AUTO(json_decref) json_t *json = shop_json(launch.out);
    json_t *found = difference_of(json, "public.t");
    cr_assert_eq(json_integer_value(json_object_get(found, "source_rows")), 200000);
    cr_assert_eq(json_integer_value(json_object_get(found, "dest_rows")), 200000);
}

Test(server_rowcheck, other_encodings_are_compared_as_what_they_mean)
{
    Shop shop = {.source = test_source_database("rowcheck"),
                 .dest = test_database_with("rowcheck", "TEMPLATE template0 ENCODING 'LATIN1'"
                                                        " LC_COLLATE 'C' LC_CTYPE 'C'")};
    test_sql(&shop.source, "CREATE TABLE t (id int PRIMARY KEY, a text, j jsonb, v varchar(9));"
                           "INSERT INTO t VALUES (1, 'größe', '\"ä\"', 'é'), (2, 'a', '1', '')");
    AUTO(launch_clear) Launch launch = LOOK(&shop);
    EXPECT_EXIT(&launch, 0);
}

/* The source gives the values that travel, so they are what is compared. */
Test(server_rowcheck, what_comes_in_part_or_masked_is_compared_as_it_comes)
{
    Shop shop =
        shop_with("CREATE TABLE t (id int PRIMARY KEY, a text, \"B\" text);"
                  "INSERT INTO t SELECT i, 'secret ' || i, 'b' FROM generate_series(1, 500) i;"
                  "CREATE TABLE keyless (a text); INSERT INTO keyless VALUES ('x'), ('y');");
    AUTO(launch_clear)
    Launch same = LOOK(&shop, "--mask", "t.a='masked ' || id", "--where", "t:id > 100", "--where",
                       "keyless:a = 'x'", "--verbose");
    EXPECT_EXIT(&same, 0);
    EXPECT_CONTAINS(same.err, "2 tables have the source's checksum: 401 rows");
    DEST_RUN(&shop, "abort");

    test_sql(&shop.source,
             MEDDLING("UPDATE pgzm_shadow_public.t SET a = 'secret 500' WHERE id = 500;"));
    AUTO(launch_clear) Launch other = LOOK(&shop, "--mask", "t.a='masked ' || id");
    EXPECT_DIFFERENCE(&other, "table public.t: 1 row differs, (id)=(500), in column a");
    DEST_RUN(&shop, "abort");

    AUTO(launch_clear)
    Launch dice = LOOK(&shop, "--mask", "keyless.a=random()::text");
    EXPECT_DIFFERENCE(&dice, "public.keyless");
    EXPECT_CONTAINS(dice.err, "gives another value each time");
}

/* Before 15 such a value is one byte as text, since then a backslash and three digits. */
#define WIDE_CHARS                                                                                 \
    "CREATE TYPE pair AS (a int, c \"char\"); CREATE DOMAIN letter AS \"char\";"                   \
    "CREATE TABLE t (id int PRIMARY KEY, c \"char\", cs \"char\"[], l letter, p pair);"            \
    "INSERT INTO t VALUES (1, (-128)::\"char\", ARRAY[(-1)::\"char\", NULL], (-5)::\"char\","      \
    " ROW(1, (-6)::\"char\")), (2, 'a', '{a}', 'b', ROW(2, 'c'));"

static bool prints_octal(const TestDatabase *database)
{
    AUTO(mem_free)
    char *text = test_value(database, "SELECT octet_length('\\200'::\"char\"::text)");
    return strcmp(text, "4") == 0;
}

Test(server_rowcheck, wide_chars_arrive_and_what_cannot_be_compared_is_named)
{
    Shop shop = shop_with(WIDE_CHARS);
    bool differs = prints_octal(&shop.source) != prints_octal(&shop.dest);
    AUTO(launch_clear) Launch launch = LOOK(&shop);
    EXPECT_EXIT(&launch, 0);
    const char *codes = "SELECT string_agg(concat_ws(',', c::int, cs::int[], l::\"char\"::int,"
                        " (p).c::int), ' ' ORDER BY id) FROM ";
    AUTO(mem_free) char *ours = mem_printf("%s t", codes);
    AUTO(mem_free) char *theirs = mem_printf("%s pgzm_shadow_public.t", codes);
    AUTO(mem_free) char *sent = test_value(&shop.source, ours);
    AUTO(mem_free) char *arrived = test_value(&shop.dest, theirs);
    cr_assert_str_eq(sent, "-128,{-1,NULL},-5,-6 97,{97},98,99");
    cr_assert_str_eq(arrived, sent);
    cr_assert_eq(strstr(launch.err, "column p is not compared") != NULL, differs, "%s", launch.err);
    cr_assert_null(strstr(launch.err, "column l is not compared"), "%s", launch.err);

    AUTO(launch_clear)
    Launch verify = LAUNCH("verify", "--dest", shop.dest.conninfo, "--source", shop.source.conninfo,
                           "--checksum", "--json");
    EXPECT_EXIT(&verify, 0);
    cr_assert_eq(strstr(verify.out, "column p is not compared") != NULL, differs, "%s", verify.out);
}

/* Their text between two servers of which one is older than 15 is no way: unless both are newer. */
Test(server_rowcheck, wide_chars_that_would_travel_as_text_are_refused)
{
    Shop shop = shop_with(WIDE_CHARS "ALTER TABLE t ADD m money;"
                                     "CREATE TABLE fine (c \"char\", m money);"
                                     "INSERT INTO fine VALUES ('a', 1);");
    bool fits = prints_octal(&shop.source) && prints_octal(&shop.dest);
    AUTO(launch_clear) Launch launch = LOOK(&shop);
    if (fits) {
        EXPECT_EXIT(&launch, 0);
    } else {
        EXPECT_ERROR(&launch, 4, "table public.t travels as text");
        EXPECT_CONTAINS(launch.err, "above 127 in column c would not arrive");
        EXPECT_CONTAINS(launch.err, "--mask");
    }
    DEST_RUN(&shop, "abort");
    AUTO(launch_clear)
    Launch masked = LOOK(&shop, "--mask", "t.c='x'", "--mask", "t.cs='{}'", "--mask", "t.l='y'",
                         "--mask", "t.p=ROW(1, 'z')::pair");
    EXPECT_EXIT(&masked, 0);
}
