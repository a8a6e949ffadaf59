#include "schema/portable.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "schema/loader.h"

static const Field fields[] = {
    FIELD(FIELD_OID, Obstacle, object.classid, "classid"),
    FIELD(FIELD_OID, Obstacle, object.oid, "oid"),
    FIELD(FIELD_CHAR, Obstacle, action, "action"),
    FIELD(FIELD_TEXT, Obstacle, kind, "kind"),
    FIELD(FIELD_TEXT, Obstacle, identity, "identity"),
    FIELD(FIELD_TEXT, Obstacle, reason, "reason"),
    FIELD(FIELD_INT, Obstacle, needs, "needs"),
};

/* Versions between which something is lost on the way down, or refused on the way up. */
static const int before[] = {13, 14, 15, 16, 17, 18};
static const int from[] = {14, 17, 18};

/* ---- the list -------------------------------------------------------------------------- */

/* Whether the object goes along: filters may have left it out, and what is not carried over at all
 * is named elsewhere. */
static bool is_taken(const Model *model, Address object)
{
    if (object.classid == 0)
        return true;
    for (size_t i = 0; i < model->list_count; i++) {
        const ObjectList *list = &model->lists[i];
        size_t low = 0, high = list->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (model_object(list, middle)->address.oid < object.oid)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < list->count && model_object(list, low)->address.oid == object.oid; low++)
            if (model_object(list, low)->address.classid == object.classid)
                return true;
    }
    return false;
}

/* How many a list of that length has room for. */
static size_t room(size_t count)
{
    size_t room = 16;
    while (room < count)
        room *= 2;
    return count == 0 ? 0 : room;
}

static void append(ObstacleList *list, Arena *arena, const Obstacle *items, size_t count,
                   const Model *model)
{
    if (room(list->count) < list->count + count) {
        Obstacle *all = arena_alloc(arena, room(list->count + count) * sizeof(*all));
        if (list->count > 0)
            memcpy(all, list->items, list->count * sizeof(*all));
        list->items = all;
    }
    for (size_t i = 0; i < count; i++)
        if (is_taken(model, items[i].object))
            list->items[list->count++] = items[i];
}

static int rank(char action)
{
    return action == OBSTACLE_REFUSED ? 0 : action == OBSTACLE_LEFT_OUT ? 1 : 2;
}

static int by_action(const void *a, const void *b)
{
    const Obstacle *x = a, *y = b;
    if (rank(x->action) != rank(y->action))
        return rank(x->action) - rank(y->action);
    int order = strcmp(x->kind, y->kind);
    order = order != 0 ? order : strcmp(x->identity, y->identity);
    return order != 0 ? order : strcmp(x->reason, y->reason);
}

static void sort(ObstacleList *list)
{
    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof(*list->items), by_action);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++)
        if (by_action(&list->items[kept - 1], &list->items[i]) != 0)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

/* ---- which destination ----------------------------------------------------------------- */

/* Major versions of which the destination may be: one, or several where it is not known yet. What
 * the source is asked is decided by these alone, so that a tape of all versions' questions has the
 * answers for each. */
typedef struct Targets {
    int oldest, newest;
} Targets;

static Targets target_of(const Conn *dest)
{
    int version = conn_version(dest) / 10000;
    return (Targets){version, version};
}

/* ---- from the catalogs ----------------------------------------------------------------- */

static bool read_one(Conn *source, const CatalogScope *scope, const char *query, const Model *model,
                     Arena *arena, ObstacleList *list, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    void *items;
    size_t count;
    if (!loader_query(source, scope, query, &result, err))
        return false;
    if (!loader_fill(result, fields, LENGTH(fields), sizeof(Obstacle), arena, &items, &count, err))
        return error_wrap(err, "reading the catalogs (%s)", query);
    append(list, arena, items, count, model);
    return true;
}

/* Asks whatever a destination of one of those major versions gives reason to ask. */
static bool read_versions(Conn *source, const Targets *targets, const CatalogScope *scope,
                          const Model *model, Arena *arena, ObstacleList *list, Error *err)
{
    int version = conn_version(source) / 10000;
    for (size_t i = 0; i < LENGTH(before); i++)
        if (version >= before[i] && targets->oldest < before[i] &&
            !read_one(source, scope, arena_printf(arena, "portable_before_%d", before[i]), model,
                      arena, list, err))
            return false;
    for (size_t i = 0; i < LENGTH(from); i++)
        if (version < from[i] && targets->newest >= from[i] &&
            !read_one(source, scope, arena_printf(arena, "portable_from_%d", from[i]), model, arena,
                      list, err))
            return false;
    return true;
}

/* ---- what the system has --------------------------------------------------------------- */

/* Which of three arrays' rows the destination has. */
static const char presence[] =
    "SELECT u.position - 1, CASE u.what"
    " WHEN 'type' THEN EXISTS (SELECT FROM pg_catalog.pg_type t"
    "  WHERE t.typnamespace = 11 AND t.typname = u.name)"
    " WHEN 'collation' THEN EXISTS (SELECT FROM pg_catalog.pg_collation l"
    "  WHERE l.collnamespace = 11 AND l.collname = u.name)"
    " WHEN 'call' THEN EXISTS (SELECT FROM pg_catalog.pg_proc p"
    "  WHERE p.proname = u.name AND p.pronargs::pg_catalog.text = u.arguments)"
    " WHEN 'setting' THEN EXISTS (SELECT FROM pg_catalog.pg_settings s"
    "  WHERE pg_catalog.lower(s.name) = pg_catalog.lower(u.name))"
    " ELSE EXISTS (SELECT FROM pg_catalog.pg_proc p"
    "  WHERE p.pronamespace = 11 AND p.proname = u.name AND u.arguments = "
    "pg_catalog.array_to_string("
    "   p.proargtypes::pg_catalog.oid[]::pg_catalog.regtype[], ',')) END"
    " FROM ROWS FROM (pg_catalog.json_to_recordset($1::pg_catalog.json)"
    "  AS (what pg_catalog.text, name pg_catalog.text, arguments pg_catalog.text))"
    "  WITH ORDINALITY AS u(what, name, arguments, position)";

static const char *cell(const PGresult *result, int row, const char *column)
{
    return PQgetvalue(result, row, PQfnumber(result, column));
}

/* One that both have is no obstacle, and neither is a function that the destination lacks. */
static void judge(const PGresult *used, int row, bool present, const Model *model, Arena *arena,
                  ObstacleList *list)
{
    bool function = strcmp(cell(used, row, "what"), "function") == 0;
    bool call = strcmp(cell(used, row, "what"), "call") == 0;
    if (present != function)
        return;
    const char *name = cell(used, row, "name");
    Obstacle found = {
        .object = {(Oid)strtoul(cell(used, row, "classid"), NULL, 10),
                   (Oid)strtoul(cell(used, row, "oid"), NULL, 10), 0},
        .action = function ? OBSTACLE_NAMED : OBSTACLE_REFUSED,
        .kind = arena_strdup(arena, cell(used, row, "kind")),
        .identity = arena_strdup(arena, cell(used, row, "identity")),
        .reason = function ? arena_printf(arena,
                                          "objects that call its function %s(%s) call the "
                                          "destination's own of that name there",
                                          name, cell(used, row, "arguments"))
                  : call ? arena_printf(arena, "the destination has no %s(), which it calls", name)
                         : arena_printf(arena, "the destination has no %s %s",
                                        cell(used, row, "what"), name),
    };
    append(list, arena, &found, 1, model);
}

/* The parameter of `presence` (free). */
static char *ask_for(const PGresult *used)
{
    json_t *list = json_array();
    for (int i = 0; i < PQntuples(used); i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "what", cell(used, i, "what"),
                                              "name", cell(used, i, "name"), "arguments",
                                              cell(used, i, "arguments")));
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}

/* Without a destination the source alone is asked. */
static bool read_builtins(Conn *source, Conn *dest, const CatalogScope *scope, const char *query,
                          const Model *model, Arena *arena, ObstacleList *list, Error *err)
{
    AUTO(result_free) PGresult *used = NULL;
    AUTO(result_free) PGresult *here = NULL;
    AUTO(result_free) PGresult *there = NULL;
    if (!loader_query(source, scope, query, &used, err))
        return false;
    char *json = ask_for(used);
    const char *const values[] = {json};
    bool ok = conn_query(source, presence, 1, values, &here, err) &&
              (dest == NULL || conn_query(dest, presence, 1, values, &there, err));
    free(json);
    if (!ok)
        return error_wrap(err, "looking at what both servers have");
    for (int i = 0; dest != NULL && i < PQntuples(there) && i < PQntuples(here); i++) {
        /* A function of an extension that the source's own hides as well is nothing new. */
        bool function = strcmp(cell(used, i, "what"), "function") == 0;
        if (!function || PQgetvalue(here, i, 1)[0] != 't')
            judge(used, i, PQgetvalue(there, i, 1)[0] == 't', model, arena, list);
    }
    return true;
}

/* `dest` may be NULL, as above. */
static bool read_differences(Conn *source, Conn *dest, const Targets *targets,
                             const CatalogScope *scope, const Model *model, Arena *arena,
                             ObstacleList *list, Error *err)
{
    int version = conn_version(source) / 10000;
    if (targets->oldest == version && targets->newest == version)
        return true;
    return read_versions(source, targets, scope, model, arena, list, err) &&
           read_builtins(source, dest, scope, "portable_builtins", model, arena, list, err) &&
           (version <= targets->oldest ||
            read_builtins(source, dest, scope, "portable_calls", model, arena, list, err));
}

/* ---- how text sorts -------------------------------------------------------------------- */

/* Provider and locale of the database; the columns' names depend on the version. Spellings of the
 * encoding do not count. */
static const char sorting[] =
    "SELECT pg_catalog.concat_ws(' ', CASE d.row ->> 'datlocprovider' WHEN 'i' THEN 'icu'"
    "  WHEN 'b' THEN 'builtin' ELSE 'libc' END,"
    " COALESCE(d.row ->> 'datlocale', d.row ->> 'daticulocale',"
    "  pg_catalog.regexp_replace(d.row ->> 'datcollate', 'utf-?8$', 'UTF-8', 'i')),"
    " d.row ->> 'daticurules')"
    " FROM (SELECT pg_catalog.to_jsonb(b) AS row FROM pg_catalog.pg_database b"
    "  WHERE b.datname = pg_catalog.current_database()) d";

static bool read_sorting(Conn *source, Conn *dest, const Model *model, Arena *arena,
                         ObstacleList *list, Error *err)
{
    AUTO(result_free) PGresult *ours = NULL;
    AUTO(result_free) PGresult *theirs = NULL;
    if (!conn_query_row(source, sorting, 0, NULL, &ours, err) ||
        !conn_query_row(dest, sorting, 0, NULL, &theirs, err))
        return error_wrap(err, "looking at how the databases sort text");
    const char *from_locale = PQgetvalue(ours, 0, 0), *to_locale = PQgetvalue(theirs, 0, 0);
    if (strcmp(from_locale, to_locale) == 0)
        return true;
    const Obstacle found = {
        .action = OBSTACLE_NAMED,
        .kind = "database",
        .identity = arena_strdup(arena, conn_database(source)),
        .reason = arena_printf(arena,
                               "its text sorts by %s and the destination's by %s: results, ranges "
                               "and partitions by text can differ",
                               from_locale, to_locale),
    };
    append(list, arena, &found, 1, model);
    return true;
}

/* ---- how the destination was built ----------------------------------------------------- */

static bool is_lz4(const Column *column)
{
    return column->compression == 'l';
}

static size_t count_lz4(const Model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->tables.count; i++)
        for (size_t k = 0; k < model->tables.items[i].column_count; k++)
            count += is_lz4(&model->tables.items[i].columns[k]);
    return count;
}

/* From 14 on compression with lz4 is known, but not every server is built with it. */
static bool read_compression(Conn *dest, const Model *model, Arena *arena, ObstacleList *list,
                             Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (conn_version(dest) < 140000 || count_lz4(model) == 0)
        return true;
    if (!conn_query_row(dest,
                        "SELECT 'lz4' = ANY (enumvals) FROM pg_catalog.pg_settings"
                        " WHERE name = 'default_toast_compression'",
                        0, NULL, &result, err))
        return error_wrap(err, "looking at how the destination compresses");
    if (PQgetvalue(result, 0, 0)[0] == 't')
        return true;
    for (size_t i = 0; i < model->tables.count; i++) {
        const Table *table = &model->tables.items[i];
        for (size_t k = 0; k < table->column_count; k++) {
            const Obstacle found = {
                .object = table->object.address,
                .action = OBSTACLE_REFUSED,
                .kind = "column",
                .identity = arena_printf(arena, "%s.%s.%s", table->object.schema,
                                         table->object.name, table->columns[k].name),
                .reason = "the destination is built without lz4, which compresses it",
            };
            if (is_lz4(&table->columns[k]))
                append(list, arena, &found, 1, model);
        }
    }
    return true;
}

/* ---- what is a matter of no version ---------------------------------------------------- */

static bool is_leftover(const Constraint *constraint)
{
    static const char start[] = "CHECK (satisfies_hash_partition(";
    return constraint->contype == 'c' && constraint->local &&
           strncmp(constraint->def, start, sizeof(start) - 1) == 0;
}

static void find_leftovers(const Model *model, Arena *arena, ObstacleList *list)
{
    for (size_t i = 0; i < model->constraints.count; i++) {
        const Constraint *constraint = &model->constraints.items[i];
        const Table *table = model_table(model, constraint->table);
        if (table == NULL || !is_leftover(constraint))
            continue;
        const Obstacle found = {
            .object = table->object.address,
            .action = OBSTACLE_LEFT_OUT,
            .kind = "check constraint",
            .identity = arena_printf(arena, "%s on %s.%s", constraint->object.name,
                                     table->object.schema, table->object.name),
            .reason = "left behind by DETACH PARTITION CONCURRENTLY, it names its former parent by "
                      "OID",
        };
        append(list, arena, &found, 1, model);
    }
}

bool portable_read(Conn *source, Conn *dest, const CatalogScope *scope, const Model *model,
                   Arena *arena, ObstacleList *list, Error *err)
{
    const Targets targets = target_of(dest);
    find_leftovers(model, arena, list);
    if (!read_sorting(source, dest, model, arena, list, err) ||
        !read_compression(dest, model, arena, list, err) ||
        !read_differences(source, dest, &targets, scope, model, arena, list, err))
        return false;
    sort(list);
    return true;
}

/* ---- rows ------------------------------------------------------------------------------ */

enum { TYPE_INTERVAL = 1186, TYPE_NUMERIC = 1700 };

static bool is_listed(const Oid *oids, size_t count, Oid oid)
{
    for (size_t i = 0; i < count; i++)
        if (oids[i] == oid)
            return true;
    return false;
}

/* Adds the condition of one column, if the destination has no infinity of its type. */
static void add_condition(Conn *source, Str *where, const PGresult *columns, int row, int target)
{
    int type = atoi(cell(columns, row, "type"));
    int first = type == TYPE_INTERVAL ? 17 : 14;
    if (target >= first || conn_version(source) / 10000 < first)
        return;
    str_separate(where, " OR ");
    conn_add_ident(source, where, cell(columns, row, "name"));
    str_add(where, cell(columns, row, "plain")[0] != 't' ? "::pg_catalog.text ~ 'nfinity'"
                   : type == TYPE_INTERVAL ? "::pg_catalog.interval IN ('infinity', '-infinity')"
                                           : "::pg_catalog.numeric IN ('Infinity', '-Infinity')");
}

/* Nobody can look into the rows of a dump; and whoever makes one does not read every row of them
 * for the sake of a destination that may be older. */
static void name_unknown(const Table *table, int target, const Model *model, Arena *arena,
                         ObstacleList *list)
{
    const Obstacle found = {
        .object = table->object.address,
        .action = OBSTACLE_NAMED,
        .kind = "rows of table",
        .identity = arena_printf(arena, "%s.%s", table->object.schema, table->object.name),
        .reason = target < 14 ? "whether an infinite interval or numeric is among them is not "
                                "known from a dump; it would end the load"
                              : "whether an infinite interval is among them is not known from a "
                                "dump; it would end the load",
        .needs = target < 14 ? 0 : 17,
    };
    append(list, arena, &found, 1, model);
}

static bool look_into(Conn *source, const Table *table, const char *where, int target,
                      const Model *model, Arena *arena, ObstacleList *list, Error *err)
{
    if (conn_is_tape(source)) {
        name_unknown(table, target, model, arena, list);
        return true;
    }
    AUTO(str_clear) Str sql = STR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    str_add(&sql, "SELECT EXISTS (SELECT FROM ONLY ");
    conn_add_name(source, &sql, table->object.schema, table->object.name);
    str_addf(&sql, " WHERE %s)", where);
    if (!conn_query_row(source, str_text(&sql), 0, NULL, &result, err))
        return error_wrap(err, "looking for infinite values in %s.%s", table->object.schema,
                          table->object.name);
    if (PQgetvalue(result, 0, 0)[0] != 't')
        return true;
    const Obstacle found = {
        .object = table->object.address,
        .action = OBSTACLE_REFUSED,
        .kind = "rows of table",
        .identity = arena_printf(arena, "%s.%s", table->object.schema, table->object.name),
        .reason = target < 14 ? "an infinite interval or numeric" : "an infinite interval",
        .needs = target < 14 ? 0 : 17,
    };
    append(list, arena, &found, 1, model);
    return true;
}

/* Whether a destination that old has no infinity of a type that the source has one of. */
static bool lacks_infinity(const Conn *source, int target)
{
    int version = conn_version(source) / 10000;
    return version > target && ((version >= 14 && target < 14) || (version >= 17 && target < 17));
}

bool portable_rows(Conn *source, int target_version, const CatalogScope *scope, const Model *model,
                   const Oid *without_rows, size_t without_count, Arena *arena, ObstacleList *list,
                   Error *err)
{
    AUTO(result_free) PGresult *columns = NULL;
    int target = target_version / 10000;
    if (!lacks_infinity(source, target))
        return true;
    if (!loader_query(source, scope, "portable_infinite", &columns, err))
        return false;
    for (int i = 0; i < PQntuples(columns);) {
        const char *relation = cell(columns, i, "relation");
        const Table *table = model_table(model, (Oid)strtoul(relation, NULL, 10));
        AUTO(str_clear) Str where = STR_INIT;
        for (; i < PQntuples(columns) && strcmp(cell(columns, i, "relation"), relation) == 0; i++)
            add_condition(source, &where, columns, i, target);
        if (table != NULL && where.len > 0 &&
            !is_listed(without_rows, without_count, table->object.address.oid) &&
            !look_into(source, table, str_text(&where), target, model, arena, list, err))
            return false;
    }
    sort(list);
    return true;
}

/* ---- for a tape ------------------------------------------------------------------------ */

bool portable_ask(Conn *source, const CatalogScope *scope, const Model *model, Arena *arena,
                  Error *err)
{
    const Targets all = {CONN_VERSION_MIN / 10000, CONN_VERSION_END / 10000 - 1};
    ObstacleList ignored = {0};
    AUTO(result_free) PGresult *columns = NULL;
    return read_differences(source, NULL, &all, scope, model, arena, &ignored, err) &&
           (!lacks_infinity(source, all.oldest) ||
            loader_query(source, scope, "portable_infinite", &columns, err));
}

/* ---- words ----------------------------------------------------------------------------- */

const char *portable_sentence(const Obstacle *obstacle, Arena *arena)
{
    const char *needs =
        obstacle->needs == 0 ? "" : arena_printf(arena, " (needs PostgreSQL %d)", obstacle->needs);
    return arena_printf(arena, "%s %s: %s%s", obstacle->kind, obstacle->identity, obstacle->reason,
                        needs);
}
