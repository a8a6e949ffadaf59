#include <criterion/criterion.h>

#include "tests/schema/replay.h"

Test(server_sequence, every_option_comes_back)
{
    Replay r = replay("sequence",
                      "CREATE SEQUENCE plain;"
                      "CREATE SEQUENCE small AS smallint INCREMENT -2 MINVALUE -300 MAXVALUE 20"
                      " START 11 CACHE 5 CYCLE;"
                      "CREATE SEQUENCE huge MAXVALUE 9223372036854775807"
                      " MINVALUE -9223372036854775808 START -9223372036854775808;");
    cr_assert(replay_has(&r.list, "CREATE SEQUENCE public.small AS smallint INCREMENT BY -2"
                                  " MINVALUE -300 MAXVALUE 20 START WITH 11 CACHE 5 CYCLE"));
    replay_end(&r);
}

Test(server_sequence, unlogged_ones_stay_unlogged)
{
    if (test_server_version() < 150000)
        cr_skip("unlogged sequences came with 15");
    Replay r = replay("unlogged", "CREATE UNLOGGED SEQUENCE u;");
    cr_assert_eq(
        strncmp(r.list.items[replay_find(&r.list, FRAGMENT_SEQUENCE, "sequence public.u")].sql,
                "CREATE UNLOGGED SEQUENCE", 24),
        0);
    replay_end(&r);
}

Test(server_sequence, belongs_to_its_column_once_both_owners_are_set)
{
    Replay r = replay(
        "owned",
        "DO $$BEGIN CREATE ROLE pgzm_t_seq; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"
        "CREATE TABLE t (id serial, big bigserial, other int);"
        "CREATE SEQUENCE free; ALTER TABLE t ALTER other SET DEFAULT nextval('free');"
        "CREATE SEQUENCE tied OWNED BY t.other;"
        "ALTER TABLE t OWNER TO pgzm_t_seq;");
    cr_assert(replay_has(&r.list, "ALTER SEQUENCE public.tied OWNED BY public.t.other"));
    size_t tied = replay_find(&r.list, FRAGMENT_OWNED_BY, "sequence ownership public.tied");
    size_t table = replay_find(&r.list, FRAGMENT_OWNER, "owner public.t");
    size_t sequence = replay_find(&r.list, FRAGMENT_OWNER, "owner public.tied");
    bool after_table = false;
    bool after_sequence = false;
    for (size_t i = 0; i < r.list.items[tied].need_count; i++) {
        after_table = after_table || r.list.items[tied].needs[i] == table;
        after_sequence = after_sequence || r.list.items[tied].needs[i] == sequence;
    }
    cr_assert(after_table && after_sequence);
    test_sql(&r.source, "DROP OWNED BY pgzm_t_seq CASCADE");
    test_sql(&r.dest, "DROP OWNED BY pgzm_t_seq CASCADE; DROP ROLE pgzm_t_seq");
    replay_end(&r);
}

Test(server_sequence, a_domain_may_count_with_the_sequence_of_a_table_that_uses_it)
{
    Replay r = replay("seqloop", "CREATE SEQUENCE s; CREATE DOMAIN d AS int DEFAULT nextval('s');"
                                 "CREATE TABLE t (id d); ALTER SEQUENCE s OWNED BY t.id;");
    replay_end(&r);
}
