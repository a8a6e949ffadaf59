/* Preserved tables under load: applications go on from before prepare until after rollback. */
#include "tests/engine/handle.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/conn.h"

enum { WRITERS = 4, KEYS = 60, HOT_KEYS = 5, HOT_BASE = 1000000 };

typedef struct Load Load;

/* One application session. It alone writes its own keys, so it knows what must be there. */
typedef struct Writer {
    Load *load;
    int index;
    const char *begin;
    bool retries; /* serialization failures are part of its isolation level */
    unsigned seed;
    pthread_t thread;
    PGconn *conn;
    long rows[2 * KEYS]; /* value by key, 0 for none; keys move by KEYS and back */
    long hot;            /* increments of the shared rows that were acknowledged */
    long done, retried, failures;
    char first_failure[512];
} Writer;

struct Load {
    Writer writers[WRITERS];
    pthread_rwlock_t truncating; /* TRUNCATE makes all that the writers know void */
    atomic_bool stop;
    atomic_long done, truncated;
};

typedef enum Outcome { DONE, RETRY, FAILED } Outcome;

static void note_failure(Writer *writer, const char *sql, const char *why)
{
    if (writer->failures++ == 0)
        snprintf(writer->first_failure, sizeof writer->first_failure, "%s: %s: %s", writer->begin,
                 sql, why);
}

static Outcome run(Writer *writer, const char *sql, long expected_rows)
{
    AUTO(result_free)
    PGresult *result = PQexecParams(writer->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (writer->retries && state != NULL && strcmp(state, "40001") == 0)
            return RETRY;
        note_failure(writer, sql, PQerrorMessage(writer->conn));
        return FAILED;
    }
    if (expected_rows >= 0 && atol(PQcmdTuples(result)) != expected_rows) {
        AUTO(mem_free)
        char *why = mem_printf("%s rows instead of %ld", PQcmdTuples(result), expected_rows);
        note_failure(writer, sql, why);
        return FAILED;
    }
    return DONE;
}

/* One change of own rows in `rows` (a copy), and the statement for it. */
static Outcome change(Writer *writer, long *rows)
{
    long base = 1000L * (writer->index + 1);
    int slot = rand_r(&writer->seed) % KEYS;
    int kind = rand_r(&writer->seed) % 5;
    int here = rows[slot] != 0 ? slot : slot + KEYS;
    int there = here < KEYS ? slot + KEYS : slot;
    long value = 1 + rand_r(&writer->seed) % 100000;
    char sql[512];
    if (rows[here] == 0) {
        snprintf(sql, sizeof sql,
                 kind < 3 ? "INSERT INTO kept (id, val, tg_op) VALUES (%ld, %ld, 'x')"
                          : "INSERT INTO kept (id, val) VALUES (%ld, %ld)"
                            " ON CONFLICT (id) DO UPDATE SET val = -1",
                 base + here, value);
        rows[here] = value;
        return run(writer, sql, 1);
    }
    if (kind == 0) {
        snprintf(sql, sizeof sql, "DELETE FROM kept WHERE id = %ld", base + here);
        rows[here] = 0;
        return run(writer, sql, 1);
    }
    if (kind == 1) {
        snprintf(sql, sizeof sql, "UPDATE kept SET id = %ld WHERE id = %ld", base + there,
                 base + here);
        rows[there] = rows[here];
        rows[here] = 0;
        return run(writer, sql, 1);
    }
    if (kind == 2) { /* many rows at once */
        long count = 0;
        for (int i = 0; i < 2 * KEYS; i++)
            if (rows[i] != 0) {
                rows[i]++;
                count++;
            }
        snprintf(sql, sizeof sql, "UPDATE kept SET val = val + 1 WHERE id BETWEEN %ld AND %ld",
                 base, base + 2 * KEYS);
        return run(writer, sql, count);
    }
    snprintf(sql, sizeof sql,
             kind == 3 ? "UPDATE kept SET val = %2$ld WHERE id = %1$ld"
                       : "INSERT INTO kept (id, val) VALUES (%1$ld, 0)"
                         " ON CONFLICT (id) DO UPDATE SET val = %2$ld",
             base + here, value);
    rows[here] = value;
    return run(writer, sql, 1);
}

static Outcome increment(Writer *writer)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO kept AS k (id, val) VALUES (%d, 1)"
             " ON CONFLICT (id) DO UPDATE SET val = k.val + 1",
             HOT_BASE + rand_r(&writer->seed) % HOT_KEYS);
    return run(writer, sql, 1);
}

static void transact(Writer *writer)
{
    long rows[2 * KEYS];
    memcpy(rows, writer->rows, sizeof rows);
    int changes = 1 + rand_r(&writer->seed) % 3;
    bool hot = rand_r(&writer->seed) % 3 == 0;
    Outcome outcome = run(writer, writer->begin, -1);
    for (int i = 0; i < changes && outcome == DONE; i++)
        outcome = change(writer, rows);
    if (hot && outcome == DONE)
        outcome = increment(writer);
    if (outcome == DONE)
        outcome = run(writer, "COMMIT", -1);
    if (outcome == DONE) {
        memcpy(writer->rows, rows, sizeof rows);
        writer->hot += hot;
        writer->done++;
        atomic_fetch_add(&writer->load->done, 1);
        return;
    }
    writer->retried += outcome == RETRY;
    if (PQtransactionStatus(writer->conn) != PQTRANS_IDLE)
        PQclear(PQexec(writer->conn, "ROLLBACK"));
}

static void truncate(Writer *writer)
{
    Load *load = writer->load;
    if (run(writer, "TRUNCATE kept", -1) != DONE)
        return;
    for (int i = 0; i < WRITERS; i++) {
        memset(load->writers[i].rows, 0, sizeof load->writers[i].rows);
        load->writers[i].hot = 0;
    }
    atomic_fetch_add(&load->truncated, 1);
}

static void *write_rows(void *context)
{
    Writer *writer = context;
    Load *load = writer->load;
    while (!atomic_load(&load->stop)) {
        bool all = writer->index == 0 && rand_r(&writer->seed) % 150 == 0;
        if (all)
            pthread_rwlock_wrlock(&load->truncating);
        else
            pthread_rwlock_rdlock(&load->truncating);
        if (all)
            truncate(writer);
        else
            transact(writer);
        pthread_rwlock_unlock(&load->truncating);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return NULL;
}

static void load_await(Load *load, long transactions)
{
    long wanted = atomic_load(&load->done) + transactions;
    int64_t end = clock_monotonic_ms() + 20000;
    while (atomic_load(&load->done) < wanted) {
        cr_assert_lt(clock_monotonic_ms(), end, "the writers are stuck");
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

/* `begins` are the statements that begin the writers' transactions. */
static Load *load_start(const TestDatabase *database, const char *const begins[WRITERS])
{
    Load *load = mem_alloc(sizeof *load);
    pthread_rwlock_init(&load->truncating, NULL);
    for (int i = 0; i < WRITERS; i++) {
        Writer *writer = &load->writers[i];
        *writer = (Writer){.load = load,
                           .index = i,
                           .begin = begins[i],
                           .retries = strstr(begins[i], "COMMITTED") == NULL,
                           .seed = (unsigned)i + 1,
                           .conn = PQconnectdb(database->conninfo)};
        cr_assert_eq(PQstatus(writer->conn), CONNECTION_OK);
    }
    for (int i = 0; i < WRITERS; i++)
        cr_assert_eq(pthread_create(&load->writers[i].thread, NULL, write_rows, &load->writers[i]),
                     0);
    load_await(load, 100);
    return load;
}

static void load_join(Load *load)
{
    atomic_store(&load->stop, true);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(load->writers[i].thread, NULL);
        PQfinish(load->writers[i].conn);
    }
}

/* No statement failed, and the database has what was acknowledged, all of it and nothing else. */
static void load_check(Load *load, const TestDatabase *database)
{
    AUTO(str_clear) Str expected = STR_INIT;
    long hot = 0;
    for (int i = 0; i < WRITERS; i++) {
        const Writer *writer = &load->writers[i];
        cr_assert_eq(writer->failures, 0, "%ld failures, the first: %s", writer->failures,
                     writer->first_failure);
        cr_assert_gt(writer->done, 20, "writer %d: %ld done, %ld retried", i, writer->done,
                     writer->retried);
        hot += writer->hot;
        for (int k = 0; k < 2 * KEYS; k++)
            if (writer->rows[k] != 0)
                str_addf(&expected, "%ld|%ld\n", 1000L * (i + 1) + k, writer->rows[k]);
    }
    AUTO(mem_free)
    char *rows = test_rows(database, "SELECT id, val FROM kept WHERE id < 1000000 ORDER BY id");
    size_t length = strlen(rows);
    while (length > 0 && rows[length - 1] == '\n')
        rows[--length] = '\0';
    while (expected.len > 0 && expected.text[expected.len - 1] == '\n')
        expected.text[--expected.len] = '\0';
    cr_assert_str_eq(rows, str_text(&expected));
    AUTO(mem_free) char *sum = mem_printf("%ld", hot);
    EXPECT_VALUE(database, "SELECT coalesce(sum(val), 0) FROM kept WHERE id >= 1000000", sum);
}

static void load_free(Load *load)
{
    pthread_rwlock_destroy(&load->truncating);
    mem_free(load);
}

/* ---- the tables ------------------------------------------------------------------------ */

#define OLD_COLUMNS                                                                                \
    "id bigint PRIMARY KEY, val bigint, tg_op text, key text, reason text DEFAULT 'r',"            \
    " new text, \"Odd \"\"Name\" int DEFAULT 7"

static Pair pair_with_kept(void)
{
    Pair pair = {test_database("kept_source"), test_database("kept_dest")};
    test_sql(&pair.source, "CREATE TABLE kept (added int DEFAULT 5, " OLD_COLUMNS ");"
                           "CREATE INDEX kept_val ON kept (val);"
                           "INSERT INTO kept (id, val) SELECT i, i FROM generate_series(1, 10) i;"
                           "CREATE TABLE other AS SELECT i AS id FROM generate_series(1, 5000) i");
    test_sql(&pair.dest, "CREATE TABLE kept (" OLD_COLUMNS "); CREATE TABLE other (id int)");
    return pair;
}

/* The live table and the one it is kept in step with, which `schemas` finds. */
static void expect_same_rows(const TestDatabase *dest, const char *pattern)
{
    AUTO(mem_free)
    char *find = mem_printf("SELECT nspname FROM pg_namespace WHERE nspname ~ '%s'", pattern);
    AUTO(mem_free) char *schema = test_value(dest, find);
    cr_assert_not_null(schema);
    static const char columns[] = "id, val, tg_op, key, reason, new, \"Odd \"\"Name\"";
    AUTO(mem_free)
    char *whole = mem_printf("WITH a AS (SELECT %s FROM public.kept), b AS (SELECT %s FROM"
                             " \"%s\".kept) SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b)"
                             " UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS d",
                             columns, columns, schema);
    EXPECT_VALUE(dest, whole, "0");
}

static const char rc[] = "BEGIN ISOLATION LEVEL READ COMMITTED";
static const char rr[] = "BEGIN ISOLATION LEVEL REPEATABLE READ";
static const char ser[] = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/* Writers from before prepare until after rollback. */
static void migrate_under_load(const char *const begins[WRITERS])
{
    Pair pair = pair_with_kept();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "kept");
    pgzm_set(pgzm, PGZM_LATEST, "on");
    Load *load = load_start(&pair.dest, begins);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    load_await(load, 150);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM other", "5000");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_attribute WHERE attrelid = 'kept'::regclass"
                 " AND attname = 'added'",
                 "1");
    load_await(load, 150);
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    load_await(load, 50);
    load_join(load);
    load_check(load, &pair.dest);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.redo", "0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgzm%'", "0");
    load_free(load);
}

Test(server_preserved, loses_nothing_at_read_committed, .timeout = 60)
{
    migrate_under_load((const char *const[]){rc, rc, rc, rc});
}

Test(server_preserved, loses_nothing_at_repeatable_read, .timeout = 60)
{
    migrate_under_load((const char *const[]){rr, rr, rr, rr});
}

Test(server_preserved, loses_nothing_at_serializable, .timeout = 60)
{
    migrate_under_load((const char *const[]){ser, ser, ser, ser});
}

Test(server_preserved, loses_nothing_when_levels_are_mixed, .timeout = 60)
{
    migrate_under_load((const char *const[]){rc, rr, ser, rc});
}

Test(server_preserved, is_the_same_in_both_worlds_at_the_swap, .timeout = 60)
{
    Pair pair = pair_with_kept();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "kept");
    Load *load = load_start(&pair.dest, (const char *const[]){rc, rr, ser, rc});
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    load_await(load, 200);
    load_join(load);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    load_check(load, &pair.dest);
    expect_same_rows(&pair.dest, "^pgzm_backup_");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.redo", "0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM kept WHERE added IS DISTINCT FROM 5", "0");
    load_free(load);
}

Test(server_preserved, never_fails_an_application_when_the_new_shape_refuses_a_row)
{
    Pair pair = pair_with_kept();
    test_sql(&pair.source, "ALTER TABLE kept ADD CHECK (val < 100)");
    test_sql(&pair.dest, "INSERT INTO kept (id, val) VALUES (1, 1), (2, 2)");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "kept");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    test_sql(&pair.dest, "INSERT INTO kept (id, val) VALUES (3, 1000);"
                         "UPDATE kept SET val = 2000 WHERE id = 1;"
                         "UPDATE kept SET val = 3 WHERE id = 2");
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(val::text, ',' ORDER BY id) FROM kept",
                 "2000,3,1000");
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(DISTINCT key[1], ',') FROM pgzm.redo", "1,3");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_COPY_FAILED);
    cr_assert_str_eq(pgzm_error_sqlstate(pgzm), "23514");
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), "kept"));
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "PREPARED");
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(val::text, ',' ORDER BY id) FROM kept",
                 "2000,3,1000");
    test_sql(&pair.dest, "UPDATE kept SET val = 4 WHERE val > 99");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(val::text, ',' ORDER BY id) FROM kept", "4,3,4");
}

/* plpgsql's OTHERS does not catch it. */
Test(server_preserved, never_fails_an_application_when_an_assertion_of_the_new_shape_fails)
{
    Pair pair = pair_with_kept();
    test_sql(&pair.source,
             "CREATE FUNCTION small(bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
             "  ASSERT $1 < 100, 'too large'; RETURN true; END $$;"
             "ALTER TABLE kept ADD CHECK (small(val))");
    test_sql(&pair.dest, "INSERT INTO kept (id, val) VALUES (1, 1), (2, 2)");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "kept");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    test_sql(&pair.dest, "UPDATE kept SET val = 1000 WHERE id = 2");
    EXPECT_VALUE(&pair.dest, "SELECT key[1] || ': ' || reason FROM pgzm.redo", "2: too large");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_COPY_FAILED);
    cr_expect_not_null(strstr(pgzm_error_message(pgzm), "{2}"), "%s", pgzm_error_message(pgzm));
    test_sql(&pair.dest, "UPDATE kept SET val = 99 WHERE id = 2");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(val::text, ',' ORDER BY id) FROM kept", "1,99");
}

Test(server_preserved, keeps_values_of_sequences_of_any_kind)
{
    Pair pair = {test_database("kept_source"), test_database("kept_dest")};
    static const char tables[] =
        "CREATE TABLE ident (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);"
        "CREATE SEQUENCE shared;"
        "CREATE TABLE one (id bigint PRIMARY KEY DEFAULT nextval('shared'));"
        "CREATE TABLE two (id bigint PRIMARY KEY DEFAULT nextval('shared'));"
        "CREATE SEQUENCE down INCREMENT -1;"
        "CREATE TABLE falls (id bigint PRIMARY KEY DEFAULT nextval('down'));"
        "CREATE SEQUENCE round MAXVALUE 5 CYCLE;"
        "CREATE TABLE turns (id int PRIMARY KEY, n bigint DEFAULT nextval('round'));"
        "CREATE TABLE never (id serial PRIMARY KEY);";
    test_sql(&pair.source, tables);
    test_sql(&pair.source,
             "CREATE TABLE zero (id serial PRIMARY KEY);"
             "CREATE SEQUENCE few_id_seq;"
             "CREATE TABLE few (id numeric(9) DEFAULT nextval('few_id_seq') PRIMARY KEY);"
             "SELECT setval('shared', 50), setval('never_id_seq', 99)");
    test_sql(&pair.dest, tables);
    test_sql(&pair.dest,
             "CREATE TABLE zero (id int PRIMARY KEY); INSERT INTO zero VALUES (0);"
             "CREATE TABLE few (id numeric(9) PRIMARY KEY); INSERT INTO few VALUES (3), (8);"
             "INSERT INTO ident SELECT FROM generate_series(1, 7);"
             "INSERT INTO one SELECT FROM generate_series(1, 3);"
             "INSERT INTO two SELECT FROM generate_series(1, 4);"
             "INSERT INTO falls SELECT FROM generate_series(1, 6);"
             "INSERT INTO turns (id) SELECT i FROM generate_series(1, 7) i");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "ident,one,two,falls,turns,never,zero,few");
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    static const char next[] = "SELECT concat_ws(',', nextval('ident_id_seq'), nextval('shared'),"
                               " nextval('down'), nextval('round'), nextval('never_id_seq'))";
    EXPECT_VALUE(&pair.dest, next, "8,8,-7,3,1");
    EXPECT_VALUE(&pair.dest, "SELECT nextval('zero_id_seq') || ',' || nextval('few_id_seq')",
                 "1,9");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, next, "9,9,-8,4,2");
}

Test(server_preserved, names_a_sequence_that_the_new_one_cannot_follow)
{
    Pair pair = {test_database("kept_source"), test_database("kept_dest")};
    test_sql(&pair.source, "CREATE TABLE kept (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)");
    test_sql(&pair.dest, "CREATE TABLE kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);"
                         "ALTER SEQUENCE kept_id_seq RESTART 3000000000");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "kept");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_PREFLIGHT);
    cr_expect_not_null(
        strstr(pgzm_error_message(pgzm), "kept_id_seq of a preserved table stands at 3000000000"),
        "%s", pgzm_error_message(pgzm));
}

/* The new sequence may go further than the old one, and a rollback must work all the same. */
Test(server_preserved, goes_back_to_a_sequence_that_ends_before)
{
    Pair pair = {test_database("kept_source"), test_database("kept_dest")};
    test_sql(&pair.source, "CREATE TABLE kept (id bigint GENERATED BY DEFAULT AS IDENTITY"
                           " PRIMARY KEY)");
    test_sql(&pair.dest, "CREATE TABLE kept (id bigint GENERATED BY DEFAULT AS IDENTITY"
                         " (MAXVALUE 10) PRIMARY KEY); INSERT INTO kept DEFAULT VALUES");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "kept");
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    test_sql(&pair.dest, "INSERT INTO kept SELECT FROM generate_series(1, 20)");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT last_value || ',' || is_called FROM kept_id_seq", "10,true");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM kept", "21");
}

Test(server_preserved, carries_what_a_deferrable_key_lets_pass)
{
    Pair pair = {test_database("kept_source"), test_database("kept_dest")};
    static const char table[] = "CREATE TABLE kept (id int PRIMARY KEY, val int,"
                                " UNIQUE (val) DEFERRABLE INITIALLY DEFERRED)";
    test_sql(&pair.source, table);
    test_sql(&pair.dest, table);
    test_sql(&pair.dest, "INSERT INTO kept SELECT i, i FROM generate_series(1, 20) i");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "kept");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    test_sql(&pair.dest, "UPDATE kept SET val = 21 - val");
    test_sql(&pair.dest, "UPDATE kept SET id = id + 100; DELETE FROM kept WHERE id > 115;"
                         "INSERT INTO kept VALUES (5, 500)");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) || ',' || sum(id) || ',' || sum(val) FROM kept",
                 "16,1625,695");
}
