#include "engine/synctrigger.h"

#include <string.h>

#include "base/str.h"

/* Keys travel through pgzm.redo as text: it must mean the same whoever wrote it. Rows that a policy
 * hides would stay what they were: an error goes to pgzm.redo instead. */
#define SETTINGS                                                                                   \
    " SET row_security = off SET datestyle = 'ISO, YMD' SET intervalstyle = 'postgres'"            \
    " SET extra_float_digits = 1 SET bytea_output = 'hex' SET lc_monetary = 'C'"

/* The quoted pieces that the texts are put together from. */
typedef struct Names {
    Arena *arena;
    const char *direction;        /* "forward" */
    const char *from, *to;        /* qualified, with ONLY unless partitioned */
    const char *to_table;         /* without */
    const char *columns;          /* "a", "b" */
    const char *conflict;         /* ON CONFLICT ("a") DO UPDATE SET ...; "" where it cannot be */
    const char *conflict_nothing; /* ON CONFLICT ("a") DO NOTHING; the same */
    const char *path;             /* search_path */
} Names;

static const char *qualified(const Conn *conn, Arena *arena, const char *schema, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_name(conn, &s, schema, name);
    return arena_strdup(arena, str_text(&s));
}

static const char *ident(const Conn *conn, Arena *arena, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_ident(conn, &s, name);
    return arena_strdup(arena, str_text(&s));
}

/* For each key `format` with its name (twice at most), joined. */
static const char *each_key(const SyncTrigger *t, const Conn *conn, Arena *arena, const char *left,
                            const char *middle, const char *right, const char *separator)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < t->key_count; i++) {
        const char *key = ident(conn, arena, t->keys[i]);
        str_separate(&s, separator);
        str_addf(&s, "%s%s%s", left, key, middle);
        if (right != NULL)
            str_addf(&s, "%s%s", right, key);
    }
    return arena_strdup(arena, str_text(&s));
}

/* a."k" = b."k" AND ... */
static const char *match(const SyncTrigger *t, const Conn *conn, Arena *arena, const char *a,
                         const char *b)
{
    return each_key(t, conn, arena, arena_printf(arena, "%s.", a), " = ",
                    arena_printf(arena, "%s.", b), " AND ");
}

/* a."k", a."l" */
static const char *list(const SyncTrigger *t, const Conn *conn, Arena *arena, const char *a)
{
    return each_key(t, conn, arena, arena_printf(arena, "%s.", a), "", NULL, ", ");
}

/* a."k"::text, a."l"::text */
static const char *texts(const SyncTrigger *t, const Conn *conn, Arena *arena, const char *a)
{
    return each_key(t, conn, arena, arena_printf(arena, "%s.", a), "::text", NULL, ", ");
}

/* (array)[1]::type, (array)[2]::type; `named`: AS the key's name */
static const char *values(const SyncTrigger *t, const Conn *conn, Arena *arena, const char *array,
                          bool named)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < t->key_count; i++) {
        str_separate(&s, ", ");
        str_addf(&s, "(%s)[%zu]::%s", array, i + 1, t->key_types[i]);
        if (named)
            str_addf(&s, " AS %s", ident(conn, arena, t->keys[i]));
    }
    return arena_strdup(arena, str_text(&s));
}

/* What ON CONFLICT does with a row that is there. */
static const char *update_all(const SyncTrigger *t, const Conn *conn, Arena *arena)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < t->column_count; i++) {
        if (t->fixed != NULL && t->fixed[i])
            continue; /* the server lets nobody update it: the key, or never changed (preserved.c)
                       */
        const char *column = ident(conn, arena, t->columns[i]);
        str_addf(&s, "%s%s = EXCLUDED.%s", s.len == 0 ? "DO UPDATE SET " : ", ", column, column);
    }
    return s.len == 0 ? "DO NOTHING" : arena_strdup(arena, str_text(&s));
}

static Names make_names(const SyncTrigger *t, const Conn *conn, Arena *arena)
{
    AUTO(str_clear) Str columns = STR_INIT;
    for (size_t i = 0; i < t->column_count; i++) {
        str_separate(&columns, ", ");
        conn_add_ident(conn, &columns, t->columns[i]);
    }
    const char *to = qualified(conn, arena, t->to_schema, t->to_name);
    const char *keys = each_key(t, conn, arena, "", "", NULL, ", ");
    return (Names){.arena = arena,
                   .direction = t->reverse ? "reverse" : "forward",
                   .from = arena_printf(arena, "%s%s", t->from_partitioned ? "" : "ONLY ",
                                        qualified(conn, arena, t->from_schema, t->from_name)),
                   .to = arena_printf(arena, "%s%s", t->to_partitioned ? "" : "ONLY ", to),
                   .to_table = to,
                   .columns = arena_strdup(arena, str_text(&columns)),
                   .conflict = t->upsert ? arena_printf(arena, " ON CONFLICT (%s) %s", keys,
                                                        update_all(t, conn, arena))
                                         : "",
                   .conflict_nothing =
                       t->upsert ? arena_printf(arena, " ON CONFLICT (%s) DO NOTHING", keys) : "",
                   .path = arena_printf(arena, "pg_catalog%s, pg_temp", t->path)};
}

/* A function's text; the body as a literal: a column's name may hold any end of a dollar quote. The
 * variables' names are ours, a table's columns may have any other. */
static const char *function(const Names *n, const Conn *conn, const char *head, const char *body)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_addf(&s, "CREATE FUNCTION %s SET search_path = %s" SETTINGS " AS ", head, n->path);
    conn_add_literal(conn, &s, arena_printf(n->arena, "\n#variable_conflict use_column\n%s", body));
    return arena_strdup(n->arena, str_text(&s));
}

/* What a deferred constraint has against a row must be found while it can be noted, not when the
 * application commits. */
static const char *check_now(const SyncTrigger *t, const Conn *conn, Arena *arena)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < t->deferred_count; i++) {
        str_add(&s, s.len == 0 ? "    SET CONSTRAINTS " : ", ");
        conn_add_name(conn, &s, t->to_schema, t->deferred[i]);
    }
    if (s.len > 0)
        str_add(&s, " IMMEDIATE;\n");
    return arena_strdup(arena, str_text(&s));
}

static const char *insert_rows(const Names *n, const char *from, const char *rest)
{
    return arena_printf(n->arena, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s%s",
                        n->to_table, n->columns, n->columns, from, rest);
}

/* Writes the rows of pgzm_new. */
static const char *write_new(const SyncTrigger *t, const Names *n, const Conn *conn)
{
    const char *insert = insert_rows(n, "pgzm_new", n->conflict);
    if (t->upsert)
        return insert;
    return arena_printf(n->arena,
                        "DELETE FROM %s t USING pgzm_new n WHERE %s;\n"
                        "      %s",
                        n->to, match(t, conn, n->arena, "t", "n"), insert);
}

/* The last statement deleted as many rows as there are in `rows`, or the snapshot hides some. */
static const char *check_count(const Names *n, const char *rows)
{
    return arena_printf(n->arena,
                        "      GET DIAGNOSTICS pgzm_count = ROW_COUNT;\n"
                        "      IF pgzm_snapshot AND pgzm_count < (SELECT count(*) FROM %s) THEN\n"
                        "        RAISE serialization_failure;\n"
                        "      END IF;\n",
                        rows);
}

static const char *on_update(const SyncTrigger *t, const Names *n, const Conn *conn)
{
    Arena *arena = n->arena;
    const char *gone =
        arena_printf(arena, "pgzm_old o WHERE NOT EXISTS (SELECT FROM pgzm_new n WHERE %s)",
                     match(t, conn, arena, "n", "o"));
    if (!t->upsert) /* what stays goes as well: it comes back with its new values */
        gone = "pgzm_old o";
    return arena_printf(arena,
                        "      DELETE FROM %s t USING (SELECT %s FROM %s) o WHERE %s;\n"
                        "%s"
                        "      %s;\n",
                        n->to, list(t, conn, arena, "o"), gone, match(t, conn, arena, "t", "o"),
                        check_count(n, gone), write_new(t, n, conn));
}

/* A partition's rows are those that are in the other table and not here any more; what a snapshot
 * hides there cannot be told. */
static const char *on_truncate(const SyncTrigger *t, const Names *n, const Conn *conn)
{
    const char *whole = arena_printf(n->arena, "TRUNCATE %s;\n", n->to);
    if (t->part_count == 0)
        return arena_printf(n->arena, "      %s", whole);
    return arena_printf(n->arena,
                        "      IF TG_NARGS = 0 THEN\n"
                        "        %s"
                        "      ELSIF pgzm_snapshot THEN\n"
                        "        RAISE serialization_failure;\n"
                        "      ELSE\n"
                        "        DELETE FROM %s t WHERE NOT EXISTS (SELECT FROM %s s WHERE %s);\n"
                        "      END IF;\n",
                        whole, n->to, n->from, match(t, conn, n->arena, "s", "t"));
}

/*
 * Statement-level, with transition tables: row-level triggers diverge when a statement passes
 * through states that a deferrable key allows. The function never fails the application's
 * statement: what it cannot write goes to pgzm.redo (a cancellation is nobody's but the
 * application's, and OTHERS lets it pass; it lets failed assertions pass as well, which a CHECK of
 * the other table may call).
 *
 * The snapshot of a transaction above READ COMMITTED may hide what the copier or a drain wrote
 * since: writing such a row is a serialization failure, which is caught like any other error, and
 * deleting it finds fewer rows than expected.
 */
static const char *sync_function(const SyncTrigger *t, const Names *n, const Conn *conn)
{
    Arena *arena = n->arena;
    const char *body = arena_printf(
        arena,
        "DECLARE pgzm_reason text; pgzm_state text; pgzm_count bigint;\n"
        "  pgzm_snapshot boolean := current_setting('transaction_isolation') <> 'read committed';\n"
        "BEGIN\n"
        "  BEGIN\n"
        "%s"
        "    IF TG_OP = 'INSERT' THEN\n"
        "      %s;\n"
        "    ELSIF TG_OP = 'UPDATE' THEN\n"
        "%s"
        "    ELSIF TG_OP = 'DELETE' THEN\n"
        "      DELETE FROM %s t USING pgzm_old o WHERE %s;\n"
        "%s"
        "    ELSE\n"
        "%s"
        "    END IF;\n"
        "    RETURN NULL;\n"
        "  EXCEPTION WHEN OTHERS OR assert_failure THEN\n"
        "    GET STACKED DIAGNOSTICS pgzm_state = RETURNED_SQLSTATE;\n"
        "    pgzm_reason := CASE WHEN pgzm_snapshot AND pgzm_state = '40001' THEN 'isolation'\n"
        "                        ELSE SQLERRM END;\n"
        "  END;\n"
        "  IF TG_OP IN ('UPDATE', 'DELETE') THEN\n"
        "    INSERT INTO pgzm.redo (preserved, key, reason)\n"
        "      SELECT %d, ARRAY[%s], pgzm_reason FROM pgzm_old o;\n"
        "  END IF;\n"
        "  IF TG_OP IN ('INSERT', 'UPDATE') THEN\n"
        "    INSERT INTO pgzm.redo (preserved, key, reason)\n"
        "      SELECT %d, ARRAY[%s], pgzm_reason FROM pgzm_new n;\n"
        "  ELSIF TG_OP = 'TRUNCATE' THEN\n"
        "    INSERT INTO pgzm.redo (preserved, key, reason) VALUES (%d, NULL, pgzm_reason);\n"
        "  END IF;\n"
        "  RETURN NULL;\n"
        "END ",
        check_now(t, conn, arena), write_new(t, n, conn), on_update(t, n, conn), n->to,
        match(t, conn, arena, "t", "o"), check_count(n, "pgzm_old"), on_truncate(t, n, conn), t->id,
        texts(t, conn, arena, "o"), t->id, texts(t, conn, arena, "n"), t->id);
    const char *head =
        arena_printf(arena, "pgzm.sync_%d_%s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER",
                     t->id, n->direction);
    return function(n, conn, head, body);
}

/* Far below deadlock_timeout: rows are taken in another order than applications take them. */
#define SHORT_WAIT " SET lock_timeout = 100"

/*
 * Copies named keys again from what is committed now. The table lock comes before the other table
 * is touched, as TRUNCATE's trigger does it. A key that is deleted here and changed by an
 * application at the same moment: its trigger waits for us and writes after us, or we waited for
 * its commit and the second statement sees what it wrote.
 *
 * A TRUNCATE that could not be carried: what was written since has come over by itself, so only
 * rows that are not here any more are left to delete, by their keys, in the next round.
 */
static const char *drain_function(const SyncTrigger *t, const Names *n, const Conn *conn)
{
    Arena *arena = n->arena;
    const char *named = values(t, conn, arena, "u.k::text[]", true);
    const char *rest = arena_printf(
        arena, " s WHERE (%s) IN (SELECT %s FROM unnest(pgzm_keys) u (k)) FOR KEY SHARE OF s%s",
        list(t, conn, arena, "s"), values(t, conn, arena, "u.k::text[]", false), n->conflict);
    const char *body = arena_printf(
        arena,
        "DECLARE pgzm_keys text[]; pgzm_total bigint; pgzm_whole boolean;\n"
        "BEGIN\n"
        "  LOCK TABLE %s IN ROW SHARE MODE;\n"
        "  WITH taken AS (\n"
        "    DELETE FROM pgzm.redo WHERE ctid = ANY (ARRAY(\n"
        "      SELECT ctid FROM pgzm.redo WHERE preserved = %d\n"
        "      LIMIT nullif(pgzm_most, 0) FOR UPDATE SKIP LOCKED)) RETURNING key)\n"
        "  SELECT array_agg(DISTINCT key::text) FILTER (WHERE key IS NOT NULL), count(*),\n"
        "    coalesce(bool_or(key IS NULL), false) INTO pgzm_keys, pgzm_total, pgzm_whole\n"
        "    FROM taken;\n"
        "  IF pgzm_whole THEN\n"
        "    INSERT INTO pgzm.redo (preserved, key, reason)\n"
        "      SELECT %d, ARRAY[%s], 'truncate' FROM %s t\n"
        "      WHERE NOT EXISTS (SELECT FROM %s s WHERE %s);\n"
        "  END IF;\n"
        "  IF pgzm_keys IS NOT NULL THEN\n"
        "    DELETE FROM %s t USING (SELECT DISTINCT %s FROM unnest(pgzm_keys) u (k)) o\n"
        "      WHERE %s;\n"
        "    %s;\n"
        "  END IF;\n"
        "  RETURN pgzm_total;\n"
        "END ",
        n->from, t->id, t->id, texts(t, conn, arena, "t"), n->to, n->from,
        match(t, conn, arena, "s", "t"), n->to, named, match(t, conn, arena, "t", "o"),
        insert_rows(n, n->from, rest));
    const char *head = arena_printf(
        arena, "pgzm.drain_%d_%s(pgzm_most integer) RETURNS bigint LANGUAGE plpgsql" SHORT_WAIT,
        t->id, n->direction);
    return function(n, conn, head, body);
}

/* The rows of a range of keys that is there already, above `lower` where it is not NULL. */
static const char *copy_range(const SyncTrigger *t, const Names *n, const Conn *conn,
                              const char *lower)
{
    Arena *arena = n->arena;
    const char *keys = list(t, conn, arena, "s");
    const char *missing = t->upsert
                              ? ""
                              : arena_printf(arena, " AND NOT EXISTS (SELECT FROM %s t WHERE %s)",
                                             n->to, match(t, conn, arena, "t", "s"));
    return insert_rows(n, n->from,
                       arena_printf(arena,
                                    " s WHERE %s(%s) <= (%s)%s ORDER BY %s FOR KEY SHARE OF s%s",
                                    lower, keys, values(t, conn, arena, "pgzm_end", false), missing,
                                    keys, n->conflict_nothing));
}

/* The range is fixed before rows are locked: a row whose key changes while we wait for it leaves
 * the range and is the trigger's. */
static const char *copy_branch(const SyncTrigger *t, const Names *n, const Conn *conn, bool after)
{
    Arena *arena = n->arena;
    const char *keys = list(t, conn, arena, "s");
    const char *lower = after ? arena_printf(arena, "(%s) > (%s)", keys,
                                             values(t, conn, arena, "pgzm_after", false))
                              : "";
    return arena_printf(
        arena,
        "    SELECT ARRAY[%s] INTO pgzm_end FROM (SELECT %s FROM %s s%s%s ORDER BY %s\n"
        "      LIMIT pgzm_rows) r ORDER BY %s LIMIT 1;\n"
        "    IF pgzm_end IS NULL THEN RETURN; END IF;\n"
        "    %s;\n",
        texts(t, conn, arena, "r"), keys, n->from, after ? " WHERE " : "", lower, keys,
        each_key(t, conn, arena, "r.", " DESC", NULL, ", "),
        copy_range(t, n, conn, after ? arena_printf(arena, "%s AND ", lower) : ""));
}

static const char *copy_function(const SyncTrigger *t, const Names *n, const Conn *conn)
{
    Arena *arena = n->arena;
    const char *body =
        arena_printf(arena,
                     "BEGIN\n"
                     "  LOCK TABLE %s IN ROW SHARE MODE;\n"
                     "  pgzm_count := 0;\n"
                     "  IF pgzm_after IS NULL THEN\n"
                     "%s"
                     "  ELSE\n"
                     "%s"
                     "  END IF;\n"
                     "  GET DIAGNOSTICS pgzm_count = ROW_COUNT;\n"
                     "END ",
                     n->from, copy_branch(t, n, conn, false), copy_branch(t, n, conn, true));
    const char *head =
        arena_printf(arena,
                     "pgzm.copy_%d_%s(pgzm_after text[], pgzm_rows integer, OUT pgzm_end text[],"
                     " OUT pgzm_count bigint) LANGUAGE plpgsql" SHORT_WAIT,
                     t->id, n->direction);
    return function(n, conn, head, body);
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

/* `part`: the argument that tells the function that this is a partition. */
static void add_triggers(const SyncTrigger *t, const Names *n, const char *table, const char *part,
                         SyncStatements *list)
{
    for (size_t i = 0; i < LENGTH(trigger_events); i++) {
        const char *name =
            arena_printf(n->arena, "pgzm_%d_%s_%s", t->id, n->direction, trigger_events[i].event);
        add(list, arena_printf(n->arena,
                               "CREATE TRIGGER \"%s\" AFTER %s ON %s %sFOR EACH STATEMENT"
                               " EXECUTE FUNCTION pgzm.sync_%d_%s(%s)",
                               name, trigger_events[i].event, table, trigger_events[i].tables,
                               t->id, n->direction, part));
        /* also for sessions in the role of a replica */
        add(list, arena_printf(n->arena, "ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER \"%s\"", table,
                               name));
    }
}

SyncStatements synctrigger_install(const SyncTrigger *t, const Conn *conn, Arena *arena)
{
    const Names n = make_names(t, conn, arena);
    size_t most = 3 + (1 + t->part_count) * 2 * LENGTH(trigger_events);
    SyncStatements list = {.items = arena_alloc(arena, most * sizeof *list.items)};
    add(&list, sync_function(t, &n, conn));
    add(&list, drain_function(t, &n, conn));
    add(&list, copy_function(t, &n, conn));
    add_triggers(t, &n, qualified(conn, arena, t->from_schema, t->from_name), "", &list);
    for (size_t i = 0; i < t->part_count; i++)
        add_triggers(t, &n, qualified(conn, arena, t->parts[i].schema, t->parts[i].name), "'part'",
                     &list);
    return list;
}

static const char *direction(const SyncTrigger *t)
{
    return t->reverse ? "reverse" : "forward";
}

/* Nothing but our triggers depends on the function. */
SyncStatements synctrigger_remove(const SyncTrigger *t, Arena *arena)
{
    SyncStatements list = {.items = arena_alloc(arena, 3 * sizeof *list.items)};
    add(&list, arena_printf(arena, "DROP FUNCTION IF EXISTS pgzm.sync_%d_%s() CASCADE", t->id,
                            direction(t)));
    add(&list, arena_printf(arena, "DROP FUNCTION IF EXISTS pgzm.drain_%d_%s(integer)", t->id,
                            direction(t)));
    add(&list, arena_printf(arena, "DROP FUNCTION IF EXISTS pgzm.copy_%d_%s(text[], integer)",
                            t->id, direction(t)));
    return list;
}

const char *synctrigger_drain(const SyncTrigger *t, Arena *arena, int limit)
{
    return arena_printf(arena, "SELECT pgzm.drain_%d_%s(%d)", t->id, direction(t), limit);
}

const char *synctrigger_copy(const SyncTrigger *t, Arena *arena)
{
    return arena_printf(arena,
                        "SELECT pgzm_end, pgzm_count FROM pgzm.copy_%d_%s($1::text[], $2::integer)",
                        t->id, direction(t));
}
