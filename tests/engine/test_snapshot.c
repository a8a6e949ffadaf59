/* What happens on the source while it is read: it is noticed, or it cannot happen. */
#include "tests/engine/handle.h"

typedef struct Meddler {
    const Pair *pair;
    const char *phase; /* when */
    const char *script;
    bool done;
} Meddler;

static void meddle(void *context, const PgzmEvent *event)
{
    Meddler *meddler = context;
    if (meddler->done || event->kind != PGZM_EVENT_PHASE ||
        strcmp(event->message, meddler->phase) != 0)
        return;
    meddler->done = true;
    test_sql(&meddler->pair->source, meddler->script);
}

static PgzmStatus run_meddled(const Pair *pair, const char *phase, const char *script, char **error)
{
    Meddler meddler = {.pair = pair, .phase = phase, .script = script};
    SEEN seen = {.hook = meddle, .context = &meddler};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(pair, &seen);
    PgzmStatus status = pgzm_run(pgzm, PGZM_PREPARE);
    cr_assert(meddler.done);
    *error = mem_strdup(pgzm_error_message(pgzm));
    return status;
}

/* After the snapshot, before the catalogs are read: rows of the catalogs are the snapshot's, names
 * in definitions are not. */
Test(server_snapshot, a_definition_that_changes_meanwhile_is_noticed)
{
    static const char *const scripts[] = {
        "ALTER FUNCTION shown() RENAME TO hidden",
        "CREATE INDEX ON customer (name)",
        "CREATE OR REPLACE VIEW big AS SELECT id, upper(name) AS name FROM customer",
        "ALTER TYPE mood ADD VALUE 'sad'",
        "CREATE TABLE another (id int)",
        "GRANT SELECT ON customer TO pg_monitor"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        Pair pair = pair_open();
        test_sql(&pair.source, "CREATE FUNCTION shown() RETURNS int LANGUAGE sql AS 'SELECT 1';"
                               "CREATE TYPE mood AS ENUM ('glad')");
        AUTO(mem_free) char *error = NULL;
        PgzmStatus status = run_meddled(&pair, "preflight", scripts[i], &error);
        cr_assert_eq(status, PGZM_LOCK, "%s: %d %s", scripts[i], (int)status, error);
        cr_assert_not_null(strstr(error, "changed while they were read"), "%s: %s", scripts[i],
                           error);
        EXPECT_VALUE(&pair.dest, "SELECT to_regnamespace('pgzm_shadow_public') IS NULL", "t");
    }
}

/* The tables are locked by then: whoever would take the rows away waits. */
Test(server_snapshot, a_table_cannot_be_emptied_meanwhile)
{
    Pair pair = pair_open();
    static const char attempt[] = "SET lock_timeout = 100; DO $$ BEGIN TRUNCATE customer CASCADE;"
                                  " EXCEPTION WHEN lock_not_available THEN"
                                  " CREATE TABLE IF NOT EXISTS outside.waited (); END $$";
    test_sql(&pair.source, "CREATE SCHEMA outside");
    AUTO(mem_free) char *error = NULL;
    PgzmStatus status = run_meddled(&pair, "copy", attempt, &error);
    cr_assert_eq(status, PGZM_OK, "%s", error);
    EXPECT_VALUE(&pair.source, "SELECT to_regclass('outside.waited') IS NOT NULL", "t");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm_shadow_public.customer", "200");
}

/* Rows that come and go are not the snapshot's. */
Test(server_snapshot, rows_are_those_of_one_moment)
{
    Pair pair = pair_open();
    AUTO(mem_free) char *error = NULL;
    PgzmStatus status = run_meddled(&pair, "copy",
                                    "DELETE FROM orders; INSERT INTO customer VALUES (999, 'late');"
                                    "UPDATE customer SET name = 'changed'",
                                    &error);
    cr_assert_eq(status, PGZM_OK, "%s", error);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm_shadow_public.orders", "1000");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) || ' ' || count(*) FILTER (WHERE name LIKE 'new %')"
                 " FROM pgzm_shadow_public.customer",
                 "200 200");
}
