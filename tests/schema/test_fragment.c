#include <criterion/criterion.h>

#include "tests/schema/replay.h"

/* Whole databases read, replayed and read again: what crosses the kinds. */

Test(server_fragment, a_view_and_a_function_that_returns_it_need_each_other)
{
    Replay r = replay("viewloop",
                      "CREATE TABLE t (id int PRIMARY KEY, note text COLLATE \"C\");"
                      "CREATE VIEW v WITH (security_barrier) AS SELECT id, note FROM t;"
                      "CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT 1, NULL::text';"
                      "CREATE OR REPLACE VIEW v WITH (security_barrier) AS"
                      " SELECT id, note FROM t UNION ALL SELECT * FROM f();"
                      "CREATE VIEW on_top AS SELECT id FROM v;"
                      "COMMENT ON VIEW v IS 'goes round';");
    cr_assert(replay_has(&r.list, "CREATE VIEW public.v AS SELECT NULL::integer AS id,"
                                  " NULL::text COLLATE \"C\" AS note"));
    size_t function = replay_find(&r.list, FRAGMENT_FUNCTION, "function public.f");
    size_t on_top = replay_find(&r.list, FRAGMENT_VIEW, "view public.on_top");
    size_t real = SIZE_MAX;
    for (size_t i = 0; i < r.list.count; i++) {
        if (strncmp(r.list.items[i].sql, "CREATE OR REPLACE VIEW", 22) == 0)
            real = i;
    }
    cr_assert_neq(real, SIZE_MAX);
    cr_assert(function < real && real < on_top);
    replay_end(&r);
}

Test(server_fragment, views_grouped_by_a_primary_key_wait_for_it)
{
    Replay r =
        replay("promotion", "CREATE TABLE a (id int PRIMARY KEY, name text);"
                            "CREATE VIEW grouped AS SELECT id, name, count(*) FROM a GROUP BY id;"
                            "CREATE VIEW above AS SELECT id FROM grouped;"
                            "CREATE MATERIALIZED VIEW kept AS SELECT id, name FROM a GROUP BY id;"
                            "CREATE INDEX ON kept (id);"
                            "GRANT SELECT ON grouped TO PUBLIC;"
                            "COMMENT ON VIEW above IS 'late';");
    size_t key = replay_find(&r.list, FRAGMENT_CONSTRAINT, "constraint a_pkey");
    size_t grouped = replay_find(&r.list, FRAGMENT_VIEW, "view public.grouped");
    size_t above = replay_find(&r.list, FRAGMENT_VIEW, "view public.above");
    size_t kept = replay_find(&r.list, FRAGMENT_MATVIEW, "materialized view public.kept");
    size_t granted = replay_find(&r.list, FRAGMENT_GRANT, "grant public.grouped");
    cr_assert(key < grouped && grouped < above && key < kept && grouped < granted);
    cr_assert_eq(r.list.items[above].section, SECTION_POST);
    cr_assert_eq(r.list.items[kept].section, SECTION_POST);
    cr_assert_eq(r.list.items[granted].section, SECTION_POST);
    replay_end(&r);
}

Test(server_fragment, a_parsed_function_body_grouped_by_a_primary_key_waits_for_it)
{
    if (test_server_version() < 140000)
        cr_skip("BEGIN ATOMIC came with 14");
    Replay r =
        replay("atomic", "CREATE TABLE a (id int PRIMARY KEY, name text);"
                         "CREATE FUNCTION names() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC"
                         " SELECT name FROM a GROUP BY id; END;"
                         "CREATE TABLE b (id int DEFAULT length('x'), n bigint);"
                         "CREATE FUNCTION plain() RETURNS bigint LANGUAGE sql RETURN"
                         " (SELECT count(*) FROM a);"
                         "ALTER TABLE b ALTER n SET DEFAULT plain();");
    size_t key = replay_find(&r.list, FRAGMENT_CONSTRAINT, "constraint a_pkey");
    size_t names = replay_find(&r.list, FRAGMENT_FUNCTION, "function public.names");
    size_t plain = replay_find(&r.list, FRAGMENT_FUNCTION, "function public.plain");
    cr_assert_lt(key, names);
    cr_assert_eq(r.list.items[names].section, SECTION_POST);
    cr_assert_eq(r.list.items[plain].section, SECTION_PRE);
    replay_end(&r);
}

Test(server_fragment, a_default_may_call_a_function_on_the_row_type)
{
    Replay r = replay("rowtype",
                      "CREATE TABLE t (id int, label text);"
                      "CREATE FUNCTION label_of(t) RETURNS text LANGUAGE sql AS 'SELECT $1.label';"
                      "CREATE FUNCTION next_label(t DEFAULT NULL) RETURNS text LANGUAGE sql"
                      " AS 'SELECT ''x''';"
                      "ALTER TABLE t ALTER label SET DEFAULT next_label();"
                      "ALTER TABLE t ADD CHECK (label_of(t.*) <> 'y');"
                      "CREATE TABLE holds (one t, many t[]);");
    size_t table = replay_find(&r.list, FRAGMENT_TABLE, "table public.t");
    size_t holds = replay_find(&r.list, FRAGMENT_TABLE, "table public.holds");
    size_t function = replay_find(&r.list, FRAGMENT_FUNCTION, "function public.next_label");
    cr_assert(table < function && table < holds);
    replay_end(&r);
}

Test(server_fragment, same_names_in_several_schemas_stay_apart)
{
    Replay r = replay(
        "schemas",
        "CREATE SCHEMA one; CREATE SCHEMA two;"
        "CREATE TYPE one.state AS ENUM ('a'); CREATE TYPE two.state AS ENUM ('b');"
        "CREATE TABLE one.t (s one.state DEFAULT 'a', o two.state);"
        "CREATE TABLE two.t (s two.state DEFAULT 'b');"
        "CREATE FUNCTION one.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1';"
        "CREATE TABLE two.\"int4\" (id int);"
        "CREATE VIEW one.v AS SELECT one.lower(s::text) AS a, lower(s::text) AS b FROM one.t;"
        "CREATE VIEW two.v AS SELECT x.s, y.s AS other FROM two.t x, one.t y;");
    replay_end(&r);
}

Test(server_fragment, hostile_names_are_names)
{
    Replay r = replay(
        "names",
        "CREATE SCHEMA \"Schema; DROP \"\"x\"\"\";"
        "CREATE TYPE \"Schema; DROP \"\"x\"\"\".\"ta.ble\" AS ENUM ('it''s', E'back\\\\slash');"
        "CREATE TABLE \"Schema; DROP \"\"x\"\"\".\"select\""
        " (\"a b\" \"Schema; DROP \"\"x\"\"\".\"ta.ble\" DEFAULT 'it''s',"
        "  \"new\nline\" int NOT NULL, \"$1\" text, \"Größe\" int, \"user\" serial);"
        "CREATE TABLE \"ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé\" (id int PRIMARY KEY);"
        "CREATE FUNCTION \"Fn \"\"q\"\"\"(\"Ärg\" int, \"table\" text DEFAULT '''')"
        " RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE SEQUENCE \"Schema; DROP \"\"x\"\"\".\"Seq.Uence\" OWNED BY \"Schema; DROP "
        "\"\"x\"\"\".\"select\".\"new\nline\";"
        "CREATE VIEW \"view\" AS SELECT \"a b\", \"$1\" AS \"x\"\"y\" FROM"
        " \"Schema; DROP \"\"x\"\"\".\"select\";"
        "COMMENT ON COLUMN \"view\".\"x\"\"y\" IS E'two\\nlines ''quoted''';"
        "COMMENT ON FUNCTION \"Fn \"\"q\"\"\"(int, text) IS '$1 \\';");
    for (size_t i = 0; i < r.list.count; i++)
        cr_assert_null(strchr(r.list.items[i].label, '\n'), "a label is one line");
    replay_end(&r);
}

Test(server_fragment, comments_come_along_on_every_kind)
{
    const char *script =
        "CREATE SCHEMA s; COMMENT ON SCHEMA s IS 'c schema';"
        "CREATE TYPE e AS ENUM ('a'); COMMENT ON TYPE e IS 'c enum';"
        "CREATE TYPE c AS (x int); COMMENT ON TYPE c IS 'c composite';"
        "COMMENT ON COLUMN c.x IS 'c attribute';"
        "CREATE TYPE ra AS RANGE (SUBTYPE = int4); COMMENT ON TYPE ra IS 'c range';"
        "CREATE DOMAIN d AS int CONSTRAINT dc CHECK (VALUE > 0); COMMENT ON DOMAIN d IS 'c domain';"
        "COMMENT ON CONSTRAINT dc ON DOMAIN d IS 'c domain check';"
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "COMMENT ON FUNCTION f(int) IS 'c function';"
        "CREATE PROCEDURE p(a int) LANGUAGE sql AS ''; COMMENT ON PROCEDURE p(int) IS 'c "
        "procedure';"
        "CREATE SEQUENCE q; COMMENT ON SEQUENCE q IS 'c sequence';"
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, s serial,"
        " CONSTRAINT tp PRIMARY KEY (id), CONSTRAINT tc CHECK (id > 0), CONSTRAINT tu UNIQUE (s),"
        " CONSTRAINT tf FOREIGN KEY (s) REFERENCES t (id));"
        "COMMENT ON TABLE t IS 'c table'; COMMENT ON COLUMN t.id IS 'c column';"
        "COMMENT ON CONSTRAINT tp ON t IS 'c key'; COMMENT ON INDEX tp IS 'c key index';"
        "COMMENT ON CONSTRAINT tc ON t IS 'c check'; COMMENT ON CONSTRAINT tf ON t IS 'c fkey';"
        "COMMENT ON SEQUENCE t_id_seq IS 'c identity'; COMMENT ON SEQUENCE t_s_seq IS 'c serial';"
        "CREATE INDEX i ON t (s); COMMENT ON INDEX i IS 'c index';"
        "CREATE VIEW v AS SELECT id FROM t; COMMENT ON VIEW v IS 'c view';"
        "COMMENT ON COLUMN v.id IS 'c view column';"
        "CREATE MATERIALIZED VIEW m AS SELECT id FROM t; COMMENT ON MATERIALIZED VIEW m IS 'c mat';"
        "COMMENT ON COLUMN m.id IS 'c mat column';"
        "CREATE RULE r AS ON UPDATE TO t DO ALSO NOTHING; COMMENT ON RULE r ON t IS 'c rule';"
        "CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';"
        "CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION tg();"
        "COMMENT ON TRIGGER g ON t IS 'c trigger';"
        "CREATE POLICY o ON t USING (true); COMMENT ON POLICY o ON t IS 'c policy';";
    Replay r = replay("comments", script);
    size_t count = 0;
    for (size_t i = 0; i < r.list.count; i++)
        count += r.list.items[i].kind == FRAGMENT_COMMENT;
    size_t expected = 0;
    for (const char *c = script; (c = strstr(c, " IS 'c ")) != NULL; c++)
        expected++;
    cr_assert_eq(count, expected, "%zu comments of %zu", count, expected);
    replay_end(&r);
}

/* ---- under other names ----------------------------------------------------------------- */

static void run(Conn *conn, const char *sql)
{
    Error err = ERROR_INIT;
    cr_assert(conn_exec(conn, sql, &err), "%s: %s", sql, err.message);
}

static void run_section(Conn *conn, const FragmentList *list, Section section)
{
    Error err = ERROR_INIT;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].section == section && list->items[i].object.classid != CATALOG_NAMESPACE)
            cr_assert(conn_exec(conn, list->items[i].sql, &err), "%s: %s\n%s", list->items[i].label,
                      err.message, list->items[i].sql);
    }
}

static void believe(Conn *conn)
{
    run(conn, "ALTER SCHEMA public RENAME TO pgzm_aside");
    run(conn, "ALTER SCHEMA pgzm_shadow_public RENAME TO public");
}

static void wake(Conn *conn)
{
    run(conn, "ALTER SCHEMA public RENAME TO pgzm_shadow_public");
    run(conn, "ALTER SCHEMA pgzm_aside RENAME TO public");
}

/* Makes the shadow under the live name, has the rest printed back under the shadow's, and makes
 * that. */
static void rehearse(Conn *conn, const FragmentList *list, Arena *arena)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    run(conn, "BEGIN");
    run(conn, "CREATE SCHEMA pgzm_shadow_public");
    believe(conn);
    run_section(conn, list, SECTION_PRE);
    wake(conn);
    run(conn, "COMMIT");

    run(conn, "BEGIN");
    believe(conn);
    run_section(conn, list, SECTION_POST);
    wake(conn);
    const char *schemas[] = {"pgzm_shadow_public"};
    CatalogScope scope = {.schemas = schemas, .schema_count = 1};
    Model *model;
    FragmentList printed;
    cr_assert(catalog_read(conn, &scope, arena, &model, &err), "%s", err.message);
    cr_assert(fragments_build(model, conn_version(conn), conn, arena, &printed, &err), "%s",
              err.message);
    run(conn, "ROLLBACK");
    run_section(conn, &printed, SECTION_POST);
}

Test(server_fragment, what_a_rehearsal_prints_back_makes_the_same_objects)
{
    static const char script[] =
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN code AS text CHECK (VALUE <> '');"
        "CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';"
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';"
        "CREATE TABLE a (id serial PRIMARY KEY, m mood DEFAULT 'ok', c code UNIQUE, p int[],"
        " g text GENERATED ALWAYS AS (norm('x')) STORED,"
        " EXCLUDE USING btree (id WITH =), CHECK (norm(c) <> 'y'));"
        "CREATE TABLE b (id int GENERATED BY DEFAULT AS IDENTITY, a_id int REFERENCES a,"
        " at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
        "CREATE TABLE b_1 PARTITION OF b FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
        "CREATE TABLE b_rest PARTITION OF b DEFAULT;"
        "CREATE INDEX ON b (a_id); CREATE INDEX low ON a (norm(c)) WHERE m = 'ok';"
        "CREATE TABLE c (b_id int, b_at date, FOREIGN KEY (b_id, b_at) REFERENCES b);"
        "CREATE TABLE child (extra mood) INHERITS (a);"
        "CREATE VIEW v AS SELECT id, m, norm(c) FROM a GROUP BY id;"
        "CREATE VIEW w AS SELECT v.id, b.at FROM v JOIN b ON b.a_id = v.id;"
        "CREATE MATERIALIZED VIEW mv AS SELECT id, m FROM w JOIN a USING (id);"
        "CREATE UNIQUE INDEX ON mv (id); CREATE MATERIALIZED VIEW mv2 AS SELECT * FROM mv;"
        "CREATE FUNCTION of_v() RETURNS SETOF w LANGUAGE sql AS 'SELECT * FROM w';"
        "CREATE TRIGGER t BEFORE UPDATE OF m ON a FOR EACH ROW WHEN (new.m = 'sad')"
        " EXECUTE FUNCTION touch();"
        "CREATE TRIGGER pt AFTER INSERT ON b FOR EACH ROW EXECUTE FUNCTION touch();"
        "ALTER TABLE a DISABLE TRIGGER t; ALTER TABLE a ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY pol ON a USING (norm(c) = 'z' AND EXISTS (SELECT FROM c));"
        "CREATE RULE r AS ON DELETE TO c DO ALSO UPDATE a SET m = 'sad' WHERE id = old.b_id;"
        "ALTER TABLE a CLUSTER ON a_pkey; ALTER TABLE a REPLICA IDENTITY USING INDEX a_pkey;"
        "COMMENT ON INDEX low IS 'low'; COMMENT ON CONSTRAINT a_pkey ON a IS 'key';"
        "GRANT SELECT ON v, a TO PUBLIC;";
    TestDatabase source = test_database("source");
    TestDatabase dest = test_database("dest");
    test_sql(&source, script);
    test_sql(&dest, script); /* what is live must not attract anything */
    AUTO(arena_free) Arena *arena = arena_new();
    Model *model;
    FragmentList first;
    FragmentList last;
    replay_read(&source, arena, &model, &first);
    AUTO(conn_free) Conn *conn = replay_connect(&dest, CONN_DEST);
    rehearse(conn, &first, arena);
    run(conn, "DROP SCHEMA public CASCADE");
    run(conn, "ALTER SCHEMA pgzm_shadow_public RENAME TO public");
    run(conn, "GRANT USAGE ON SCHEMA public TO PUBLIC");
    if (test_server_version() < 150000)
        run(conn, "GRANT CREATE ON SCHEMA public TO PUBLIC");
    else
        run(conn, "ALTER SCHEMA public OWNER TO pg_database_owner");
    run(conn, "COMMENT ON SCHEMA public IS 'standard public schema'");
    conn_free(TAKE(conn));
    replay_read(&dest, arena, &model, &last);
    replay_same(&first, &last);
    test_database_drop(&source);
    test_database_drop(&dest);
}
