/* Large objects: in no schema, and one number for a whole database. */
#include "tests/engine/handle.h"

static void objects(const TestDatabase *source)
{
    test_sql(source, "SELECT lo_from_bytea(4711, decode('00ff5c', 'hex'));"
                     "SELECT lo_create(4712);"
                     "SELECT lo_from_bytea(4713, convert_to(repeat('0123456789', 250000), 'UTF8'));"
                     "SELECT lo_from_bytea(4714, convert_to(repeat('x', 1048576), 'UTF8'));"
                     "SELECT lo_put(4712, 3000000, 'end');"
                     "GRANT SELECT ON LARGE OBJECT 4711 TO pg_monitor WITH GRANT OPTION;"
                     "GRANT SELECT, UPDATE ON LARGE OBJECT 4711 TO PUBLIC;"
                     "ALTER LARGE OBJECT 4713 OWNER TO pg_monitor;"
                     "COMMENT ON LARGE OBJECT 4711 IS 'it''s one'");
}

static const char content[] =
    "SELECT string_agg(concat_ws(' ', oid, md5(lo_get(oid)), lomowner::regrole,"
    " obj_description(oid, 'pg_largeobject'), (SELECT string_agg(x::text, ',' ORDER BY x::text)"
    " FROM unnest(lomacl) x)), ';' ORDER BY oid) FROM pg_largeobject_metadata";

Test(server_largeobject, comes_with_its_number_owner_grants_and_comment)
{
    Pair pair = pair_open();
    objects(&pair.source);
    AUTO(mem_free) char *expected = test_value(&pair.source, content);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LARGE_OBJECTS, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, content, expected);
}

Test(server_largeobject, is_named_when_it_is_not_asked_for)
{
    Pair pair = pair_open();
    objects(&pair.source);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert(strstr(str_text(&seen.warnings), "large objects 4 (--large-objects") != NULL, "%s",
              str_text(&seen.warnings));
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_largeobject_metadata", "0");
}

Test(server_largeobject, abort_unlinks_only_what_was_made)
{
    Pair pair = pair_open();
    objects(&pair.source);
    test_sql(&pair.dest, "SELECT lo_from_bytea(4711, decode('00ff5c', 'hex')), lo_create(99)");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LARGE_OBJECTS, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_largeobject_metadata", "5");
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
    EXPECT_VALUE(&pair.dest,
                 "SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_largeobject_metadata",
                 "99 4711");
}

Test(server_largeobject, with_other_bytes_under_its_number_is_a_refusal)
{
    Pair pair = pair_open();
    objects(&pair.source);
    test_sql(&pair.dest, "SELECT lo_from_bytea(4713, 'other')");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LARGE_OBJECTS, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_PREFLIGHT);
    cr_assert(strstr(pgzm_error_message(pgzm), "4713") != NULL, "%s", pgzm_error_message(pgzm));
    EXPECT_VALUE(&pair.dest, "SELECT to_regclass('pgzm.migration')", "(null)");
}
