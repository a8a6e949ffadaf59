#include <criterion/criterion.h>
#include <string.h>

#include "engine/synctrigger.h"

static const char *const columns[] = {"id", "tg_op", "o\"ne", "x'); DROP TABLE t; --", "a$pgzm$b"};

static const char *const keys[] = {"o\"ne", "tg_op"};
static const char *const key_types[] = {"bigint", "text"};

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
                         .keys = keys,
                         .key_types = key_types,
                         .key_count = LENGTH(keys),
                         .path = ", \"ext\"",
                         .upsert = true};
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
    cr_assert_eq(install.count, 11);
    for (size_t i = 0; i < install.count; i++) {
        const char *text = install.items[i];
        cr_assert_eq(occurrences(text, "ta;ble"), occurrences(text, "\"li\"\"ve\".\"ta;ble\""));
        cr_assert_eq(occurrences(text, "Ta\"\"ble"),
                     occurrences(text, "\"sha dow\".\"Ta\"\"ble\""));
        cr_assert_eq(occurrences(text, "o\"ne"), 0, "%s", text);
        /* the functions come first, with their bodies as literals */
        const char *quoted = i < 3 ? "\"x''); DROP TABLE t; --\"" : "\"x'); DROP TABLE t; --\"";
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
    const SyncStatements install = synctrigger_install(&trigger, conn, arena);
    const SyncStatements remove = synctrigger_remove(&trigger, arena);
    size_t created = 0, dropped = 0;
    for (size_t i = 0; i < install.count; i++)
        created += occurrences(install.items[i], "CREATE FUNCTION pgzm.");
    for (size_t i = 0; i < remove.count; i++)
        dropped += occurrences(remove.items[i], "DROP FUNCTION IF EXISTS pgzm.");
    cr_assert_eq(created, 3);
    cr_assert_eq(dropped, created);
    /* the triggers depend on the first */
    cr_assert_str_eq(remove.items[0], "DROP FUNCTION IF EXISTS pgzm.sync_7_reverse() CASCADE");
}

Test(synctrigger, compares_keys_of_several_columns_as_a_whole)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    const SyncTrigger trigger = hostile(false);
    const SyncStatements install = synctrigger_install(&trigger, conn, arena);
    cr_assert_not_null(strstr(install.items[0], "ON CONFLICT (\"o\"\"ne\", \"tg_op\") DO UPDATE"));
    cr_assert_not_null(strstr(install.items[0], "t.\"o\"\"ne\" = o.\"o\"\"ne\" AND "
                                                "t.\"tg_op\" = o.\"tg_op\""));
    cr_assert_not_null(strstr(install.items[2],
                              "(s.\"o\"\"ne\", s.\"tg_op\") > "
                              "((pgzm_after)[1]::bigint, (pgzm_after)[2]::text)"));
    cr_assert_not_null(strstr(install.items[2], "FOR KEY SHARE"));
    cr_assert_not_null(strstr(install.items[0], "search_path = pg_catalog, \"ext\", pg_temp"));
}

Test(synctrigger, deletes_and_inserts_where_no_index_resolves_conflicts)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    static const char *const deferred[] = {"De\"f"};
    SyncTrigger trigger = hostile(false);
    trigger.upsert = false;
    trigger.deferred = deferred;
    trigger.deferred_count = 1;
    const SyncStatements install = synctrigger_install(&trigger, conn, arena);
    for (size_t i = 0; i < install.count; i++)
        cr_assert_null(strstr(install.items[i], "ON CONFLICT"), "%s", install.items[i]);
    cr_assert_not_null(strstr(install.items[0],
                              "DELETE FROM ONLY \"sha dow\".\"Ta\"\"ble\" t USING "
                              "pgzm_new n"));
    cr_assert_not_null(
        strstr(install.items[0], "SET CONSTRAINTS \"sha dow\".\"De\"\"f\" IMMEDIATE"));
    cr_assert_not_null(strstr(install.items[2], "NOT EXISTS"));
}

Test(synctrigger, stands_on_every_partition)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    static const SyncPart parts[] = {{"a", "p1"}, {"b", "p2"}};
    SyncTrigger trigger = hostile(false);
    trigger.from_partitioned = true;
    trigger.parts = parts;
    trigger.part_count = LENGTH(parts);
    const SyncStatements install = synctrigger_install(&trigger, conn, arena);
    size_t whole = 0, part = 0;
    for (size_t i = 0; i < install.count; i++) {
        whole += occurrences(install.items[i], "EXECUTE FUNCTION pgzm.sync_7_forward()");
        part += occurrences(install.items[i], "EXECUTE FUNCTION pgzm.sync_7_forward('part')");
        cr_assert_null(strstr(install.items[i], "FROM ONLY \"li\"\"ve\""));
    }
    cr_assert_eq(whole, 4);
    cr_assert_eq(part, 8);
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
