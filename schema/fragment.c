#include "schema/fragment.h"

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
    };
    return kind >= 0 && kind < FRAGMENT_KIND_COUNT ? names[kind] : "object";
}

/* What every MODEL_LIST is, with the items' type forgotten. */
typedef MODEL_LIST(const char) AnyList;

bool fragments_build(const Model *model, const Conn *conn, Arena *arena, FragmentList *list,
                     Error *err)
{
    AUTO(builder_free) Builder *builder = builder_new(model, conn, arena);
    for (const Kind *const *kind = kinds; *kind != NULL; kind++) {
        if ((*kind)->build == NULL)
            continue;
        const AnyList *objects = (const void *)((const char *)model + (*kind)->list_offset);
        for (size_t i = 0; i < objects->count; i++)
            (*kind)->build(builder, objects->items + i * (*kind)->size);
    }
    return builder_finish(builder, list, err);
}
