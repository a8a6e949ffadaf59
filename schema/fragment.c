#include "schema/fragment.h"

#include <string.h>

#include "schema/builder.h"
#include "schema/kind.h"

const char *fragment_kind_name(FragmentKind kind)
{
    static const char *const names[FRAGMENT_KIND_COUNT] = {
        [FRAGMENT_SCHEMA] = "schema",
        [FRAGMENT_EXTENSION] = "extension",
        [FRAGMENT_TYPE] = "type",
        [FRAGMENT_FUNCTION] = "function",
        [FRAGMENT_SEQUENCE] = "sequence",
        [FRAGMENT_TABLE] = "table",
        [FRAGMENT_ATTACH] = "partition",
        [FRAGMENT_DEFAULT] = "default",
        [FRAGMENT_IDENTITY] = "identity",
        [FRAGMENT_OWNED_BY] = "sequence ownership",
        [FRAGMENT_CHECK] = "check constraint",
        [FRAGMENT_VIEW] = "view",
        [FRAGMENT_MATVIEW] = "materialized view",
        [FRAGMENT_INDEX] = "index",
        [FRAGMENT_CONSTRAINT] = "constraint",
        [FRAGMENT_INDEX_ATTACH] = "index partition",
        [FRAGMENT_FOREIGN_KEY] = "foreign key",
        [FRAGMENT_RULE] = "rule",
        [FRAGMENT_TRIGGER] = "trigger",
        [FRAGMENT_ENABLE] = "enabled state",
        [FRAGMENT_POLICY] = "policy",
        [FRAGMENT_ROW_SECURITY] = "row security",
        [FRAGMENT_OWNER] = "owner",
        [FRAGMENT_GRANT] = "grant",
        [FRAGMENT_COMMENT] = "comment",
        [FRAGMENT_PROPERTY] = "property",
        [FRAGMENT_REFRESH] = "refresh",
        [FRAGMENT_OBJECT] = "other object",
        [FRAGMENT_MEMBER] = "member",
    };
    return kind < FRAGMENT_KIND_COUNT ? names[kind] : "object";
}

const char *fragment_shown(const char *sql, Arena *arena)
{
    static const char alter[] = "ALTER USER MAPPING ";
    static const char create[] = "CREATE USER MAPPING ";
    if (sql == NULL || (strncmp(sql, alter, sizeof(alter) - 1) != 0 &&
                        strncmp(sql, create, sizeof(create) - 1) != 0))
        return sql;
    bool quoted = false; /* in a name: one may hold what looks like a literal */
    for (const char *c = sql; *c != '\0'; c++) {
        if (*c == '"')
            quoted = !quoted;
        else if (*c == '\'' && !quoted)
            return arena_printf(arena, "%.*s'...')", (int)(c - sql), sql);
    }
    return sql;
}

/* What every MODEL_LIST is, with the items' type forgotten. */
typedef MODEL_LIST(void) AnyList;

/* The typed list where there is one: a model made by hand has no others. */
static ObjectList kind_objects(const Kind *kind, const Model *model, size_t position)
{
    if (kind->list_offset == 0)
        return position < model->list_count ? model->lists[position] : (ObjectList){0};
    const AnyList *list = (const void *)((const char *)model + kind->list_offset);
    return (ObjectList){
        .kind = kind->name, .items = list->items, .count = list->count, .size = kind->size};
}

void fragments_keep(const FragmentList *list, const bool *kept, Arena *arena, FragmentList *copy)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += kept[i];
    Fragment *items = arena_alloc(arena, (count + 1) * sizeof(*items));
    count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *from = &list->items[i];
        if (!kept[i])
            continue;
        Fragment *fragment = &items[count++];
        *fragment = *from;
        fragment->schema = arena_strdup(arena, from->schema);
        fragment->label = arena_strdup(arena, from->label);
        fragment->identity = arena_strdup(arena, from->identity);
        fragment->sql = arena_strdup(arena, from->sql);
        fragment->undo = arena_strdup(arena, from->undo);
        fragment->owner = arena_strdup(arena, from->owner);
        fragment->change = arena_strdup(arena, from->change);
        fragment->whole = arena_strdup(arena, from->whole);
        fragment->needs = NULL;
        fragment->need_count = 0;
    }
    *copy = (FragmentList){items, count};
}

static bool build(const Model *model, int target_version, const Conn *conn, bool only_post,
                  Arena *arena, FragmentList *list, Error *err)
{
    Model sorted = *model; /* one made by hand may not be */
    if (sorted.constraints_by_table == NULL)
        model_sort(&sorted, arena);
    AUTO(builder_free) Builder *builder = builder_new(&sorted, target_version, conn, arena);
    if (only_post)
        builder_only_post(builder);
    for (size_t k = 0; kinds[k] != NULL; k++) {
        builder_begin_kind(builder, kinds[k]->name, kinds[k]->place);
        const ObjectList objects = kind_objects(kinds[k], model, k);
        for (size_t i = 0; kinds[k]->build != NULL && i < objects.count; i++) {
            kinds[k]->build(builder, model_object(&objects, i));
            builder_end_object(builder);
        }
    }
    return builder_finish(builder, list, err);
}

bool fragments_build(const Model *model, int target_version, const Conn *conn, Arena *arena,
                     FragmentList *list, Error *err)
{
    return build(model, target_version, conn, false, arena, list, err);
}

bool fragments_build_post(const Model *model, int target_version, const Conn *conn, Arena *arena,
                          FragmentList *list, Error *err)
{
    return build(model, target_version, conn, true, arena, list, err);
}
