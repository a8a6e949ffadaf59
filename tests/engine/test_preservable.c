#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/engine/handle.h"

/*
 * Which tables can be preserved: each shape goes through copying, writes while it is prepared, the
 * swap, writes after it and the rollback, and both worlds have the same rows all the way.
 */

typedef struct Shape {
    const char *source, *dest; /* the table "t" on either side */
    const char *fill;          /* live rows before */
    const char *writes[8];     /* statements while prepared, ended by NULL */
    const char *after[4];      /* statements after the swap */
    const char *columns;       /* that are compared */
    const char *name;          /* NULL: t */
} Shape;

static Pair pair_of(const Shape *shape)
{
    Pair pair = {test_database("shape_source"), test_database("shape_dest")};
    test_sql(&pair.source, "CREATE TABLE other AS SELECT 1 AS n");
    test_sql(&pair.dest, "CREATE TABLE other AS SELECT 0 AS n");
    test_sql(&pair.source, shape->source);
    test_sql(&pair.dest, shape->dest);
    test_sql(&pair.dest, shape->fill);
    return pair;
}

static void expect_same(const TestDatabase *dest, const Shape *shape, const char *schema)
{
    const char *name = shape->name != NULL ? shape->name : "t";
    AUTO(mem_free)
    char *other = mem_printf(
        "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname ~ '^pgzm_%s_.*public$'",
        schema);
    AUTO(mem_free) char *there = test_value(dest, other);
    cr_assert_not_null(there);
    AUTO(mem_free)
    char *query = mem_printf("WITH a AS (SELECT %1$s FROM public.%2$s), b AS (SELECT %1$s FROM"
                             " %3$s.%2$s) SELECT string_agg(d::text, ' ') FROM"
                             " ((SELECT 'live', * FROM (TABLE a EXCEPT ALL TABLE b) x) UNION ALL"
                             " (SELECT 'other', * FROM (TABLE b EXCEPT ALL TABLE a) y)) AS d",
                             shape->columns, name, there);
    EXPECT_VALUE(dest, query, "(null)");
}

static void expect_no_redo(const TestDatabase *dest)
{
    EXPECT_VALUE(dest, "SELECT string_agg(key::text || ' ' || reason, ', ') FROM pgzm.redo",
                 "(null)");
}

static void migrate(const Shape *shape)
{
    Pair pair = pair_of(shape);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, shape->name != NULL ? shape->name : "t");
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    expect_same(&pair.dest, shape, "shadow");
    for (size_t i = 0; shape->writes[i] != NULL; i++) {
        test_sql(&pair.dest, shape->writes[i]);
        expect_same(&pair.dest, shape, "shadow");
    }
    expect_no_redo(&pair.dest);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT n FROM other", "1");
    expect_same(&pair.dest, shape, "backup");
    for (size_t i = 0; shape->after[i] != NULL; i++) {
        test_sql(&pair.dest, shape->after[i]);
        expect_same(&pair.dest, shape, "backup");
    }
    expect_no_redo(&pair.dest);
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    expect_same(&pair.dest, shape, "undone");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgzm%'", "0");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgzm'::regnamespace", "0");
}

#define REFUSES(source, dest, words)                                                               \
    do {                                                                                           \
        const Shape shape_ = {source, dest, "SELECT 1", {NULL}, {NULL}, "*", NULL};                \
        Pair pair_ = pair_of(&shape_);                                                             \
        AUTO(pgzm_free) Pgzm *pgzm_ = pair_handle(&pair_, NULL);                                   \
        pgzm_set(pgzm_, PGZM_PRESERVED_TABLES, "t");                                               \
        EXPECT_STATUS(pgzm_, PGZM_PREPARE, PGZM_PREFLIGHT);                                        \
        cr_expect_not_null(strstr(pgzm_error_message(pgzm_), words), "%s",                         \
                           pgzm_error_message(pgzm_));                                             \
        cr_expect_not_null(pgzm_error_hint(pgzm_));                                                \
    } while (0)

Test(server_preservable, by_a_key_of_several_columns_of_difficult_types)
{
    const char *table =
        "CREATE TABLE t (v text, d timestamptz, \"F %\" float8, b bytea, i interval,"
        " PRIMARY KEY (d, \"F %\", b, i))";
    const Shape shape = {
        .source = table,
        .dest = table,
        .fill = "INSERT INTO t SELECT i::text, '2020-02-03 04:05:06.789+01'::timestamptz"
                " + i * interval '7 hours', i / 3.0, convert_to('\\x' || i, 'UTF8'),"
                " make_interval(months => i, secs => i * 1.5) FROM generate_series(1, 1200) i",
        .writes =
            {"SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard';"
             "SET extra_float_digits = 0; SET bytea_output = 'escape'; SET timezone = 'Asia/Tokyo';"
             "UPDATE t SET v = 'x' WHERE v::int % 3 = 0",
             "UPDATE t SET \"F %\" = \"F %\" + 1, d = d + interval '1 day' WHERE v::text = '7'",
             "DELETE FROM t WHERE \"F %\" < 20",
             "INSERT INTO t SELECT 'new', now(), i, 'b', '1s'"
             " FROM generate_series(1, 3) i"},
        .after = {"UPDATE t SET \"F %\" = -\"F %\"", "DELETE FROM t WHERE v = 'x'"},
        .columns = "v, d, \"F %\", b, i"};
    migrate(&shape);
}

Test(server_preservable, by_a_replica_identity_or_a_unique_index_of_any_order)
{
    const Shape shape = {
        .source =
            "CREATE TABLE \"T a\" (added int DEFAULT 1, b int NOT NULL, a text NOT NULL, c int);"
            "CREATE UNIQUE INDEX ON \"T a\" (a, b)",
        .dest = "CREATE TABLE \"T a\" (a text NOT NULL, b int NOT NULL, c int);"
                "CREATE UNIQUE INDEX by_c ON \"T a\" (c);"
                "CREATE UNIQUE INDEX ident ON \"T a\" (b, a) INCLUDE (c);"
                "ALTER TABLE \"T a\" REPLICA IDENTITY USING INDEX ident",
        .fill = "INSERT INTO \"T a\" SELECT 'k' || i % 10, i, i FROM generate_series(1, 700) i",
        .writes = {"UPDATE \"T a\" SET b = -b WHERE b % 2 = 0",
                   "DELETE FROM \"T a\" WHERE a = 'k3'", "TRUNCATE \"T a\"",
                   "INSERT INTO \"T a\" VALUES ('z', 1, 1)"},
        .after = {"UPDATE \"T a\" SET a = 'y'"},
        .columns = "a, b, c",
        .name = "\"T a\""};
    migrate(&shape);
}

Test(server_preservable, by_a_key_of_an_extension_type)
{
    const char *table = "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;"
                        "CREATE TABLE t (k ext.citext PRIMARY KEY, v int)";
    const Shape shape = {.source = table,
                         .dest = table,
                         .fill =
                             "INSERT INTO t SELECT 'Key' || i, i FROM generate_series(1, 600) i",
                         .writes = {"UPDATE t SET k = upper(k::text) WHERE v < 300",
                                    "DELETE FROM t WHERE k::text = 'KEY7'"},
                         .after = {"UPDATE t SET k = lower(k::text)"},
                         .columns = "k::text, v"};
    migrate(&shape);
}

Test(server_preservable, by_a_deferrable_key_and_beside_deferred_constraints)
{
    const Shape shape = {
        .source = "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED,"
                  " u int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
        .dest = "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, u int UNIQUE DEFERRABLE INITIALLY "
                "DEFERRED)",
        .fill = "INSERT INTO t SELECT i, -i FROM generate_series(1, 600) i",
        .writes = {"UPDATE t SET id = id + 1", "UPDATE t SET u = -601 - u",
                   "INSERT INTO t VALUES (1, 5)", "DELETE FROM t WHERE id % 2 = 0"},
        .after = {"UPDATE t SET id = id - 1, u = u + 2", "TRUNCATE t"},
        .columns = "id, u"};
    migrate(&shape);
}

static const char by_range[] =
    "CREATE TABLE t (id int, at int, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
    "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (100);"
    "CREATE TABLE t_mid (v text, at int NOT NULL, id int NOT NULL) PARTITION BY LIST (id);"
    "ALTER TABLE t ATTACH PARTITION t_mid FOR VALUES FROM (100) TO (200);"
    "CREATE TABLE t_one PARTITION OF t_mid FOR VALUES IN (1);"
    "CREATE TABLE t_any PARTITION OF t_mid DEFAULT;"
    "CREATE TABLE t_rest PARTITION OF t DEFAULT";
static const char plain[] = "CREATE TABLE t (id int, at int, v text, PRIMARY KEY (id, at))";
static const char by_hash[] =
    "CREATE TABLE t (at int, id int, v text, PRIMARY KEY (id, at)) PARTITION BY HASH (id);"
    "CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
    "CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1)";
static const char rows[] =
    "INSERT INTO t (id, at, v) SELECT 1 + i % 4, i, 'v' FROM generate_series(1, 700) i";

Test(server_preservable, a_partitioned_table_into_one_with_other_partitions)
{
    const Shape shape = {
        .source = by_hash,
        .dest = by_range,
        .fill = rows,
        .writes = {"UPDATE t SET v = 'u' WHERE id = 1",
                   "UPDATE t_any SET v = 'leaf' WHERE at < 120",
                   "UPDATE t SET at = at + 101 WHERE at BETWEEN 50 AND 150 AND id <> 2",
                   "INSERT INTO t_one VALUES ('direct', 101, 1) ON CONFLICT DO NOTHING",
                   "TRUNCATE t_mid", "DELETE FROM t_rest WHERE at > 650", "TRUNCATE t_one, t_low"},
        .after = {"UPDATE t SET id = id + 1", "DELETE FROM t_0", "TRUNCATE t_1"},
        .columns = "id, at, v"};
    migrate(&shape);
}

Test(server_preservable, a_partitioned_table_into_a_plain_one_and_back)
{
    const Shape shape = {.source = plain,
                         .dest = by_range,
                         .fill = rows,
                         .writes = {"UPDATE t SET at = at + 99 WHERE at < 50", "TRUNCATE t_mid",
                                    "TRUNCATE t",
                                    "INSERT INTO t VALUES (1, 105, 'a'), (2, 5, 'b')"},
                         .after = {"UPDATE t SET at = at + 101", "DELETE FROM t WHERE id = 1"},
                         .columns = "id, at, v"};
    migrate(&shape);
}

Test(server_preservable, a_plain_table_into_a_partitioned_one_and_back)
{
    const Shape shape = {
        .source = by_range,
        .dest = plain,
        .fill = rows,
        .writes = {"UPDATE t SET at = at + 99 WHERE at < 50", "DELETE FROM t WHERE at > 600"},
        .after = {"UPDATE t SET at = at + 1000 WHERE at % 3 = 0", "TRUNCATE t_mid", "TRUNCATE t"},
        .columns = "id, at, v"};
    migrate(&shape);
}

Test(server_preservable, with_columns_that_differ)
{
    const Shape shape = {
        .source = "CREATE TABLE t (id bigint PRIMARY KEY, name text, size numeric(12,2), low int,"
                  " twice bigint GENERATED ALWAYS AS (low * 2) STORED, sum int,"
                  " added text NOT NULL DEFAULT 'new')",
        .dest = "CREATE TABLE t (id int PRIMARY KEY, name varchar(20), size numeric(10,2), low "
                "smallint,"
                " twice int, sum int GENERATED ALWAYS AS (id + 1) STORED, gone int DEFAULT 3)",
        .fill = "INSERT INTO t (id, name, size, low, twice) SELECT i, 'n' || i, i / 4.0, i % 100,"
                " (i % 100) * 2 FROM generate_series(1, 600) i",
        .writes = {"UPDATE t SET low = low + 1, twice = 2 * (low + 1)",
                   "UPDATE t SET id = -id, gone = 4"},
        .after = {"UPDATE t SET name = name || '!', added = 'x', sum = id + 1",
                  "INSERT INTO t (id, name, low, sum) VALUES (1000, 'after', 5, 1001)"},
        .columns = "id::bigint, name::text, size::numeric, low::int, twice::bigint, sum"};
    migrate(&shape);
}

Test(server_preservable, leaves_a_column_that_the_source_lacks_as_it_was)
{
    const Shape shape = {.source = "CREATE TABLE t (id int PRIMARY KEY, v int)",
                         .dest = "CREATE TABLE t (id int PRIMARY KEY, v int, gone int DEFAULT 3)",
                         .fill = "INSERT INTO t VALUES (1, 1, 10), (2, 2, 20)"};
    Pair pair = pair_of(&shape);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "t");
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_expect_not_null(strstr(str_text(&seen.warnings), "the source has no column gone"));
    test_sql(&pair.dest, "UPDATE t SET v = v * 5; INSERT INTO t VALUES (3, 3)");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(t::text, ' ' ORDER BY id) FROM t",
                 "(1,5,10) (2,10,20) (3,3,3)");
}

Test(server_preservable, not_without_a_key_of_the_same_columns)
{
    REFUSES("CREATE TABLE t (a int, b int)", "CREATE TABLE t (a int, b int)",
            "needs a primary key, or a unique index over NOT NULL columns");
    REFUSES("CREATE TABLE t (a int PRIMARY KEY, b int)",
            "CREATE TABLE t (a int, b int PRIMARY KEY)", "of the same columns on both sides");
    REFUSES("CREATE TABLE t (a int UNIQUE)", "CREATE TABLE t (a int UNIQUE)", "NOT NULL columns");
    REFUSES("CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX ON t (a) WHERE a > 0",
            "CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX ON t (a) WHERE a > 0",
            "needs a primary key");
}

Test(server_preservable, not_with_values_that_cannot_go_or_come_back)
{
    REFUSES("CREATE TABLE t (id int PRIMARY KEY, v date)",
            "CREATE TABLE t (id int PRIMARY KEY, v int)",
            "column v is integer here and date on the source");
    REFUSES("CREATE TABLE t (id int PRIMARY KEY, v int)",
            "CREATE TABLE t (id int PRIMARY KEY, v text)", "cannot be assigned");
    REFUSES("CREATE TABLE t (id uuid PRIMARY KEY)", "CREATE TABLE t (id text PRIMARY KEY)",
            "column id is text here and uuid on the source");
    REFUSES("CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)",
            "CREATE TABLE t (id int PRIMARY KEY)", "new column n is NOT NULL and has no default");
    REFUSES("CREATE TABLE t (id int PRIMARY KEY)",
            "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)", "could not get back");
    REFUSES("CREATE TABLE u (id int PRIMARY KEY) PARTITION BY RANGE (id);"
            "CREATE TABLE t PARTITION OF u DEFAULT",
            "CREATE TABLE t (id int PRIMARY KEY)", "it is a partition");
    REFUSES("CREATE TABLE u (id int); CREATE TABLE t (id int PRIMARY KEY) INHERITS (u)",
            "CREATE TABLE t (id int PRIMARY KEY)", "inherits from another table");
    REFUSES("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u () INHERITS (t)",
            "CREATE TABLE t (id int PRIMARY KEY)", "another table inherits from it");
}

Test(server_preservable, not_by_a_user_from_whom_policies_hide_rows)
{
    const Shape shape = {.source = "CREATE TABLE t (id int PRIMARY KEY)",
                         .dest =
                             "CREATE TABLE t (id int PRIMARY KEY);"
                             "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
                         .fill = "SELECT 1"};
    Pair pair = pair_of(&shape);
    test_role(&pair.dest, "pgzm_test_keeper");
    const TestDatabase owner = test_as(&pair.dest, "pgzm_test_keeper");
    test_sql(&pair.dest, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO pgzm_test_keeper',"
                         " current_database()); END $$;"
                         "ALTER SCHEMA public OWNER TO pgzm_test_keeper;"
                         "ALTER TABLE t OWNER TO pgzm_test_keeper;"
                         "ALTER TABLE other OWNER TO pgzm_test_keeper");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_DEST, owner.conninfo);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "t");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_PREFLIGHT);
    cr_expect_not_null(strstr(pgzm_error_message(pgzm), "row-level security is forced"), "%s",
                       pgzm_error_message(pgzm));
}

/* A row that the new table refuses never fails the application; it is named before the swap. */
Test(server_preservable, names_the_row_that_the_new_table_refuses)
{
    const Shape shape = {
        .source = "CREATE TABLE t (a int, b text, v int CHECK (v > 0), PRIMARY KEY (a, b))",
        .dest = "CREATE TABLE t (a int, b text, v int, PRIMARY KEY (a, b))",
        .fill = "INSERT INTO t SELECT i, 'x', 1 FROM generate_series(1, 50) i"};
    Pair pair = pair_of(&shape);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "t");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    test_sql(&pair.dest, "UPDATE t SET v = -1 WHERE a = 7; UPDATE t SET v = 9 WHERE a = 8");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_COPY_FAILED);
    cr_expect_not_null(strstr(pgzm_error_message(pgzm), "the row with key {7,x}"), "%s",
                       pgzm_error_message(pgzm));
    cr_expect_not_null(strstr(pgzm_error_message(pgzm), "t_v_check"), "%s",
                       pgzm_error_message(pgzm));
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "PREPARED");
    test_sql(&pair.dest, "UPDATE t SET v = 2 WHERE a = 7");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT sum(v) FROM t", "59");
}

/* ---- snapshots ------------------------------------------------------------------------- */

static const Shape simple = {.source = "CREATE TABLE t (id int PRIMARY KEY, v int)",
                             .dest = "CREATE TABLE t (id int PRIMARY KEY, v int)",
                             .fill = "INSERT INTO t SELECT i, 0 FROM generate_series(1, 20) i",
                             .columns = "id, v"};

static void run_ok(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql,
              PQerrorMessage(conn));
    PQclear(result);
}

/* Its snapshot hides every row that the copier writes. */
static void change_behind_the_copier(const char *begin)
{
    Pair pair = pair_of(&simple);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "t");
    PGconn *old = PQconnectdb(pair.dest.conninfo);
    run_ok(old, begin);
    run_ok(old, "SELECT n FROM other");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    run_ok(old, "UPDATE t SET v = 1 WHERE id = 1");
    run_ok(old, "DELETE FROM t WHERE id = 2");
    run_ok(old, "UPDATE t SET id = 103 WHERE id = 3");
    run_ok(old, "INSERT INTO t VALUES (4, 4), (104, 4) ON CONFLICT (id) DO UPDATE SET v = 44");
    run_ok(old, "COMMIT");
    PQfinish(old);
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(DISTINCT reason, ' ') FROM pgzm.redo", "isolation");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest,
                 "SELECT string_agg(t::text, ' ' ORDER BY id) FROM t WHERE id < 5 OR id > 20",
                 "(1,1) (4,44) (103,0) (104,4)");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM t", "20");
    expect_same(&pair.dest, &simple, "backup");
}

Test(server_preservable, a_repeatable_read_writer_older_than_the_copy_loses_nothing)
{
    change_behind_the_copier("BEGIN ISOLATION LEVEL REPEATABLE READ");
}

Test(server_preservable, a_serializable_writer_older_than_the_copy_loses_nothing)
{
    change_behind_the_copier("BEGIN ISOLATION LEVEL SERIALIZABLE");
}

Test(server_preservable, a_repeatable_read_writer_younger_than_the_copy_writes_directly)
{
    Pair pair = pair_of(&simple);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "t");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    PGconn *writer = PQconnectdb(pair.dest.conninfo);
    run_ok(writer, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    run_ok(writer, "UPDATE t SET v = v + 1");
    run_ok(writer, "UPDATE t SET id = -id WHERE id < 5");
    run_ok(writer, "DELETE FROM t WHERE id = 20");
    run_ok(writer, "COMMIT");
    PQfinish(writer);
    expect_no_redo(&pair.dest);
    expect_same(&pair.dest, &simple, "shadow");
}

/* Transactions whose snapshot is older than the swap: what others changed before their snapshot
 * must be there for them, too. */
typedef struct Waiting {
    PGconn *conn;
    char updated[16];
    atomic_bool done;
} Waiting;

static void *update_waiting(void *context)
{
    Waiting *waiting = context;
    PGresult *result = PQexec(waiting->conn, "UPDATE t SET v = v + 100 WHERE id IN (1, 500)");
    snprintf(waiting->updated, sizeof waiting->updated, "%s",
             PQresultStatus(result) == PGRES_COMMAND_OK ? PQcmdTuples(result) : "error");
    PQclear(result);
    atomic_store(&waiting->done, true);
    return NULL;
}

Test(server_preservable, a_snapshot_older_than_the_swap_finds_what_was_changed_before_it,
     .timeout = 60)
{
    Pair pair = pair_of(&simple);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "t");
    PGconn *old = PQconnectdb(pair.dest.conninfo);
    PGconn *late = PQconnectdb(pair.dest.conninfo);
    run_ok(old, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    run_ok(old, "SELECT n FROM other");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    /* the keys of this one go to redo */
    run_ok(old, "UPDATE t SET v = 7 WHERE id = 1; INSERT INTO t VALUES (500, 7); COMMIT");
    run_ok(late, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    run_ok(late, "SELECT txid_current_snapshot()");
    /* the swap drains them and waits for the snapshot that does not see that */
    pgzm_set(pgzm, PGZM_SWAP_TIMEOUT, "1s");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_LOCK);
    Waiting waiting = {.conn = late};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, update_waiting, &waiting), 0);
    pthread_join(thread, NULL);
    cr_expect_str_eq(waiting.updated, "2");
    run_ok(late, "COMMIT");
    pgzm_set(pgzm, PGZM_SWAP_TIMEOUT, "20s");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(t::text, ' ') FROM t WHERE id IN (1, 500)",
                 "(1,107) (500,107)");
    PQfinish(old);
    PQfinish(late);
}
