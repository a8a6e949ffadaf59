#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

/* Views, materialized views, rules, triggers, policies. */

Test(server_view, carries_views_with_options_and_defaults)
{
    roundtrip("CREATE TABLE t (a int, b text);"
              "CREATE VIEW plain AS SELECT a, b || '' AS c FROM t;"
              "CREATE VIEW nested (x) AS SELECT a FROM plain WHERE a > 1;"
              "CREATE VIEW guarded WITH (security_barrier = true) AS SELECT * FROM t;"
              "CREATE VIEW checked AS SELECT * FROM t WHERE a > 0 WITH LOCAL CHECK OPTION;"
              "CREATE VIEW cascaded WITH (security_barrier) AS SELECT * FROM checked WHERE a < 9"
              "    WITH CASCADED CHECK OPTION;"
              "ALTER VIEW checked ALTER COLUMN b SET DEFAULT 'v';"
              "ALTER TABLE plain RENAME COLUMN c TO renamed;"
              "COMMENT ON VIEW plain IS 'view'; COMMENT ON COLUMN plain.a IS 'column';"
              "CREATE RECURSIVE VIEW series (n) AS"
              "    VALUES (1) UNION ALL SELECT n + 1 FROM series WHERE n < 5;");
}

Test(server_view, makes_a_view_that_needs_a_key_after_the_key)
{
    Replay r = roundtrip_begin("CREATE TABLE t (id int PRIMARY KEY, name text, n int);"
                               "CREATE VIEW grouped AS SELECT id, name, sum(n) FROM t GROUP BY id;"
                               "CREATE VIEW above AS SELECT * FROM grouped;"
                               "COMMENT ON VIEW grouped IS 'g';");
    size_t key = roundtrip_find(&r.list, "ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey");
    size_t view = roundtrip_find(&r.list, "CREATE VIEW public.grouped");
    cr_assert_eq(r.list.items[view].section, SECTION_POST);
    cr_assert(roundtrip_needs(&r.list, view, key));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE VIEW public.above"), view));
    replay_end(&r);
}

Test(server_view, fills_materialized_views_in_order)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1);"
        "CREATE MATERIALIZED VIEW first AS SELECT a FROM t;"
        "CREATE VIEW between AS SELECT a FROM first;"
        "CREATE MATERIALIZED VIEW a_second WITH (fillfactor = 80) AS SELECT a, a AS b FROM between;"
        "CREATE UNIQUE INDEX on_second ON a_second (a);"
        "CREATE MATERIALIZED VIEW empty AS SELECT a FROM t WITH NO DATA;"
        "ALTER MATERIALIZED VIEW a_second ALTER COLUMN b SET STATISTICS 42;"
        "ALTER MATERIALIZED VIEW a_second CLUSTER ON on_second;"
        "COMMENT ON MATERIALIZED VIEW a_second IS 'm'; COMMENT ON COLUMN a_second.b IS 'b';");
    size_t first = roundtrip_find(&r.list, "REFRESH MATERIALIZED VIEW public.first");
    size_t second = roundtrip_find(&r.list, "REFRESH MATERIALIZED VIEW public.a_second");
    size_t index = roundtrip_find(&r.list, "CREATE UNIQUE INDEX on_second");
    cr_assert(roundtrip_needs(&r.list, second, first));
    cr_assert(roundtrip_needs(&r.list, index, second));
    cr_assert_eq(r.list.items[second].section, SECTION_POST);
    cr_assert_eq(r.list.items[second].table, r.list.items[second].object.oid);
    cr_assert_gt(r.list.items[second].weight, 0);
    cr_assert_not(roundtrip_has(&r.list, "REFRESH MATERIALIZED VIEW public.empty"));
    replay_end(&r);
}

Test(server_view, does_not_fill_what_reads_an_empty_one)
{
    Replay r = replay("matview", "CREATE TABLE t (a int);"
                                 "CREATE MATERIALIZED VIEW first AS SELECT a FROM t;"
                                 "CREATE MATERIALIZED VIEW second AS SELECT a FROM first;");
    cr_assert(roundtrip_has(&r.list, "REFRESH MATERIALIZED VIEW public.second"));
    replay_end(&r);

    Replay s = {.source = test_database("matview"), .arena = arena_new()};
    test_sql(&s.source, "CREATE TABLE t (a int);"
                        "CREATE MATERIALIZED VIEW first AS SELECT a FROM t;"
                        "CREATE MATERIALIZED VIEW second AS SELECT a FROM first;"
                        "REFRESH MATERIALIZED VIEW first WITH NO DATA;");
    replay_read(&s.source, s.arena, &s.model, &s.list);
    cr_assert_not(roundtrip_has(&s.list, "REFRESH"));
    arena_free(s.arena);
    test_database_drop(&s.source);
}

Test(server_view, breaks_a_loop_through_a_function)
{
    roundtrip("CREATE VIEW v AS SELECT 1 AS a, 'x'::text AS b;"
              "CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT 1, ''y''::text';"
              "CREATE OR REPLACE VIEW v AS SELECT a, b FROM f();");
}

Test(server_view, carries_rules)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE t (a int, b text); CREATE TABLE log (a int);"
        "CREATE VIEW v AS SELECT * FROM t;"
        "CREATE RULE ins AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (new.a, new.b)"
        "    RETURNING t.*;"
        "CREATE RULE many AS ON UPDATE TO t WHERE new.a > 1 DO ALSO"
        "    (INSERT INTO log VALUES (old.a); INSERT INTO log VALUES (new.a));"
        "CREATE RULE nothing AS ON DELETE TO t DO INSTEAD NOTHING;"
        "CREATE RULE noted AS ON INSERT TO t DO ALSO NOTIFY changed;"
        "ALTER TABLE t DISABLE RULE many; ALTER TABLE t ENABLE ALWAYS RULE nothing;"
        "ALTER TABLE t ENABLE REPLICA RULE noted;"
        "COMMENT ON RULE many ON t IS 'rule';");
    size_t rule = roundtrip_find(&r.list, "CREATE RULE many AS");
    size_t state = roundtrip_find(&r.list, "ALTER TABLE public.t DISABLE RULE many");
    cr_assert(roundtrip_needs(&r.list, state, rule));
    cr_assert_eq(r.list.items[rule].section, SECTION_POST);
    cr_assert_eq(r.list.items[rule].table,
                 model_table_named(r.model, "public", "t")->object.address.oid);
    replay_end(&r);
}

#define TRIGGER_FUNCTION                                                                           \
    "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"

Test(server_view, carries_triggers)
{
    Replay r = roundtrip_begin(
        TRIGGER_FUNCTION
        "CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT * FROM t;"
        "CREATE TABLE \"from\" (a int);"
        "CREATE TRIGGER plain BEFORE INSERT OR UPDATE OF a, b ON t FOR EACH ROW"
        "    WHEN (new.a > 0) EXECUTE FUNCTION act('it''s', '2', '');"
        "CREATE TRIGGER tables AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n"
        "    FOR EACH STATEMENT EXECUTE FUNCTION act();"
        "CREATE TRIGGER trunc BEFORE TRUNCATE ON t EXECUTE FUNCTION act();"
        "CREATE TRIGGER instead INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION act();"
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t FROM \"from\" DEFERRABLE INITIALLY "
        "DEFERRED"
        "    FOR EACH ROW EXECUTE FUNCTION act();"
        "CREATE TRIGGER \"Off\" AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION act();"
        "ALTER TABLE t DISABLE TRIGGER \"Off\"; ALTER TABLE t ENABLE REPLICA TRIGGER plain;"
        "ALTER TABLE t ENABLE ALWAYS TRIGGER trunc;"
        "COMMENT ON TRIGGER plain ON t IS 'trigger';");
    size_t trigger = roundtrip_find(&r.list, "CREATE TRIGGER Off AFTER DELETE ON public.t");
    size_t state = roundtrip_find(&r.list, "ALTER TABLE ONLY public.t DISABLE TRIGGER Off");
    cr_assert(roundtrip_needs(&r.list, state, trigger));
    cr_assert_eq(r.list.items[trigger].section, SECTION_POST);
    cr_assert_eq(r.list.items[trigger].table,
                 model_table_named(r.model, "public", "t")->object.address.oid);
    replay_end(&r);
}

Test(server_view, carries_triggers_of_partitioned_tables_with_each_clones_state)
{
    Replay r = roundtrip_begin(
        TRIGGER_FUNCTION
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (b);"
        "CREATE TABLE p21 PARTITION OF p2 DEFAULT; CREATE TABLE p3 PARTITION OF p DEFAULT;"
        "CREATE TRIGGER each AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION act();"
        "CREATE TRIGGER once AFTER INSERT ON p FOR EACH STATEMENT EXECUTE FUNCTION act();"
        "ALTER TABLE p DISABLE TRIGGER each;"
        "ALTER TABLE p2 ENABLE ALWAYS TRIGGER each;"
        "ALTER TABLE p21 ENABLE REPLICA TRIGGER each;"
        "ALTER TABLE ONLY p DISABLE TRIGGER once;"
        "CREATE TRIGGER own BEFORE INSERT ON p1 FOR EACH ROW EXECUTE FUNCTION act();");
    size_t top = roundtrip_find(&r.list, "ALTER TABLE public.p DISABLE TRIGGER each");
    size_t middle = roundtrip_find(&r.list, "ALTER TABLE public.p2 ENABLE ALWAYS TRIGGER each");
    size_t leaf =
        roundtrip_find(&r.list, "ALTER TABLE ONLY public.p21 ENABLE REPLICA TRIGGER each");
    cr_assert(roundtrip_needs(&r.list, middle, top));
    cr_assert(roundtrip_needs(&r.list, leaf, middle));
    cr_assert_not(roundtrip_has(&r.list, "ALTER TABLE ONLY public.p1 DISABLE TRIGGER each"));
    cr_assert_not(roundtrip_has(&r.list, "CREATE TRIGGER each AFTER INSERT ON public.p1"));
    replay_end(&r);
}

Test(server_view, carries_policies)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE t (a int, who name); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY everyone ON t USING (a > 0);"
        "CREATE POLICY reading ON t FOR SELECT TO CURRENT_USER, pg_monitor USING (who = "
        "CURRENT_USER);"
        "CREATE POLICY adding ON t AS RESTRICTIVE FOR INSERT TO pg_monitor WITH CHECK (a < 10);"
        "CREATE POLICY changing ON t FOR UPDATE USING (true) WITH CHECK ((a % 2) = 0);"
        "CREATE POLICY \"De\"\"leting\" ON t FOR DELETE TO PUBLIC USING (EXISTS (SELECT 1 FROM t "
        "x));"
        "COMMENT ON POLICY everyone ON t IS 'policy';");
    size_t policy = roundtrip_find(&r.list, "CREATE POLICY adding ON public.t AS RESTRICTIVE FOR "
                                            "INSERT TO pg_monitor WITH CHECK (");
    cr_assert_eq(r.list.items[policy].section, SECTION_POST);
    cr_assert_eq(r.list.items[policy].table,
                 model_table_named(r.model, "public", "t")->object.address.oid);
    replay_end(&r);
}
