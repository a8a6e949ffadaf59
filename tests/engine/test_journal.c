/* The journal in the destination: what another version of the program left there. */
#include "tests/engine/handle.h"

Test(server_journal, of_another_version_is_refused_by_every_command)
{
    static const PgzmCommand commands[] = {PGZM_STATUS, PGZM_LIST, PGZM_PREPARE, PGZM_START};
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_STATUS, PGZM_OK);
    test_sql(&pair.dest, "COMMENT ON SCHEMA pgzm IS 'journal of pgzm-copy'");
    for (size_t i = 0; i < LENGTH(commands); i++) {
        EXPECT_STATUS(pgzm, commands[i], PGZM_STATE);
        cr_assert_not_null(strstr(pgzm_error_message(pgzm), "another version"), "%s",
                           pgzm_error_message(pgzm));
        cr_assert_not_null(strstr(pgzm_error_hint(pgzm), "DROP SCHEMA pgzm"), "%s",
                           pgzm_error_hint(pgzm));
    }
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.migration", "1");
    test_sql(&pair.dest, "DROP SCHEMA pgzm CASCADE");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
}
