#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

/* The class as the catalogs have it: what it is, then its members and those of its family. */
static const char members[] =
    "SELECT c.opcname, c.opcdefault, c.opcintype::regtype, c.opckeytype::regtype, f.opfname,"
    " (SELECT count(*) FROM pg_depend d WHERE d.refclassid = 2616 AND d.refobjid = c.oid"
    "  AND d.classid IN (2602, 2603)),"
    " (SELECT string_agg(o.amopstrategy || o.amopopr::regoperator::text, ' '"
    "  ORDER BY o.amopstrategy, o.amopopr::regoperator::text COLLATE \"C\") FROM pg_amop o"
    "  WHERE o.amopfamily = f.oid),"
    " (SELECT string_agg(p.amprocnum || p.amproc::regprocedure::text, ' '"
    "  ORDER BY p.amprocnum, p.amproc::regprocedure::text COLLATE \"C\") FROM pg_amproc p"
    "  WHERE p.amprocfamily = f.oid)"
    " FROM pg_opclass c JOIN pg_opfamily f ON f.oid = c.opcfamily WHERE c.oid >= 16384"
    " ORDER BY c.opcname";

static void check_members(const Replay *r)
{
    AUTO(mem_free) char *before = test_rows(&r->source, members);
    AUTO(mem_free) char *after = test_rows(&r->dest, members);
    cr_assert_str_eq(after, before);
}

#define TYPE                                                                                       \
    "CREATE TYPE pair AS (a int, b int);"                                                          \
    "CREATE FUNCTION pair_cmp(pair, pair) RETURNS int LANGUAGE sql IMMUTABLE"                      \
    " AS 'SELECT btint4cmp(($1).a, ($2).a)';"                                                      \
    "CREATE FUNCTION pair_lt(pair, pair) RETURNS bool LANGUAGE sql IMMUTABLE"                      \
    " AS 'SELECT ($1).a < ($2).a';"                                                                \
    "CREATE OPERATOR <# (LEFTARG = pair, RIGHTARG = pair, FUNCTION = pair_lt);"                    \
    "CREATE FUNCTION pair_eq(pair, pair) RETURNS bool LANGUAGE sql IMMUTABLE"                      \
    " AS 'SELECT ($1).a = ($2).a';"                                                                \
    "CREATE OPERATOR =# (LEFTARG = pair, RIGHTARG = pair, FUNCTION = pair_eq);"                    \
    "CREATE FUNCTION pair_int_eq(pair, int) RETURNS bool LANGUAGE sql IMMUTABLE"                   \
    " AS 'SELECT ($1).a = $2';"                                                                    \
    "CREATE OPERATOR =# (LEFTARG = pair, RIGHTARG = int, FUNCTION = pair_int_eq);"                 \
    "CREATE FUNCTION pair_int_cmp(pair, int) RETURNS int LANGUAGE sql IMMUTABLE"                   \
    " AS 'SELECT btint4cmp(($1).a, $2)';"

Test(server_operator_class, an_index_uses_a_class_of_the_database)
{
    Replay r = roundtrip_begin(
        TYPE "CREATE OPERATOR CLASS pair_ops DEFAULT FOR TYPE pair USING btree AS"
             " OPERATOR 1 <#, OPERATOR 3 =#, FUNCTION 1 pair_cmp(pair, pair);"
             "COMMENT ON OPERATOR CLASS pair_ops USING btree IS 'by the first';"
             "COMMENT ON OPERATOR FAMILY pair_ops USING btree IS 'made along';"
             "CREATE OPERATOR CLASS backwards FOR TYPE int USING btree AS"
             " OPERATOR 1 >, OPERATOR 3 =, OPERATOR 5 <, FUNCTION 1 btint4cmp(int, int);"
             "CREATE TABLE t (p pair, i int);"
             "CREATE INDEX t_p ON t (p); CREATE INDEX t_i ON t (i backwards);");
    cr_assert(replay_has(&r.list, "CREATE OPERATOR FAMILY public.pair_ops USING btree"));
    cr_assert(replay_has(
        &r.list, "CREATE OPERATOR CLASS public.pair_ops DEFAULT FOR TYPE public.pair USING btree"
                 " FAMILY public.pair_ops AS OPERATOR 1 public.<#(public.pair,public.pair),"
                 " OPERATOR 3 public.=#(public.pair,public.pair),"
                 " FUNCTION 1 (public.pair, public.pair)"
                 " public.pair_cmp(public.pair,public.pair)"));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE INDEX t_i"),
                              roundtrip_find(&r.list, "CREATE OPERATOR CLASS public.backwards")));
    check_members(&r);
    replay_end(&r);
}

Test(server_operator_class, loose_members_stay_loose)
{
    Replay r = roundtrip_begin(
        TYPE "CREATE OPERATOR FAMILY kin USING btree;"
             "CREATE OPERATOR CLASS pair_ops DEFAULT FOR TYPE pair USING btree FAMILY kin AS"
             " OPERATOR 1 <#, OPERATOR 3 =#, FUNCTION 1 pair_cmp(pair, pair);"
             "ALTER OPERATOR FAMILY kin USING btree ADD OPERATOR 3 =#(pair, int),"
             " FUNCTION 1 (pair, int) pair_int_cmp(pair, int);");
    cr_assert(replay_has(&r.list, "ALTER OPERATOR FAMILY public.kin USING btree ADD"
                                  " OPERATOR 3 public.=#(public.pair,integer)"));
    cr_assert(replay_has(&r.list, "ALTER OPERATOR FAMILY public.kin USING btree ADD"
                                  " FUNCTION 1 (public.pair, integer)"
                                  " public.pair_int_cmp(public.pair,integer)"));
    check_members(&r);
    replay_end(&r);
}

Test(server_operator_class, a_member_loose_before_there_was_a_class_stays_loose)
{
    Replay r = roundtrip_begin(
        TYPE "CREATE OPERATOR FAMILY kin USING btree;"
             "ALTER OPERATOR FAMILY kin USING btree ADD OPERATOR 3 =#(pair, pair);"
             "CREATE OPERATOR CLASS pair_ops FOR TYPE pair USING btree FAMILY kin AS"
             " OPERATOR 1 <#, FUNCTION 1 pair_cmp(pair, pair);"
             "CREATE OPERATOR FAMILY childless USING hash;");
    check_members(&r);
    cr_assert(replay_has(&r.list, "CREATE OPERATOR FAMILY public.childless USING hash"));
    replay_end(&r);
}

Test(server_operator_class, storage_and_emptiness_are_said)
{
    Replay r =
        roundtrip_begin("CREATE OPERATOR CLASS empty FOR TYPE int USING hash AS STORAGE int;"
                        "CREATE OPERATOR CLASS boxed FOR TYPE polygon USING gist AS"
                        " OPERATOR 3 &&, OPERATOR 15 <-> (polygon, point) FOR ORDER BY float_ops,"
                        " FUNCTION 1 gist_poly_consistent(internal, polygon, int2, oid, internal),"
                        " FUNCTION 2 gist_box_union(internal, internal),"
                        " FUNCTION 3 gist_poly_compress(internal),"
                        " FUNCTION 5 gist_box_penalty(internal, internal, internal),"
                        " FUNCTION 6 gist_box_picksplit(internal, internal),"
                        " FUNCTION 7 gist_box_same(box, box, internal),"
                        " FUNCTION 8 gist_poly_distance(internal, polygon, int2, oid, internal),"
                        " STORAGE box;"
                        "CREATE TABLE t (p polygon); CREATE INDEX t_p ON t USING gist (p boxed);");
    cr_assert(replay_has(&r.list, "CREATE OPERATOR CLASS public.empty FOR TYPE integer USING hash"
                                  " FAMILY public.empty AS STORAGE integer"));
    cr_assert(roundtrip_has(&r.list, "CREATE OPERATOR CLASS public.boxed FOR TYPE polygon USING"
                                     " gist FAMILY public.boxed AS STORAGE box, "));
    check_members(&r);
    replay_end(&r);
}

Test(server_operator_class, families_sort_by_those_of_the_database)
{
    Replay r =
        roundtrip_begin("CREATE OPERATOR FAMILY zebra USING btree;"
                        "CREATE OPERATOR CLASS zebra FOR TYPE float8 USING btree FAMILY zebra AS"
                        " OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 btfloat8cmp(float8, float8);"
                        "CREATE OPERATOR CLASS ant FOR TYPE point USING gist AS"
                        " OPERATOR 15 <-> (point, point) FOR ORDER BY zebra,"
                        " FUNCTION 1 gist_point_consistent(internal, point, int2, oid, internal),"
                        " FUNCTION 2 gist_box_union(internal, internal),"
                        " FUNCTION 3 gist_point_compress(internal),"
                        " FUNCTION 5 gist_box_penalty(internal, internal, internal),"
                        " FUNCTION 6 gist_box_picksplit(internal, internal),"
                        " FUNCTION 7 gist_box_same(box, box, internal),"
                        " FUNCTION 8 gist_point_distance(internal, point, int2, oid, internal),"
                        " STORAGE box;");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE OPERATOR CLASS public.ant"),
                              roundtrip_find(&r.list, "CREATE OPERATOR FAMILY public.zebra")));
    check_members(&r);
    replay_end(&r);
}

Test(server_operator_class, a_range_type_and_a_loose_member_may_need_the_class_both)
{
    Replay r = roundtrip_begin(
        TYPE "CREATE OPERATOR CLASS pair_ops DEFAULT FOR TYPE pair USING btree AS"
             " OPERATOR 1 <#, OPERATOR 3 =#, FUNCTION 1 pair_cmp(pair, pair);"
             "CREATE TYPE pairs AS RANGE (SUBTYPE = pair, SUBTYPE_OPCLASS = pair_ops);"
             "CREATE FUNCTION inside(pair, pairs) RETURNS bool LANGUAGE sql IMMUTABLE"
             " AS 'SELECT $1 <@ $2';"
             "CREATE OPERATOR =# (LEFTARG = pair, RIGHTARG = pairs, FUNCTION = inside);"
             "ALTER OPERATOR FAMILY pair_ops USING btree ADD OPERATOR 3 =#(pair, pairs);");
    check_members(&r);
    replay_end(&r);
}

Test(server_operator_class, owners_and_names_are_kept)
{
    Replay r = roundtrip_begin(
        "DO $$BEGIN CREATE ROLE pgzm_t_opc; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"
        "CREATE SCHEMA \"s s\";"
        "CREATE OPERATOR FAMILY \"s s\".\"Fam\" USING btree;"
        "CREATE OPERATOR CLASS \"s s\".\"Cls\" FOR TYPE int USING btree FAMILY \"s s\".\"Fam\" AS"
        " OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);"
        "ALTER OPERATOR FAMILY \"s s\".\"Fam\" USING btree OWNER TO pgzm_t_opc;"
        "ALTER OPERATOR CLASS \"s s\".\"Cls\" USING btree OWNER TO pgzm_t_opc;");
    cr_assert(replay_has(&r.list, "ALTER OPERATOR CLASS s s.Cls USING btree OWNER TO pgzm_t_opc"));
    cr_assert(replay_has(&r.list, "ALTER OPERATOR FAMILY s s.Fam USING btree OWNER TO pgzm_t_opc"));
    test_sql(&r.source, "DROP OWNED BY pgzm_t_opc CASCADE");
    test_sql(&r.dest, "DROP OWNED BY pgzm_t_opc CASCADE; DROP ROLE pgzm_t_opc");
    replay_end(&r);
}

Test(server_operator_class, members_of_a_foreign_family_are_named_as_not_carried)
{
    TestDatabase database = test_database("foreignfam");
    test_sql(&database,
             TYPE "ALTER OPERATOR FAMILY integer_ops USING btree ADD OPERATOR 3 =#(pair, int);");
    AUTO(arena_free) Arena *arena = arena_new();
    Model *model;
    FragmentList list;
    replay_read(&database, arena, &model, &list);
    cr_assert_eq(model->uncarried.count, 1);
    cr_assert_str_eq(model->uncarried.items[0].kind, "operator family member");
    cr_assert_not_null(strstr(model->uncarried.items[0].identity, "integer_ops"));
    test_database_drop(&database);
}
