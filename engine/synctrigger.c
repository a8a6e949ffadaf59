#include "engine/synctrigger.h"

#include <string.h>

#include "base/str.h"

/* The quoted pieces that the texts are put together from. */
typedef struct Names {
    const char *function, *drain; /* pgzm.sync_1_forward, pgzm.drain_1_forward */
    const char *from, *to, *key;
    const char *columns; /* "a", "b" */
    const char *resolve; /* what ON CONFLICT does: DO UPDATE SET "a" = EXCLUDED."a", ... */
} Names;

static const char *qualified(const Conn *conn, Arena *arena, const char *schema, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_name(conn, &s, schema, name);
    return arena_strdup(arena, str_text(&s));
}

static Names make_names(const SyncTrigger *t, const Conn *conn, Arena *arena)
{
    const char *direction = t->reverse ? "reverse" : "forward";
    AUTO(str_clear) Str columns = STR_INIT;
    AUTO(str_clear) Str assignment = STR_INIT;
    AUTO(str_clear) Str key = STR_INIT;
    conn_add_ident(conn, &key, t->key);
    for (size_t i = 0; i < t->column_count; i++) {
        str_separate(&columns, ", ");
        conn_add_ident(conn, &columns, t->columns[i]);
        if (t->fixed != NULL && t->fixed[i])
            continue; /* the server lets nobody update it: the key, or never changed (preserved.c)
                       */
        str_add(&assignment, assignment.len == 0 ? "DO UPDATE SET " : ", ");
        conn_add_ident(conn, &assignment, t->columns[i]);
        str_add(&assignment, " = EXCLUDED.");
        conn_add_ident(conn, &assignment, t->columns[i]);
    }
    return (Names){.function = arena_printf(arena, "pgzm.sync_%d_%s", t->id, direction),
                   .drain = arena_printf(arena, "pgzm.drain_%d_%s", t->id, direction),
                   .from = qualified(conn, arena, t->from_schema, t->from_name),
                   .to = qualified(conn, arena, t->to_schema, t->to_name),
                   .key = arena_strdup(arena, str_text(&key)),
                   .columns = arena_strdup(arena, str_text(&columns)),
                   .resolve = assignment.len == 0 ? "DO NOTHING"
                                                  : arena_strdup(arena, str_text(&assignment))};
}

/*
 * Statement-level, with transition tables: row-level triggers diverge when a statement passes
 * through states that a deferrable key allows. The function never fails the application's
 * statement: what it cannot write goes to pgzm.redo. A transaction above READ COMMITTED does not
 * see what the copier wrote after its snapshot, so it leaves its keys there too.
 */
static const char *sync_function(const SyncTrigger *t, const Names *n, Arena *arena)
{
    const char *upsert =
        arena_printf(arena,
                     "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM pgzm_new"
                     " ON CONFLICT (%s) %s",
                     n->to, n->columns, n->columns, n->key, n->resolve);
    return arena_printf(
        arena,
        "CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp"
        /* rows hidden by a policy would stay what they were: an error goes to pgzm.redo */
        " SET row_security = off AS $pgzm$\n"
        /* the table's columns may have any name, also tg_op */
        "#variable_conflict use_column\n"
        "DECLARE pgzm_reason text := 'isolation';\n"
        "BEGIN\n"
        "  IF TG_OP = 'TRUNCATE' OR current_setting('transaction_isolation') = 'read committed' "
        "THEN\n"
        "    BEGIN\n"
        "      IF TG_OP = 'INSERT' THEN\n"
        "        %s;\n"
        "      ELSIF TG_OP = 'UPDATE' THEN\n"
        "        DELETE FROM %s t USING pgzm_old o WHERE t.%s = o.%s\n"
        "          AND NOT EXISTS (SELECT FROM pgzm_new n WHERE n.%s = o.%s);\n"
        "        %s;\n"
        "      ELSIF TG_OP = 'DELETE' THEN\n"
        "        DELETE FROM %s t USING pgzm_old o WHERE t.%s = o.%s;\n"
        "      ELSE\n"
        "        TRUNCATE ONLY %s;\n"
        "      END IF;\n"
        "      RETURN NULL;\n"
        "    EXCEPTION WHEN OTHERS THEN\n"
        "      pgzm_reason := SQLERRM;\n"
        "    END;\n"
        "  END IF;\n"
        "  IF TG_OP IN ('UPDATE', 'DELETE') THEN\n"
        "    INSERT INTO pgzm.redo (preserved, key, reason)\n"
        "      SELECT %d, %s::text, pgzm_reason FROM pgzm_old;\n"
        "  END IF;\n"
        "  IF TG_OP IN ('INSERT', 'UPDATE') THEN\n"
        "    INSERT INTO pgzm.redo (preserved, key, reason)\n"
        "      SELECT %d, %s::text, pgzm_reason FROM pgzm_new;\n"
        "  ELSIF TG_OP = 'TRUNCATE' THEN\n"
        "    INSERT INTO pgzm.redo (preserved, key, reason) VALUES (%d, NULL, pgzm_reason);\n"
        "  END IF;\n"
        "  RETURN NULL;\n"
        "END $pgzm$",
        n->function, upsert, n->to, n->key, n->key, n->key, n->key, upsert, n->to, n->key, n->key,
        n->to, t->id, n->key, t->id, n->key, t->id);
}

/* A function's text with its body as a literal: a column's name may hold any end of a dollar quote.
 */
static const char *with_literal_body(const Conn *conn, Arena *arena, const char *text)
{
    static const char begin[] = "$pgzm$";
    const char *start = strstr(text, begin);
    const char *body = start + strlen(begin);
    AUTO(str_clear) Str s = STR_INIT;
    str_add_bytes(&s, text, (size_t)(start - text));
    conn_add_literal(conn, &s,
                     arena_printf(arena, "%.*s", (int)(strlen(body) - strlen(begin)), body));
    return arena_strdup(arena, str_text(&s));
}

/* Copies named keys again from what is committed now. The table lock comes before the shadow is
 * touched, as TRUNCATE's trigger does it. */
static const char *drain_function(const SyncTrigger *t, const Names *n, Arena *arena)
{
    return arena_printf(
        arena,
        "CREATE FUNCTION %s(pgzm_most integer) RETURNS bigint LANGUAGE plpgsql"
        " SET search_path = pg_catalog, pg_temp"
        /* Rows are taken in another order than the triggers take them: far below deadlock_timeout
         */
        " SET lock_timeout = 100 AS $pgzm$\n"
        "#variable_conflict use_column\n"
        "DECLARE pgzm_keys text[]; pgzm_total bigint;\n"
        "BEGIN\n"
        "  LOCK TABLE ONLY %s IN ROW SHARE MODE;\n"
        "  WITH taken AS (\n"
        "    DELETE FROM pgzm.redo WHERE ctid = ANY (ARRAY(\n"
        "      SELECT ctid FROM pgzm.redo WHERE preserved = %d\n"
        "      LIMIT nullif(pgzm_most, 0) FOR UPDATE SKIP LOCKED)) RETURNING key)\n"
        "  SELECT array_agg(DISTINCT key), count(*) INTO pgzm_keys, pgzm_total FROM taken;\n"
        "  IF pgzm_total = 0 THEN RETURN 0; END IF;\n"
        "  IF array_position(pgzm_keys, NULL) IS NOT NULL THEN\n"
        "    TRUNCATE ONLY %s;\n"
        "    INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM ONLY %s FOR KEY SHARE;\n"
        "    RETURN pgzm_total;\n"
        "  END IF;\n"
        "  DELETE FROM %s WHERE %s = ANY (pgzm_keys::%s[]);\n"
        "  INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE\n"
        "    SELECT %s FROM ONLY %s WHERE %s = ANY (pgzm_keys::%s[]) FOR KEY SHARE\n"
        "    ON CONFLICT (%s) %s;\n"
        "  RETURN pgzm_total;\n"
        "END $pgzm$",
        n->drain, n->from, t->id, n->to, n->to, n->columns, n->columns, n->from, n->to, n->key,
        t->key_type, n->to, n->columns, n->columns, n->from, n->key, t->key_type, n->key,
        n->resolve);
}

static void add(SyncStatements *list, const char *statement)
{
    list->items[list->count++] = statement;
}

static const struct {
    const char *event, *tables;
} trigger_events[] = {
    {"INSERT", "REFERENCING NEW TABLE AS pgzm_new "},
    {"UPDATE", "REFERENCING OLD TABLE AS pgzm_old NEW TABLE AS pgzm_new "},
    {"DELETE", "REFERENCING OLD TABLE AS pgzm_old "},
    {"TRUNCATE", ""},
};

static const char *trigger_name(const SyncTrigger *t, Arena *arena, size_t event)
{
    return arena_printf(arena, "pgzm_%d_%s_%s", t->id, t->reverse ? "reverse" : "forward",
                        trigger_events[event].event);
}

SyncStatements synctrigger_install(const SyncTrigger *t, const Conn *conn, Arena *arena)
{
    const Names n = make_names(t, conn, arena);
    SyncStatements list = {0};
    add(&list, with_literal_body(conn, arena, sync_function(t, &n, arena)));
    add(&list, with_literal_body(conn, arena, drain_function(t, &n, arena)));
    for (size_t i = 0; i < LENGTH(trigger_events); i++) {
        const char *name = trigger_name(t, arena, i);
        add(&list, arena_printf(arena,
                                "CREATE TRIGGER \"%s\" AFTER %s ON %s %sFOR EACH STATEMENT"
                                " EXECUTE FUNCTION %s()",
                                name, trigger_events[i].event, n.from, trigger_events[i].tables,
                                n.function));
        /* also for sessions in the role of a replica */
        add(&list,
            arena_printf(arena, "ALTER TABLE %s ENABLE ALWAYS TRIGGER \"%s\"", n.from, name));
    }
    return list;
}

SyncStatements synctrigger_remove(const SyncTrigger *t, const Conn *conn, Arena *arena)
{
    const Names n = make_names(t, conn, arena);
    SyncStatements list = {0};
    for (size_t i = 0; i < LENGTH(trigger_events); i++)
        add(&list, arena_printf(arena, "DROP TRIGGER IF EXISTS \"%s\" ON %s",
                                trigger_name(t, arena, i), n.from));
    add(&list, arena_printf(arena, "DROP FUNCTION IF EXISTS %s()", n.function));
    add(&list, arena_printf(arena, "DROP FUNCTION IF EXISTS %s(integer)", n.drain));
    return list;
}

const char *synctrigger_drain(const SyncTrigger *t, Arena *arena, int limit)
{
    return arena_printf(arena, "SELECT pgzm.drain_%d_%s(%d)", t->id,
                        t->reverse ? "reverse" : "forward", limit);
}

/* The range is fixed by synctrigger_next before rows are locked: a row whose key changes while we
 * wait for it leaves the range and is the trigger's. */
const char *synctrigger_copy(const SyncTrigger *t, const Conn *conn, Arena *arena, bool after)
{
    const Names n = make_names(t, conn, arena);
    const char *lower = after ? arena_printf(arena, "%s > $2 AND ", n.key) : "";
    return arena_printf(arena,
                        "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM ONLY %s"
                        " WHERE %s%s <= $1 ORDER BY %s FOR KEY SHARE ON CONFLICT (%s) DO NOTHING",
                        n.to, n.columns, n.columns, n.from, lower, n.key, n.key, n.key);
}

const char *synctrigger_next(const SyncTrigger *t, const Conn *conn, Arena *arena, bool after)
{
    const Names n = make_names(t, conn, arena);
    const char *lower = after ? arena_printf(arena, " WHERE %s > $2", n.key) : "";
    return arena_printf(arena,
                        "SELECT key::text FROM (SELECT %s AS key FROM ONLY %s%s ORDER BY %s"
                        " LIMIT $1::int) AS range ORDER BY range.key DESC LIMIT 1",
                        n.key, n.from, lower, n.key);
}
