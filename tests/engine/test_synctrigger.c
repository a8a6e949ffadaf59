#include <criterion/criterion.h>
#include <string.h>

#include "engine/synctrigger.h"

static const char *const columns[] = {"id", "tg_op", "o\"ne", "x'); DROP TABLE t; --", "a$pgzm$b"};

static SyncTrigger hostile(bool reverse)
{
    return (SyncTrigger){.id = 7,
                         .reverse = reverse,
                         .from_schema = "li\"ve",
                         .from_name = "ta;ble",
                         .to_schema = "sha dow",
                         .to_name = "Ta\"ble",
                         .columns = columns,
                         .column_count = LENGTH(columns),
                         .key = "o\"ne",
                         .key_type = "bigint"};
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part))
        count++;
    return count;
}

Test(synctrigger, quotes_every_name_wherever_it_stands)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    const SyncTrigger trigger = hostile(false);
    const SyncStatements install = synctrigger_install(&trigger, conn, arena);
    cr_assert_eq(install.count, 10);
    for (size_t i = 0; i < install.count; i++) {
        const char *text = install.items[i];
        cr_assert_eq(occurrences(text, "ta;ble"), occurrences(text, "\"li\"\"ve\".\"ta;ble\""));
        cr_assert_eq(occurrences(text, "Ta\"\"ble"),
                     occurrences(text, "\"sha dow\".\"Ta\"\"ble\""));
        cr_assert_eq(occurrences(text, "o\"ne"), 0, "%s", text);
        /* the functions come first, with their bodies as literals */
        const char *quoted = i < 2 ? "\"x''); DROP TABLE t; --\"" : "\"x'); DROP TABLE t; --\"";
        cr_assert_eq(occurrences(text, "DROP TABLE"), occurrences(text, quoted));
        cr_assert_null(strstr(text, "AS $"), "%s", text);
    }
    cr_assert_not_null(strstr(install.items[0], "\"o\"\"ne\" = EXCLUDED.\"o\"\"ne\""));
    cr_assert_not_null(strstr(install.items[0], "SECURITY DEFINER"));
}

Test(synctrigger, has_other_names_in_the_other_direction)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    const SyncTrigger forward = hostile(false), reverse = hostile(true);
    const SyncStatements one = synctrigger_install(&forward, conn, arena);
    const SyncStatements other = synctrigger_install(&reverse, conn, arena);
    for (size_t i = 0; i < one.count; i++) {
        cr_assert_not_null(strstr(one.items[i], "forward"));
        cr_assert_null(strstr(other.items[i], "forward"));
    }
    cr_assert_str_eq(synctrigger_drain(&forward, arena, 0), "SELECT pgzm.drain_7_forward(0)");
    cr_assert_str_eq(synctrigger_drain(&reverse, arena, 9), "SELECT pgzm.drain_7_reverse(9)");
}

Test(synctrigger, takes_off_all_that_it_put_on)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    const SyncTrigger trigger = hostile(true);
    const SyncStatements remove = synctrigger_remove(&trigger, conn, arena);
    size_t triggers = 0, functions = 0;
    for (size_t i = 0; i < remove.count; i++) {
        triggers += occurrences(remove.items[i], "DROP TRIGGER IF EXISTS \"pgzm_7_reverse_");
        functions += occurrences(remove.items[i], "DROP FUNCTION IF EXISTS pgzm.");
    }
    cr_assert_eq(triggers, 4);
    cr_assert_eq(functions, 2);
}

Test(synctrigger, bounds_a_range_below_only_after_a_key)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    const SyncTrigger trigger = hostile(false);
    cr_assert_null(strstr(synctrigger_copy(&trigger, conn, arena, false), "$2"));
    cr_assert_not_null(strstr(synctrigger_copy(&trigger, conn, arena, true), "\"o\"\"ne\" > $2"));
    cr_assert_null(strstr(synctrigger_next(&trigger, conn, arena, false), "$2"));
    cr_assert_not_null(strstr(synctrigger_next(&trigger, conn, arena, true), "\"o\"\"ne\" > $2"));
    cr_assert_not_null(strstr(synctrigger_copy(&trigger, conn, arena, true), "FOR KEY SHARE"));
}

Test(synctrigger, updates_no_column_that_the_server_lets_nobody_update)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    static const bool fixed[LENGTH(columns)] = {[2] = true};
    SyncTrigger trigger = hostile(false);
    trigger.fixed = fixed;
    const SyncStatements install = synctrigger_install(&trigger, conn, arena);
    cr_assert_null(strstr(install.items[0], "= EXCLUDED.\"o\"\"ne\""));
    cr_assert_not_null(strstr(install.items[0], "\"tg_op\" = EXCLUDED.\"tg_op\""));
}
