#include <criterion/criterion.h>
#include <string.h>

#include "tests/schema/roundtrip.h"

/* Constraints and indexes. */

Test(server_constraint, carries_keys_built_as_indexes_first)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE k (a int, b int, c text, d int, PRIMARY KEY (a, b) INCLUDE (c),"
        "    CONSTRAINT k_c_key UNIQUE (c) WITH (fillfactor = 60) DEFERRABLE INITIALLY DEFERRED,"
        "    CONSTRAINT k_d_key UNIQUE (d, c) DEFERRABLE);"
        "COMMENT ON CONSTRAINT k_c_key ON k IS 'constraint'; COMMENT ON INDEX k_c_key IS 'index';"
        "ALTER TABLE k CLUSTER ON k_pkey;");
    size_t index = roundtrip_find(&r.list, "CREATE UNIQUE INDEX k_pkey ON public.k USING btree "
                                           "(a, b) INCLUDE (c)");
    size_t key = roundtrip_find(&r.list, "ALTER TABLE ONLY public.k ADD CONSTRAINT k_pkey PRIMARY "
                                         "KEY USING INDEX k_pkey");
    Oid table = model_table_named(r.model, "public", "k")->object.address.oid;
    cr_assert_eq(r.list.items[index].kind, FRAGMENT_INDEX);
    cr_assert_eq(r.list.items[index].section, SECTION_POST);
    cr_assert_eq(r.list.items[index].table, table);
    cr_assert_eq(r.list.items[key].table, table);
    cr_assert(roundtrip_needs(&r.list, key, index));
    cr_assert(roundtrip_has(&r.list,
                            "ALTER TABLE ONLY public.k ADD CONSTRAINT k_c_key UNIQUE USING "
                            "INDEX k_c_key DEFERRABLE INITIALLY DEFERRED"));
    cr_assert_eq(model_primary_key(r.model, table)->object.address.oid,
                 r.list.items[index].object.oid);
    replay_end(&r);
}

Test(server_constraint, carries_nulls_not_distinct)
{
    if (test_server_version() < 150000)
        return;
    roundtrip("CREATE TABLE n (a int UNIQUE NULLS NOT DISTINCT, b int) ;"
              "CREATE UNIQUE INDEX ON n (b) NULLS NOT DISTINCT WHERE a > 1;"
              "CREATE TABLE np (a int, UNIQUE NULLS NOT DISTINCT (a)) PARTITION BY LIST (a);"
              "CREATE TABLE np1 PARTITION OF np FOR VALUES IN (1);");
}

Test(server_constraint, carries_foreign_keys_with_all_actions)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE p (id int PRIMARY KEY, x int, y int, UNIQUE (x, y));"
        "CREATE TABLE c (id int, a int REFERENCES p ON DELETE CASCADE ON UPDATE RESTRICT,"
        "    b int REFERENCES p ON DELETE SET NULL ON UPDATE SET DEFAULT, x int, y int,"
        "    FOREIGN KEY (x, y) REFERENCES p (x, y) MATCH FULL DEFERRABLE INITIALLY DEFERRED,"
        "    CONSTRAINT later FOREIGN KEY (id) REFERENCES p);"
        "ALTER TABLE c DROP CONSTRAINT later;"
        "ALTER TABLE c ADD CONSTRAINT later FOREIGN KEY (id) REFERENCES p NOT VALID;"
        "COMMENT ON CONSTRAINT later ON c IS 'later';");
    size_t foreign = roundtrip_find(&r.list, "ALTER TABLE ONLY public.c ADD CONSTRAINT c_x_y_fkey");
    size_t unique = roundtrip_find(&r.list, "ALTER TABLE ONLY public.p ADD CONSTRAINT p_x_y_key");
    cr_assert(roundtrip_needs(&r.list, foreign, unique));
    cr_assert_eq(r.list.items[foreign].table,
                 model_table_named(r.model, "public", "c")->object.address.oid);
    replay_end(&r);
}

Test(server_constraint, carries_foreign_keys_that_set_some_columns)
{
    if (test_server_version() < 150000)
        return;
    roundtrip(
        "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));"
        "CREATE TABLE c (a int, b int, FOREIGN KEY (a, b) REFERENCES p ON DELETE SET NULL (b));");
}

Test(server_constraint, carries_circles_of_foreign_keys)
{
    roundtrip("CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree);"
              "CREATE TABLE egg (id int PRIMARY KEY, hen int);"
              "CREATE TABLE hen (id int PRIMARY KEY, egg int REFERENCES egg);"
              "ALTER TABLE egg ADD FOREIGN KEY (hen) REFERENCES hen;");
}

Test(server_constraint, carries_checks_valid_and_not)
{
    Replay r = roundtrip_begin(
        "CREATE FUNCTION fine(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0';"
        "CREATE TABLE c (a int CHECK (a > 0), b int CONSTRAINT named CHECK (fine(b)),"
        "    CONSTRAINT own CHECK (a < 9) NO INHERIT);"
        "ALTER TABLE c ADD CONSTRAINT later CHECK (b < 100) NOT VALID;"
        "CREATE TABLE child () INHERITS (c);"
        "CREATE TABLE p (a int CHECK (a > 0)) PARTITION BY LIST (a);"
        "CREATE TABLE p1 (a int, CONSTRAINT p_a_check CHECK (a > 0), CONSTRAINT more CHECK (a < "
        "5));"
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1);"
        "ALTER TABLE p ADD CONSTRAINT late CHECK (a < 50) NOT VALID;"
        "COMMENT ON CONSTRAINT named ON c IS 'named';"
        "COMMENT ON CONSTRAINT named ON child IS 'inherited';"
        "COMMENT ON CONSTRAINT later ON child IS 'later';");
    size_t later = roundtrip_find(&r.list, "ALTER TABLE public.c ADD CONSTRAINT later CHECK");
    size_t named = roundtrip_find(&r.list, "ALTER TABLE public.c ADD CONSTRAINT named CHECK");
    size_t function = roundtrip_find(&r.list, "CREATE OR REPLACE FUNCTION public.fine");
    cr_assert_eq(r.list.items[later].section, SECTION_POST);
    cr_assert_eq(r.list.items[named].section, SECTION_PRE);
    cr_assert(roundtrip_needs(&r.list, named, function));
    cr_assert_not(roundtrip_has(&r.list, "ALTER TABLE public.child ADD CONSTRAINT"));
    cr_assert(roundtrip_has(&r.list, "ALTER TABLE public.child VALIDATE CONSTRAINT later"));
    cr_assert_not(roundtrip_has(&r.list, "ALTER TABLE public.p1 ADD CONSTRAINT late"));
    replay_end(&r);
}

Test(server_constraint, carries_checks_of_domains)
{
    Replay r =
        roundtrip_begin("CREATE DOMAIN positive AS int CONSTRAINT above CHECK (VALUE > 0);"
                        "ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 9) NOT VALID;"
                        "COMMENT ON CONSTRAINT above ON DOMAIN positive IS 'above 0';"
                        "CREATE TABLE t (a positive);");
    size_t small = roundtrip_find(&r.list, "ALTER DOMAIN public.positive ADD CONSTRAINT small");
    cr_assert_eq(r.list.items[small].section, SECTION_POST);
    replay_end(&r);
}

Test(server_constraint, carries_exclusion_constraints)
{
    roundtrip(
        "CREATE TABLE rooms (room int, during int4range, gone bool,"
        "    CONSTRAINT one_at_a_time EXCLUDE USING gist (during WITH &&) WITH (fillfactor = 80)"
        "        WHERE (NOT gone) DEFERRABLE INITIALLY DEFERRED,"
        "    EXCLUDE USING btree (room WITH =) WHERE (room > 1));"
        "COMMENT ON CONSTRAINT one_at_a_time ON rooms IS 'x';"
        "COMMENT ON INDEX one_at_a_time IS 'y';");
}

Test(server_constraint, carries_exclusion_constraints_of_partitioned_tables)
{
    if (test_server_version() < 170000)
        return;
    roundtrip("CREATE TABLE e (k int, r int4range, EXCLUDE USING btree (k WITH =))"
              "    PARTITION BY LIST (k);"
              "CREATE TABLE e1 PARTITION OF e FOR VALUES IN (1);");
}

Test(server_constraint, carries_all_sorts_of_indexes)
{
    roundtrip(
        "CREATE FUNCTION norm(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';"
        "CREATE TABLE i (a int, b text, c text COLLATE \"C\", d int[], e tsvector, f point);"
        "CREATE INDEX plain ON i (a);"
        "CREATE INDEX ordered ON i (a DESC NULLS LAST, b COLLATE \"POSIX\" text_pattern_ops);"
        "CREATE INDEX expression ON i (norm(b), (a + 1)) INCLUDE (c) WHERE b IS NOT NULL;"
        "CREATE UNIQUE INDEX partial ON i (b) WITH (fillfactor = 50) WHERE (a > 0);"
        "CREATE INDEX arrays ON i USING gin (d) WITH (fastupdate = off);"
        "CREATE INDEX places ON i USING gist (f);"
        "CREATE INDEX blocks ON i USING brin (a) WITH (pages_per_range = 8);"
        "CREATE INDEX hashed ON i USING hash (b);"
        "CREATE INDEX space ON i USING spgist (f);"
        "ALTER INDEX expression ALTER COLUMN 2 SET STATISTICS 300;"
        "COMMENT ON INDEX plain IS 'plain';"
        "ALTER TABLE i CLUSTER ON plain;");
}

Test(server_constraint, carries_opclass_parameters)
{
    if (test_server_version() < 130000)
        return;
    roundtrip("CREATE TABLE s (v tsvector); CREATE INDEX ON s USING gist (v tsvector_ops (siglen = "
              "100));");
}

Test(server_constraint, carries_replica_identity_by_index_after_the_index)
{
    Replay r = roundtrip_begin("CREATE TABLE r (a int NOT NULL, b int NOT NULL UNIQUE);"
                               "CREATE UNIQUE INDEX r_a ON r (a);"
                               "ALTER TABLE r REPLICA IDENTITY USING INDEX r_a;"
                               "CREATE TABLE q (a int PRIMARY KEY);"
                               "ALTER TABLE q REPLICA IDENTITY USING INDEX q_pkey;");
    size_t identity = roundtrip_find(&r.list, "ALTER TABLE ONLY public.r REPLICA IDENTITY USING");
    size_t index = roundtrip_find(&r.list, "CREATE UNIQUE INDEX r_a ON public.r");
    cr_assert_eq(r.list.items[identity].section, SECTION_POST);
    cr_assert(roundtrip_needs(&r.list, identity, index));
    replay_end(&r);
}

Test(server_constraint, attaches_the_indexes_of_partitions)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE p (a int, b int, c text, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);"
        "CREATE INDEX p_c ON p (c); CREATE UNIQUE INDEX p_u ON p (a, b, c);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY LIST (b);"
        "CREATE TABLE p21 PARTITION OF p2 DEFAULT;"
        "CREATE INDEX extra ON p1 (b);"
        "CREATE INDEX p_lonely ON ONLY p (b);"
        "CREATE TABLE ref (a int, b int, FOREIGN KEY (a, b) REFERENCES p);"
        "COMMENT ON INDEX p_c IS 'c';");
    size_t parent = roundtrip_find(&r.list, "CREATE INDEX p_c ON ONLY public.p USING btree (c)");
    size_t child = roundtrip_find(&r.list, "CREATE INDEX p1_c_idx ON public.p1");
    size_t attach = roundtrip_find(&r.list, "ALTER INDEX public.p_c ATTACH PARTITION "
                                            "public.p1_c_idx");
    cr_assert(roundtrip_needs(&r.list, attach, parent));
    cr_assert(roundtrip_needs(&r.list, attach, child));
    cr_assert_not(roundtrip_has(&r.list, "ALTER INDEX public.p_lonely ATTACH"));

    size_t foreign = roundtrip_find(&r.list, "ALTER TABLE ONLY public.ref ADD CONSTRAINT");
    static const char *const attached[] = {
        "ALTER INDEX public.p_pkey ATTACH PARTITION public.p1_pkey",
        "ALTER INDEX public.p_pkey ATTACH PARTITION public.p2_pkey",
        "ALTER INDEX public.p2_pkey ATTACH PARTITION public.p21_pkey"};
    for (size_t i = 0; i < LENGTH(attached); i++)
        cr_assert(roundtrip_needs(&r.list, foreign, roundtrip_find(&r.list, attached[i])), "%s",
                  attached[i]);
    replay_end(&r);
}

Test(server_constraint, carries_foreign_keys_of_partitioned_tables)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE target (id int PRIMARY KEY);"
        "CREATE TABLE p (a int PRIMARY KEY, t int REFERENCES target ON DELETE CASCADE,"
        "    up int REFERENCES p) PARTITION BY RANGE (a);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE p2 PARTITION OF p DEFAULT;"
        "ALTER TABLE p2 ADD CONSTRAINT own FOREIGN KEY (t) REFERENCES target;");
    cr_assert(roundtrip_has(&r.list, "ALTER TABLE public.p ADD CONSTRAINT p_t_fkey FOREIGN KEY"));
    cr_assert_not(roundtrip_has(&r.list, "ALTER TABLE ONLY public.p1 ADD CONSTRAINT p1_t_fkey"));
    cr_assert_not(roundtrip_has(&r.list, "ALTER TABLE ONLY public.p1 ADD CONSTRAINT p_t_fkey"));
    cr_assert(roundtrip_has(&r.list, "ALTER TABLE ONLY public.p2 ADD CONSTRAINT own FOREIGN KEY"));
    replay_end(&r);
}

Test(server_constraint, leaves_out_an_index_that_failed_to_build)
{
    Replay r = {.source = test_database("invalid"), .arena = arena_new()};
    test_sql(&r.source,
             "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1);"
             "CREATE INDEX good ON t (a);"
             "CREATE INDEX bad ON t (a);"
             "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'bad'::regclass;");
    replay_read(&r.source, r.arena, &r.model, &r.list);
    cr_assert(roundtrip_has(&r.list, "CREATE INDEX good"));
    cr_assert_not(roundtrip_has(&r.list, "CREATE INDEX bad"));
    arena_free(r.arena);
    test_database_drop(&r.source);
}

Test(server_constraint, carries_periods_and_unenforced_constraints_of_18)
{
    if (test_server_version() < 180000)
        return;
    roundtrip("CREATE TABLE w (id int4range, during daterange,"
              "    PRIMARY KEY (id, during WITHOUT OVERLAPS));"
              "CREATE TABLE f (id int4range, during daterange, a int CHECK (a > 0) NOT ENFORCED,"
              "    FOREIGN KEY (id, PERIOD during) REFERENCES w (id, PERIOD during));"
              "CREATE TABLE u (id int4range, during daterange,"
              "    UNIQUE (id, during WITHOUT OVERLAPS) WITH (fillfactor = 80));");
}
