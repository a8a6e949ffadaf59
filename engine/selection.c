#include "engine/selection.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED_AT_MOST = 100 }; /* the rest is counted */

/* ---- filters ----------------------------------------------------------------------------- */

/* Nothing left is no migration. */
static bool refuse_nothing(const Scope *scope, Error *err)
{
    if (scope->catalog.schema_count != 1 || scope->catalog.schemas[0][0] != '\0')
        return true;
    if (scope->cut_count == 0)
        return error_set(err, ERROR_PREFLIGHT, "the filters leave nothing of the source");
    error_set(err, ERROR_PREFLIGHT, "the filters leave nothing of the source: %s", scope->cuts[0]);
    return error_hint(err, "Take what it needs as well.");
}

bool selection_resolve(Run *run, Error *err)
{
    const Filter *filter = &run->settings->filter;
    bool *matched = arena_alloc(run->arena, filter->count + 1);
    Scope *scope = arena_alloc(run->arena, sizeof *scope);
    if (!scope_resolve(run->source, filter, run->arena, matched, scope, err) ||
        !scope_check(filter, matched, "the source", err) || !refuse_nothing(scope, err))
        return false;
    run->scope = scope;
    return true;
}

CatalogScope selection_scope(const Run *run)
{
    return run->scope != NULL ? run->scope->catalog : (CatalogScope){0};
}

const char *selection_left_out(const Run *run)
{
    const CatalogScope scope = selection_scope(run);
    AUTO(str_clear) Str list = STR_INIT;
    for (size_t i = 0; i < scope.left_out_count; i++)
        if (scope.left_out[i].classid == CATALOG_CLASS)
            str_addf(&list, "%s%u", list.len == 0 ? "{" : ",", scope.left_out[i].oid);
    str_add(&list, list.len == 0 ? "{}" : "}");
    return arena_strdup(run->arena, str_text(&list));
}

/* ---- switches ------------------------------------------------------------------------------ */

/* The one place that says which of the source's statements run. Owners and grants of objects that
 * the destination has too are decided where both sides are known (merge.c). */
static bool takes(const Settings *settings, const Fragment *fragment)
{
    if (fragment->kind == FRAGMENT_COMMENT)
        return !settings->no_comments;
    if (fragment->object.classid == CATALOG_DEFAULT_ACL)
        return !settings->no_privileges;
    if (fragment->place == PLACE_SCHEMA && fragment->object.classid != CATALOG_NAMESPACE)
        return true;
    return fragment->kind == FRAGMENT_OWNER   ? !settings->no_owner
           : fragment->kind == FRAGMENT_GRANT ? !settings->no_privileges
                                              : true;
}

static const char large_objects_kind[] = "large objects"; /* as uncarried.sql calls them */

static void forget_uncarried(Model *model, const char *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < model->uncarried.count; i++)
        if (strcmp(model->uncarried.items[i].kind, kind) != 0)
            model->uncarried.items[count++] = model->uncarried.items[i];
    model->uncarried.count = count;
}

void selection_trim_model(const Settings *settings, Model *model)
{
    if (settings->large_objects)
        forget_uncarried(model, large_objects_kind);
    if (!settings->no_tablespaces)
        return;
    for (size_t i = 0; i < model->tables.count; i++)
        model->tables.items[i].tablespace = NULL;
    for (size_t i = 0; i < model->views.count; i++)
        model->views.items[i].tablespace = NULL;
    for (size_t i = 0; i < model->indexes.count; i++) {
        model->indexes.items[i].tablespace = NULL;
        model->indexes.items[i].def = model->indexes.items[i].bare_def;
    }
}

/* What a fragment needs, in new positions; what it needed of those that are gone is needed still.
 */
static void move_needs(const FragmentList *list, Fragment *fragment, const uint32_t *positions,
                       Arena *arena)
{
    size_t most = 0;
    uint32_t count = 0;
    for (size_t i = 0; i < fragment->need_count; i++) {
        size_t need = fragment->needs[i];
        most += positions[need] == UINT32_MAX ? list->items[need].need_count : 1;
    }
    uint32_t *needs = arena_alloc(arena, (most + 1) * sizeof *needs);
    for (size_t i = 0; i < fragment->need_count; i++) {
        size_t need = fragment->needs[i];
        if (positions[need] != UINT32_MAX)
            needs[count++] = positions[need];
        for (size_t k = 0; positions[need] == UINT32_MAX && k < list->items[need].need_count; k++)
            needs[count++] = list->items[need].needs[k];
    }
    /* ascending, each once; there are few */
    uint32_t unique = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = needs[i], at = unique;
        while (at > 0 && needs[at - 1] > value)
            at--;
        if (at > 0 && needs[at - 1] == value)
            continue;
        for (uint32_t k = unique; k > at; k--)
            needs[k] = needs[k - 1];
        needs[at] = value;
        unique++;
    }
    fragment->needs = needs;
    fragment->need_count = unique;
}

void selection_trim(const Settings *settings, FragmentList *list, Arena *arena)
{
    uint32_t count = 0;
    uint32_t *positions = mem_alloc((list->count + 1) * sizeof *positions);
    for (size_t i = 0; i < list->count; i++)
        positions[i] = takes(settings, &list->items[i]) ? count++ : UINT32_MAX;
    if (count < list->count) {
        Fragment *kept = arena_alloc(arena, (count + 1) * sizeof *kept);
        for (size_t i = 0; i < list->count; i++) {
            move_needs(list, &list->items[i], positions, arena);
            if (positions[i] != UINT32_MAX)
                kept[positions[i]] = list->items[i];
        }
        *list = (FragmentList){kept, count};
    }
    mem_free(positions);
}

/* ---- what cannot stay ----------------------------------------------------------------------- */

/* A part of a live table that goes where its table goes. */
static void collect_part(json_t *parts, const Model *source, const Model *live, const char *kind,
                         const Object *part, Oid table)
{
    const Table *whole = model_table(live, table);
    if (whole == NULL ||
        model_table_named(source, whole->object.schema, whole->object.name) == NULL)
        return;
    json_array_append_new(parts, json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", kind, "schema",
                                           part->schema, "name", part->name, "table_schema",
                                           whole->object.schema, "table_name", whole->object.name));
}

static json_t *lost_parts(const Model *source, const Model *live)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < live->tables.count; i++) {
        const Table *table = &live->tables.items[i];
        if (table->is_partition && table->parent_count == 1 &&
            model_table_named(source, table->object.schema, table->object.name) == NULL)
            collect_part(parts, source, live, "partition", &table->object, table->parents[0]);
    }
    for (size_t i = 0; i < live->sequences.count; i++) {
        const Sequence *sequence = &live->sequences.items[i];
        if (sequence->owned_by.classid == CATALOG_CLASS && !sequence->identity &&
            model_sequence_named(source, sequence->object.schema, sequence->object.name) == NULL)
            collect_part(parts, source, live, "sequence", &sequence->object,
                         sequence->owned_by.oid);
    }
    return parts;
}

bool selection_check_parts(Run *run, const Model *source, const Model *live, Error *err)
{
    json_t *parts = lost_parts(source, live);
    size_t count = json_array_size(parts);
    /* A dump knows nothing of what its filters left out, and without filters that is nothing. */
    bool dumped = conn_is_tape(run->source), filtered = run->settings->filter.count > 0;
    Conn *asked = dumped ? run->dest : run->source;
    char *text = json_dumps(parts, JSON_COMPACT);
    json_decref(parts);
    const char *const values[] = {text};
    AUTO(result_free) PGresult *result = NULL;
    bool ok =
        count == 0 || (text != NULL && conn_query(asked, run_sql("lost_parts", conn_version(asked)),
                                                  1, values, &result, err));
    free(text);
    if (count == 0 || !ok)
        return ok || error_wrap(err, "looking for what cannot stay");
    for (int i = 0; i < PQntuples(result); i++) {
        const char *part = PQgetvalue(result, i, 1), *table = PQgetvalue(result, i, 2);
        if (dumped && !filtered && strncmp(part, "sequence ", strlen("sequence ")) == 0)
            continue;
        if (dumped ? !filtered : PQgetvalue(result, i, 0)[0] != 't') {
            run_warning(run, "%s exists in the destination only: it goes into the backup with %s",
                        part, table);
            continue;
        }
        error_set(err, ERROR_PREFLIGHT,
                  "%s is excluded, but cannot stay in the destination: it is a part of table %s "
                  "there, which is replaced",
                  part, table);
        return error_hint(err, "Exclude %s as well, or take both.", table);
    }
    return true;
}

/* ---- what is missing then ------------------------------------------------------------------- */

static void warn_cuts(Run *run)
{
    size_t count = run->scope == NULL ? 0 : run->scope->cut_count;
    for (size_t i = 0; i < count && i < NAMED_AT_MOST; i++)
        run_warning(run, "left out: %s", run->scope->cuts[i]);
    if (count > NAMED_AT_MOST)
        run_warning(run, "left out: %zu more objects", count - NAMED_AT_MOST);
    if (run->settings->filter.count > 0)
        json_object_set_new(run->result, "left_out", json_integer((json_int_t)count));
}

static void warn_uncarried(Run *run, const Model *source)
{
    size_t count = source->uncarried.count;
    bool dumped = run->command == PGZM_DUMP || conn_is_tape(run->source);
    const char *how = dumped ? " (a dump holds none)" : " (--large-objects copies them)";
    for (size_t i = 0; i < count && i < NAMED_AT_MOST; i++) {
        const Uncarried *item = &source->uncarried.items[i];
        run_warning(run, "not carried over: %s %s%s", item->kind, item->identity,
                    strcmp(item->kind, large_objects_kind) == 0 ? how : "");
    }
    if (count > NAMED_AT_MOST)
        run_warning(run, "not carried over: %zu more objects", count - NAMED_AT_MOST);
}

/* Rows that refer to those of a table that comes without. */
static void warn_rowless(Run *run, const Model *source)
{
    for (size_t i = 0; i < source->constraints.count && run->scope != NULL; i++) {
        const Constraint *key = &source->constraints.items[i];
        if (key->contype != 'f' || key->parent != 0 ||
            !scope_is_rowless(run->scope, key->referenced_table) ||
            scope_is_rowless(run->scope, key->table))
            continue;
        const Table *table = model_table(source, key->table);
        if (table != NULL)
            run_warning(run,
                        "foreign key %s on %s.%s points to a table that comes without rows: it "
                        "fails unless its columns are null",
                        key->object.name, table->object.schema, table->object.name);
    }
}

bool selection_report(Run *run, const Model *source, Error *err)
{
    warn_cuts(run);
    warn_rowless(run, source);
    warn_uncarried(run, source);
    size_t cuts = run->scope == NULL ? 0 : run->scope->cut_count;
    size_t count = cuts + source->uncarried.count;
    if (!run->settings->require_complete || count == 0)
        return true;
    const char *first = cuts > 0
                            ? run->scope->cuts[0]
                            : arena_printf(run->arena, "%s %s", source->uncarried.items[0].kind,
                                           source->uncarried.items[0].identity);
    if (count > 1)
        error_set(err, ERROR_PREFLIGHT, "%zu objects would not be carried over, among them %s",
                  count, first);
    else
        error_set(err, ERROR_PREFLIGHT, "%s would not be carried over", first);
    return error_hint(err, "The warnings name them; leave --require-complete out to go on without "
                           "them.");
}
