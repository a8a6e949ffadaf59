#include "schema/builder.h"

#include <ctype.h>
#include <string.h>

#include "schema/graph.h"
#include "schema/undo.h"

Builder *builder_new(const Model *model, int target_version, const Conn *conn, Arena *arena)
{
    Builder *builder = mem_alloc(sizeof(*builder));
    builder->model = model;
    builder->target_version = target_version;
    builder->conn = conn;
    builder->arena = arena;
    builder->scratch = arena_new();
    return builder;
}

void builder_free(Builder *builder)
{
    if (builder == NULL)
        return;
    for (size_t i = 0; i < builder->count; i++)
        mem_free(builder->nodes[i].needs);
    mem_free(builder->nodes);
    mem_free(builder->entries);
    mem_free(builder->pending);
    arena_free(builder->scratch);
    arena_free(builder->passing);
    mem_free(builder);
}

void builder_only_post(Builder *builder)
{
    builder->passing = arena_new();
}

/* Where a fragment's texts go. */
static Arena *text_arena(const Builder *builder, Section section)
{
    return builder->passing != NULL && section == SECTION_PRE ? builder->passing : builder->arena;
}

void builder_begin_kind(Builder *builder, const char *name, Place place)
{
    builder->kind_name = name;
    builder->place = place;
}

int builder_target(const Builder *builder)
{
    return builder->target_version;
}

const Conn *builder_conn(const Builder *builder)
{
    return builder->conn;
}

const Model *builder_model(const Builder *builder)
{
    return builder->model;
}

Arena *builder_arena(const Builder *builder)
{
    return builder->scratch;
}

void builder_end_object(Builder *builder)
{
    arena_clear(builder->scratch);
}

const char *builder_ident(Builder *builder, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_ident(builder->conn, &s, name);
    return arena_strdup(builder->scratch, str_text(&s));
}

const char *builder_name(Builder *builder, const char *schema, const char *name)
{
    if (schema == NULL)
        return builder_ident(builder, name);
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_name(builder->conn, &s, schema, name);
    return arena_strdup(builder->scratch, str_text(&s));
}

const char *builder_literal(Builder *builder, const char *text)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_literal(builder->conn, &s, text);
    return arena_strdup(builder->scratch, str_text(&s));
}

/* Whether a fragment of this kind makes something, rather than changing what exists. */
static bool kind_creates(FragmentKind kind)
{
    switch (kind) {
    case FRAGMENT_ATTACH:
    case FRAGMENT_OWNED_BY:
    case FRAGMENT_INDEX_ATTACH:
    case FRAGMENT_ENABLE:
    case FRAGMENT_ROW_SECURITY:
    case FRAGMENT_OWNER:
    case FRAGMENT_GRANT:
    case FRAGMENT_COMMENT:
    case FRAGMENT_PROPERTY:
    case FRAGMENT_REFRESH:
        return false;
    default:
        return true;
    }
}

/* Kinds whose statement, once there are rows, reads the whole table. */
static bool kind_reads_table(FragmentKind kind)
{
    return kind == FRAGMENT_INDEX || kind == FRAGMENT_CONSTRAINT || kind == FRAGMENT_FOREIGN_KEY ||
           kind == FRAGMENT_CHECK;
}

/* "index public.orders_pkey"; "trigger audit on public.orders" for what has no schema of its own.
 */
static const char *make_identity(Builder *builder, Arena *arena, FragmentKind kind,
                                 const Object *object, const Table *table)
{
    const char *noun = kind == FRAGMENT_OBJECT || kind == FRAGMENT_MEMBER
                           ? builder->kind_name
                           : fragment_kind_name(kind);
    bool of_table = object->address.classid == CATALOG_CONSTRAINT ||
                    object->address.classid == CATALOG_TRIGGER ||
                    object->address.classid == CATALOG_POLICY ||
                    object->address.classid == CATALOG_REWRITE;
    if (of_table && table != NULL)
        return arena_printf(arena, "%s %s on %s.%s", noun, object->name, table->object.schema,
                            table->object.name);
    if (object->schema != NULL && object->address.classid != CATALOG_EXTENSION)
        return arena_printf(arena, "%s %s.%s", noun, object->schema, object->name);
    return arena_printf(arena, "%s %s", noun, object->name);
}

const char *fragment_label(const char *identity, Arena *arena)
{
    const char *at = identity;
    while (*at != '\0' && !iscntrl((unsigned char)*at))
        at++;
    if (*at == '\0')
        return identity;
    char *label = arena_strdup(arena, identity);
    for (char *c = label; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c))
            *c = ' ';
    }
    return label;
}

size_t builder_add(Builder *builder, FragmentKind kind, Section section, const Object *object,
                   Oid table, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *sql = mem_vprintf(fmt, args);
    va_end(args);
    return builder_add_text(builder, kind, section, object, table,
                            arena_strdup(text_arena(builder, section), sql));
}

size_t builder_add_text(Builder *builder, FragmentKind kind, Section section, const Object *object,
                        Oid table, const char *sql)
{
    if (builder->count == builder->capacity) {
        builder->capacity = builder->capacity == 0 ? 64 : builder->capacity * 2;
        builder->nodes = mem_resize(builder->nodes, builder->capacity * sizeof(*builder->nodes));
    }
    size_t index = builder->count++;
    const Table *relation = table == 0 ? NULL : model_table(builder->model, table);
    Arena *arena = text_arena(builder, section);
    const char *identity = make_identity(builder, arena, kind, object, relation);
    builder->nodes[index] = (Node){
        .fragment = {.kind = kind,
                     .section = section,
                     .place = builder->place,
                     .object = object->address,
                     .table = table,
                     .schema = object->schema,
                     .label = fragment_label(identity, arena),
                     .identity = identity,
                     .sql = sql},
        .passes = builder->passing != NULL && section == SECTION_PRE,
        .anchor = (uint32_t)index,
        .early = (uint32_t)BUILDER_NONE,
        .late = (uint32_t)BUILDER_NONE,
    };
    if (relation != NULL && kind_reads_table(kind))
        builder->nodes[index].fragment.weight = relation->total_bytes;
    if (kind_creates(kind) && object->address.classid != 0 && !graph_has(builder, object->address))
        graph_provide(builder, object->address, index);
    return index;
}

Fragment *builder_fragment(Builder *builder, size_t index)
{
    return &builder->nodes[index].fragment;
}

void builder_undo(Builder *builder, size_t index, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *sql = mem_vprintf(fmt, args);
    va_end(args);
    if (builder->passing == NULL)
        builder->nodes[index].fragment.undo = arena_strdup(builder->arena, sql);
}

void builder_change(Builder *builder, size_t index, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *sql = mem_vprintf(fmt, args);
    va_end(args);
    builder->nodes[index].fragment.change = arena_strdup(builder->arena, sql);
}

void builder_whole(Builder *builder, size_t index, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *sql = mem_vprintf(fmt, args);
    va_end(args);
    builder->nodes[index].fragment.whole = arena_strdup(builder->arena, sql);
}

void builder_provides(Builder *builder, size_t index, Address address)
{
    graph_provide(builder, address, index);
}

void builder_needs(Builder *builder, size_t index, Address address)
{
    if (builder->pending_count == builder->pending_capacity) {
        builder->pending_capacity =
            builder->pending_capacity == 0 ? 64 : builder->pending_capacity * 2;
        builder->pending =
            mem_resize(builder->pending, builder->pending_capacity * sizeof(*builder->pending));
    }
    builder->pending[builder->pending_count++] = (AddressNeed){(uint32_t)index, address};
}

void builder_needs_fragment(Builder *builder, size_t index, size_t earlier)
{
    graph_need(builder, index, earlier);
}

void builder_early(Builder *builder, size_t index, size_t early)
{
    builder->nodes[index].early = (uint32_t)early;
}

void builder_late(Builder *builder, size_t index, size_t late)
{
    builder->nodes[index].late = (uint32_t)late;
}

/* Hangs an attribute behind the fragment that it is about; it is run in that one's section. */
static void attach_attribute(Builder *builder, size_t attribute, size_t index, Address address)
{
    if (index == BUILDER_NONE) {
        builder_needs(builder, attribute, address);
        return;
    }
    builder->nodes[attribute].anchor = builder->nodes[index].anchor;
    builder_needs_fragment(builder, attribute, index);
}

static Section section_of(const Builder *builder, size_t index)
{
    return index == BUILDER_NONE ? SECTION_PRE : builder->nodes[index].fragment.section;
}

static Oid table_of(const Builder *builder, size_t index)
{
    return index == BUILDER_NONE ? 0 : builder->nodes[index].fragment.table;
}

size_t builder_add_owner(Builder *builder, size_t index, const Object *object, const char *noun,
                         const char *identity)
{
    if (object->owner == NULL)
        return BUILDER_NONE;
    size_t owner = builder_add(builder, FRAGMENT_OWNER, section_of(builder, index), object,
                               table_of(builder, index), "ALTER %s %s OWNER TO %s", noun, identity,
                               builder_ident(builder, object->owner));
    Fragment *fragment = &builder->nodes[owner].fragment;
    fragment->owner =
        fragment->sql + strlen(fragment->sql) - strlen(builder_ident(builder, object->owner));
    attach_attribute(builder, owner, index, object->address);
    return owner;
}

/* One GRANT or REVOKE, on its own so that it can also be replayed alone over another object of the
 * name. Whoever granted it, it is given by the owner: acting as the grantor would need that role.
 */
static void add_grant(Builder *builder, size_t index, const Object *object, const Grant *grant,
                      const char *grant_noun, const char *identity)
{
    /* 17; who had it is told (portable.h) */
    if (builder_target(builder) < 170000 && strcmp(grant->privilege, "MAINTAIN") == 0)
        return;
    AUTO(str_clear) Str what = STR_INIT;
    str_add(&what, grant->privilege);
    if (grant->column != NULL)
        str_addf(&what, " (%s)", builder_ident(builder, grant->column));
    const char *grantee =
        grant->grantee == NULL ? "PUBLIC" : builder_ident(builder, grant->grantee);
    size_t added = builder_add(builder, FRAGMENT_GRANT, section_of(builder, index), object,
                               table_of(builder, index), "%s %s ON %s %s %s %s%s",
                               grant->revoked ? "REVOKE" : "GRANT", str_text(&what), grant_noun,
                               identity, grant->revoked ? "FROM" : "TO", grantee,
                               grant->grantable && !grant->revoked ? " WITH GRANT OPTION" : "");
    builder_undo(builder, added, "%s %s ON %s %s %s %s", grant->revoked ? "GRANT" : "REVOKE",
                 str_text(&what), grant_noun, identity, grant->revoked ? "TO" : "FROM", grantee);
    attach_attribute(builder, added, index, object->address);
}

void builder_add_grants(Builder *builder, size_t index, const Object *object,
                        const char *grant_noun, const char *identity)
{
    for (size_t i = 0; i < object->grant_count; i++)
        add_grant(builder, index, object, &object->grants[i], grant_noun, identity);
}

void builder_add_comment(Builder *builder, size_t index, const Object *object, const char *noun,
                         const char *identity, const char *comment)
{
    if (comment == NULL)
        return;
    size_t added = builder_add(builder, FRAGMENT_COMMENT, section_of(builder, index), object,
                               table_of(builder, index), "COMMENT ON %s %s IS %s", noun, identity,
                               builder_literal(builder, comment));
    builder_undo(builder, added, "COMMENT ON %s %s IS NULL", noun, identity);
    attach_attribute(builder, added, index, object->address);
}

void builder_add_attributes(Builder *builder, size_t index, const Object *object, const char *noun,
                            const char *grant_noun, const char *identity)
{
    size_t owner = builder_add_owner(builder, index, object, noun, identity);
    size_t first_grant = builder->count;
    if (grant_noun != NULL)
        builder_add_grants(builder, index, object, grant_noun, identity);
    /* The default privileges are the owner's, so they are settled only when the owner is. */
    for (size_t i = first_grant; i < builder->count && owner != BUILDER_NONE; i++)
        builder_needs_fragment(builder, i, owner);
    builder_add_comment(builder, index, object, noun, identity, object->comment);
}

/* A type that is only a shell cannot be moved to another schema, so it is made in the swap
 * (type.c); and what takes or gives it, after it. */
static void follow_shells(Builder *builder, const uint32_t *order)
{
    AUTO(mem_free) bool *late = mem_alloc(builder->count + 1);
    for (size_t i = 0; i < builder->count; i++) {
        const Node *node = &builder->nodes[order[i]];
        Fragment *fragment = &builder->nodes[order[i]].fragment;
        bool is_shell = fragment->kind == FRAGMENT_TYPE && fragment->place == PLACE_SWAP;
        bool follows = fragment->kind == FRAGMENT_FUNCTION || fragment->kind == FRAGMENT_OWNER ||
                       fragment->kind == FRAGMENT_GRANT || fragment->kind == FRAGMENT_COMMENT;
        late[order[i]] = is_shell;
        for (size_t k = 0; k < node->need_count && follows; k++)
            late[order[i]] = late[order[i]] || late[node->needs[k]];
        if (late[order[i]])
            fragment->place = PLACE_SWAP;
    }
}

bool builder_finish(Builder *builder, FragmentList *list, Error *err)
{
    builder_begin_kind(builder, "view", PLACE_SCHEMA); /* of what a loop's repair adds */
    graph_connect(builder);
    graph_tidy(builder);
    AUTO(mem_free) uint32_t *order = NULL;
    if (!loop_repair(builder, &order, err))
        return false;
    graph_tidy(builder);
    follow_shells(builder, order);
    /* The graph knows its edges now: what they were found with makes room for the list. */
    mem_free(TAKE(builder->entries));
    mem_free(TAKE(builder->pending));
    graph_sort(builder, order, list);
    if (builder->passing == NULL)
        undo_fill(builder, list, builder->arena);
    return true;
}
