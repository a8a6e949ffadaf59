#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

Test(server_cast, every_sort_comes_back)
{
    roundtrip("CREATE TYPE color AS ENUM ('red', 'green'); CREATE TYPE twin AS (a int, b int);"
              "CREATE FUNCTION color_number(color) RETURNS int LANGUAGE sql IMMUTABLE AS"
              " 'SELECT length($1::text)';"
              "CREATE CAST (color AS int) WITH FUNCTION color_number(color) AS ASSIGNMENT;"
              "CREATE CAST (text AS color) WITH INOUT AS IMPLICIT;"
              "CREATE DOMAIN plain AS int; CREATE CAST (color AS twin) WITH INOUT;"
              "COMMENT ON CAST (color AS int) IS 'letters'");
}

/* pg_depend of a view knows the cast's function, not the cast: made without the cast, the view
 * would not parse. */
Test(server_cast, comes_before_what_uses_it)
{
    Replay r = roundtrip_begin(
        "CREATE TYPE color AS ENUM ('red', 'green');"
        "CREATE FUNCTION color_number(color) RETURNS int LANGUAGE sql IMMUTABLE AS"
        " 'SELECT length($1::text)';"
        "CREATE CAST (color AS int) WITH FUNCTION color_number(color) AS IMPLICIT;"
        "CREATE TYPE size AS (n int); CREATE CAST (size AS color) WITH INOUT;"
        "CREATE TABLE a (c color, s size, n int GENERATED ALWAYS AS (c::int) STORED,"
        " CHECK (c::int > 2));"
        "CREATE VIEW av AS SELECT c::int AS n, s::color AS c FROM a;"
        "CREATE INDEX a_c ON a ((c::int));");
    size_t cast = roundtrip_find(&r.list, "CREATE CAST (public.color AS integer)");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE TABLE"), cast));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE VIEW"), cast));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE INDEX"), cast));
    cr_assert(
        roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE VIEW"),
                        roundtrip_find(&r.list, "CREATE CAST (public.size AS public.color)")));
    replay_end(&r);
}

/* The function of the cast reads a view that uses the cast. */
Test(server_cast, in_a_loop_gives_way)
{
    Replay r = roundtrip_begin("CREATE TABLE t (n int); CREATE TYPE one AS (n int);"
                               "CREATE FUNCTION one_number(one) RETURNS int LANGUAGE sql AS"
                               " 'SELECT ($1).n';"
                               "CREATE CAST (one AS int) WITH FUNCTION one_number(one);"
                               "CREATE VIEW v AS SELECT one_number(ROW(n)::one) AS n FROM t");
    cr_assert(roundtrip_has(&r.list, "CREATE CAST (public.one AS integer)"));
    replay_end(&r);
}
