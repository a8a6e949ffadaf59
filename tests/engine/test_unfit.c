/* What the source's objects name and the destination's server does not know. */
#include "tests/engine/handle.h"

/* No server of the tests has a provider of labels: the row is written by hand. */
Test(server_unfit, labels_of_a_provider_that_is_not_loaded_are_left_out_by_name)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "INSERT INTO pg_seclabel VALUES"
                           " ('customer'::regclass, 'pg_class'::regclass, 0, 'nobody', 'secret')");
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert(strstr(str_text(&seen.warnings), "security labels of provider nobody") != NULL, "%s",
              str_text(&seen.warnings));
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer", "200");
}
