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
