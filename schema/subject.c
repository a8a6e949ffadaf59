#include "schema/subject.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "schema/column.h"

/* An address and the object it stands for. */
typedef struct Maker {
    Address address;
    const char *kind, *identity;
} Maker;

struct Subjects {
    const Model *model;
    Arena *arena;
    Subject *items; /* owned */
    size_t count;
    Maker *makers; /* owned; by address */
    size_t maker_count;
    const char **names; /* owned; "kind\tidentity", sorted */
    size_t name_count, name_capacity;
};

/* ---- names ------------------------------------------------------------------------------- */

static void add_name(Subjects *s, const char *kind, const char *identity)
{
    if (s->name_count == s->name_capacity) {
        s->name_capacity *= 2;
        s->names = mem_resize(s->names, s->name_capacity * sizeof(*s->names));
    }
    s->names[s->name_count++] = arena_printf(s->arena, "%s\t%s", kind, identity);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool subjects_has(const Subjects *s, const char *kind, const char *identity)
{
    AUTO(mem_free) const char *key = mem_printf("%s\t%s", kind, identity);
    return bsearch(&key, s->names, s->name_count, sizeof(*s->names), compare_names) != NULL;
}

static void add_columns(Subjects *s, const Object *relation, const Column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_name(
            s, "column",
            arena_printf(s->arena, "%s.%s.%s", relation->schema, relation->name, columns[i].name));
}

static void add_all_columns(Subjects *s)
{
    const Model *m = s->model;
    for (size_t i = 0; i < m->tables.count; i++)
        add_columns(s, &m->tables.items[i].object, m->tables.items[i].columns,
                    m->tables.items[i].column_count);
    for (size_t i = 0; i < m->views.count; i++)
        add_columns(s, &m->views.items[i].object, m->views.items[i].columns,
                    m->views.items[i].column_count);
    for (size_t i = 0; i < m->types.count; i++)
        add_columns(s, &m->types.items[i].object, m->types.items[i].columns,
                    m->types.items[i].column_count);
}

/* ---- what a statement is about ------------------------------------------------------------ */

static bool makes_object(FragmentKind kind)
{
    switch (kind) {
    case FRAGMENT_SCHEMA:
    case FRAGMENT_EXTENSION:
    case FRAGMENT_TYPE:
    case FRAGMENT_FUNCTION:
    case FRAGMENT_SEQUENCE:
    case FRAGMENT_TABLE:
    case FRAGMENT_CHECK:
    case FRAGMENT_VIEW:
    case FRAGMENT_MATVIEW:
    case FRAGMENT_INDEX:
    case FRAGMENT_CONSTRAINT:
    case FRAGMENT_FOREIGN_KEY:
    case FRAGMENT_RULE:
    case FRAGMENT_TRIGGER:
    case FRAGMENT_POLICY:
    case FRAGMENT_OBJECT:
        return true;
    default:
        return false;
    }
}

/* The kind of an address in the model's lists; NULL when it is in none. */
static const char *listed_kind(const Model *model, Address address)
{
    for (size_t k = 0; k < model->list_count; k++) {
        const ObjectList *list = &model->lists[k];
        size_t low = 0, high = list->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (model_object(list, middle)->address.oid < address.oid)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < list->count && model_object(list, low)->address.oid == address.oid &&
            model_object(list, low)->address.classid == address.classid)
            return list->kind;
    }
    return NULL;
}

/* The noun that the fragment's identity begins with. */
static const char *fragment_noun(const Subjects *s, const Fragment *fragment)
{
    if (fragment->kind != FRAGMENT_OBJECT && fragment->kind != FRAGMENT_MEMBER)
        return fragment_kind_name(fragment->kind);
    const char *noun = NULL;
    for (size_t k = 0; k < s->model->list_count; k++) {
        const char *kind = s->model->lists[k].kind;
        size_t len = strlen(kind);
        if (strncmp(fragment->identity, kind, len) == 0 && fragment->identity[len] == ' ' &&
            (noun == NULL || len > strlen(noun)))
            noun = kind;
    }
    if (noun != NULL)
        return noun;
    return arena_printf(s->arena, "%.*s", (int)strcspn(fragment->identity, " "),
                        fragment->identity);
}

static bool hangs_on_relation(Oid classid)
{
    return classid == CATALOG_CONSTRAINT || classid == CATALOG_TRIGGER ||
           classid == CATALOG_POLICY || classid == CATALOG_REWRITE;
}

/* What follows the noun. Names of constraints, triggers, ... are unique on their relation only,
 * which is said for those of tables already. */
static const char *fragment_identity(const Subjects *s, const Fragment *fragment, const char *noun)
{
    const char *rest = fragment->identity + strlen(noun);
    rest += *rest == ' ';
    if (fragment->object.classid == CATALOG_DATABASE)
        return "this database"; /* the two have different names */
    if (!hangs_on_relation(fragment->object.classid) || model_table(s->model, fragment->table))
        return rest;
    const Object *owner = model_relation(s->model, fragment->table);
    if (fragment->object.classid == CATALOG_CONSTRAINT) {
        const Constraint *check = model_constraint(s->model, fragment->object.oid);
        const Type *domain = check == NULL ? NULL : model_type(s->model, check->domain);
        owner = domain == NULL ? owner : &domain->object;
    }
    size_t schema = fragment->schema == NULL ? 0 : strlen(fragment->schema);
    if (owner == NULL || strncmp(rest, fragment->schema == NULL ? "" : fragment->schema, schema))
        return rest;
    rest += schema + (schema > 0 && rest[schema] == '.');
    return arena_printf(s->arena, "%s on %s.%s", rest, owner->schema, owner->name);
}

/* Procedures are told apart by what they take in; from 14 on their arguments say so, too: IN. */
static const char *without_modes(const Subjects *s, const char *identity)
{
    AUTO(str_clear) Str bare = STR_INIT;
    for (const char *at = identity; *at != '\0'; at++) {
        bool starts = at > identity && (at[-1] == '(' || (at[-1] == ' ' && at[-2] == ','));
        if (starts && strncmp(at, "IN ", 3) == 0)
            at += 3;
        str_add_bytes(&bare, at, 1);
    }
    return arena_strdup(s->arena, str_text(&bare));
}

static int compare_makers(const void *a, const void *b)
{
    const Address *x = &((const Maker *)a)->address;
    const Address *y = &((const Maker *)b)->address;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static const Maker *find_maker(const Subjects *s, Address address)
{
    const Maker key = {.address = address};
    return bsearch(&key, s->makers, s->maker_count, sizeof(*s->makers), compare_makers);
}

static void add_maker(Subjects *s, Oid classid, Oid oid, const char *kind, const char *identity)
{
    s->makers[s->maker_count++] =
        (Maker){.address = {classid, oid, 0}, .kind = kind, .identity = identity};
}

static const char *maker_kind(const Fragment *fragment, const char *noun)
{
    static const char procedure[] = "CREATE OR REPLACE PROCEDURE";
    if (fragment->kind == FRAGMENT_FUNCTION &&
        strncmp(fragment->sql, procedure, sizeof(procedure) - 1) == 0)
        return "procedure";
    return noun;
}

/* The index behind a key is that key for everybody, also where it is made by a statement of its
 * own, which comes before the key's. */
static void make_key_indexes(Subjects *s)
{
    qsort(s->makers, s->maker_count, sizeof(*s->makers), compare_makers);
    size_t own = s->maker_count;
    for (size_t i = 0; i < s->model->indexes.count; i++) {
        const Index *index = &s->model->indexes.items[i];
        if (index->constraint == 0)
            continue;
        const Maker key = {.address = {CATALOG_CONSTRAINT, index->constraint, 0}};
        const Maker *found = bsearch(&key, s->makers, own, sizeof(key), compare_makers);
        if (found != NULL)
            add_maker(s, CATALOG_CLASS, index->object.address.oid, found->kind, found->identity);
    }
}

static bool is_key_index(const Subjects *s, const Fragment *fragment)
{
    if (fragment->kind != FRAGMENT_INDEX)
        return false;
    const Index *index = model_index(s->model, fragment->object.oid);
    return index != NULL && index->constraint != 0;
}

static void find_makers(Subjects *s, const FragmentList *fragments)
{
    size_t most = fragments->count + s->model->indexes.count + s->model->types.count + 1;
    s->makers = mem_alloc(most * sizeof(*s->makers));
    for (size_t i = 0; i < fragments->count; i++) {
        const Fragment *fragment = &fragments->items[i];
        if (!makes_object(fragment->kind) || is_key_index(s, fragment))
            continue;
        const char *noun = fragment_noun(s, fragment);
        const char *kind = maker_kind(fragment, noun);
        const char *identity = fragment_identity(s, fragment, noun);
        if (strcmp(kind, "procedure") == 0)
            identity = without_modes(s, identity);
        add_maker(s, fragment->object.classid, fragment->object.oid, kind, identity);
        add_name(s, kind, identity);
        const Type *type =
            fragment->kind == FRAGMENT_TYPE ? model_type(s->model, fragment->object.oid) : NULL;
        if (type != NULL && type->relation_oid != 0)
            add_maker(s, CATALOG_CLASS, type->relation_oid, kind, identity);
        if ((type != NULL && type->relation_oid != 0) || fragment->object.classid == CATALOG_CLASS)
            add_name(s, "relation", identity);
    }
    make_key_indexes(s);
    qsort(s->makers, s->maker_count, sizeof(*s->makers), compare_makers);
}

/* ---- subjects ---------------------------------------------------------------------------- */

static const Sequence *find_sequence(const Model *model, Oid oid)
{
    size_t low = 0, high = model->sequences.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->sequences.items[middle].object.address.oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < model->sequences.count && model->sequences.items[low].object.address.oid == oid
               ? &model->sequences.items[low]
               : NULL;
}

/* The column that a sequence belongs to; NULL for a free one. */
static const char *owner_column(const Subjects *s, const Sequence *sequence, Oid *table)
{
    const Table *owner = sequence == NULL ? NULL : model_table(s->model, sequence->owned_by.oid);
    const Column *column = owner == NULL ? NULL
                                         : column_numbered(owner->columns, owner->column_count,
                                                           sequence->owned_by.subid);
    if (column == NULL)
        return NULL;
    *table = owner->object.address.oid;
    return arena_printf(s->arena, "%s.%s.%s", owner->object.schema, owner->object.name,
                        column->name);
}

/* The column of GRANT SELECT ("column") ON ...; NULL when the grant is for the whole. */
static const char *granted_column(const Subjects *s, const Fragment *fragment, const char *identity)
{
    const char *open = strchr(fragment->sql, '(');
    const char *on = strstr(fragment->sql, " ON ");
    if (open == NULL || on == NULL || open > on || open[1] != '"')
        return NULL;
    AUTO(str_clear) Str name = STR_INIT;
    for (const char *at = open + 2; *at != '\0' && (at[0] != '"' || at[1] == '"'); at++) {
        at += *at == '"';
        str_add_bytes(&name, at, 1);
    }
    return arena_printf(s->arena, "%s.%s", identity, str_text(&name));
}

static Address whole_of(const Subjects *s, const Fragment *fragment)
{
    if (fragment->kind == FRAGMENT_CHECK && fragment->table == 0) {
        const Constraint *check = model_constraint(s->model, fragment->object.oid);
        return (Address){CATALOG_TYPE, check == NULL ? 0 : check->domain, 0};
    }
    bool itself =
        fragment->object.classid == CATALOG_CLASS && fragment->object.oid == fragment->table;
    if (fragment->table == 0 || (itself && makes_object(fragment->kind)))
        return (Address){0};
    return (Address){CATALOG_CLASS, fragment->table, 0};
}

static void describe_sequence(const Subjects *s, Subject *subject)
{
    Oid table = 0;
    const char *column =
        owner_column(s, find_sequence(s->model, subject->fragment->object.oid), &table);
    if (column == NULL)
        return;
    subject->column = column;
    subject->whole = (Address){CATALOG_CLASS, table, 0};
    if (subject->aspect == FRAGMENT_IDENTITY) {
        subject->kind = "column";
        subject->identity = column;
    }
}

/* What a statement changes on an object that another one makes. */
static void describe_aspect(const Subjects *s, Subject *subject, const char *noun)
{
    const Fragment *fragment = subject->fragment;
    const Maker *maker = find_maker(s, fragment->object);
    bool of_column = fragment->object.classid == CATALOG_ATTRDEF ||
                     (fragment->object.classid == CATALOG_CLASS && fragment->object.subid > 0);
    subject->identity = fragment_identity(s, fragment, noun);
    if (of_column) {
        subject->kind = "column";
        subject->column = subject->identity;
    } else if (maker != NULL) {
        subject->kind = maker->kind;
        subject->identity = maker->identity;
    } else {
        const char *kind = listed_kind(s->model, fragment->object);
        subject->kind = kind != NULL ? kind : noun;
    }
    if (fragment->kind == FRAGMENT_GRANT)
        subject->column = granted_column(s, fragment, subject->identity);
}

/* A part of an object of a schema goes with the object, which is made anew from all its parts. */
static bool is_inner_member(const Subjects *s, const Subject *subject)
{
    const Fragment *fragment = subject->fragment;
    return fragment->kind == FRAGMENT_MEMBER && fragment->place == PLACE_SCHEMA &&
           subjects_has(s, subject->kind, subject->identity) &&
           !subjects_has(s, "relation", subject->identity);
}

static Subject describe(const Subjects *s, const Fragment *fragment)
{
    Subject subject = {.fragment = fragment, .aspect = fragment->kind};
    const char *noun = fragment_noun(s, fragment);
    subject.whole = whole_of(s, fragment);
    const Maker *maker = find_maker(s, fragment->object);
    subject.kind = maker != NULL ? maker->kind : maker_kind(fragment, noun);
    subject.identity = maker != NULL ? maker->identity : fragment_identity(s, fragment, noun);
    if (makes_object(fragment->kind) || is_inner_member(s, &subject)) {
        subject.aspect = SUBJECT_ITSELF;
    } else {
        describe_aspect(s, &subject, noun);
    }
    if (fragment->kind == FRAGMENT_SEQUENCE || fragment->kind == FRAGMENT_IDENTITY ||
        fragment->kind == FRAGMENT_OWNED_BY)
        describe_sequence(s, &subject);
    return subject;
}

/* Defaults, storage and the like of a table's columns are compared with the columns. */
static bool says_column(const Subjects *s, const Fragment *fragment)
{
    static const char start[] = "ALTER TABLE ";
    if (fragment->kind != FRAGMENT_DEFAULT && fragment->kind != FRAGMENT_PROPERTY)
        return false;
    bool of_column = fragment->object.classid == CATALOG_ATTRDEF ||
                     (fragment->object.classid == CATALOG_CLASS && fragment->object.subid > 0);
    return of_column && model_table(s->model, fragment->table) != NULL &&
           strncmp(fragment->sql, start, sizeof(start) - 1) == 0;
}

/* A migration's own triggers, which keep a preserved table and its counterpart in step. */
static bool is_of_migration(const Subjects *s, const Fragment *fragment)
{
    const Trigger *trigger = fragment->object.classid != CATALOG_TRIGGER
                                 ? NULL
                                 : model_trigger(s->model, fragment->object.oid);
    return trigger != NULL && strncmp(trigger->object.name, "pgzm_", 5) == 0 &&
           strstr(trigger->def, " EXECUTE FUNCTION pgzm.") != NULL;
}

static int compare_subjects(const void *a, const void *b)
{
    const Subject *x = a;
    const Subject *y = b;
    if (x->aspect != y->aspect)
        return x->aspect < y->aspect ? -1 : 1;
    int order = strcmp(x->kind, y->kind);
    if (order == 0)
        order = strcmp(x->identity, y->identity);
    if (order == 0 && x->aspect == SUBJECT_ITSELF) /* what makes it comes first */
        order = (x->fragment->kind == FRAGMENT_MEMBER) - (y->fragment->kind == FRAGMENT_MEMBER);
    return order != 0 ? order : strcmp(x->fragment->sql, y->fragment->sql);
}

Subjects *subjects_new(const Model *model, const FragmentList *fragments, Arena *arena)
{
    Subjects *s = mem_alloc(sizeof(*s));
    *s = (Subjects){.model = model, .arena = arena, .name_capacity = 256};
    s->names = mem_alloc(s->name_capacity * sizeof(*s->names));
    find_makers(s, fragments);
    add_all_columns(s);
    qsort(s->names, s->name_count, sizeof(*s->names), compare_names);
    s->items = mem_alloc((fragments->count + 1) * sizeof(*s->items));
    for (size_t i = 0; i < fragments->count; i++)
        if (!says_column(s, &fragments->items[i]) && !is_of_migration(s, &fragments->items[i]))
            s->items[s->count++] = describe(s, &fragments->items[i]);
    qsort(s->items, s->count, sizeof(*s->items), compare_subjects);
    return s;
}

void subjects_free(Subjects *s)
{
    if (s == NULL)
        return;
    mem_free(s->items);
    mem_free(s->makers);
    mem_free(s->names);
    mem_free(s);
}

const Subject *subjects_items(const Subjects *s, size_t *count)
{
    *count = s->count;
    return s->items;
}

const Model *subjects_model(const Subjects *s)
{
    return s->model;
}

bool subject_is_part(const Subjects *s, const Subject *subject, const Subjects *other)
{
    const Maker *whole = subject->whole.classid == 0 ? NULL : find_maker(s, subject->whole);
    if (whole != NULL && !subjects_has(other, whole->kind, whole->identity))
        return true;
    if (subject->column != NULL && subjects_has(s, "column", subject->column) &&
        !subjects_has(other, "column", subject->column))
        return true;
    const Maker *maker =
        subject->aspect == SUBJECT_ITSELF ? NULL : find_maker(s, subject->fragment->object);
    return maker != NULL && !subjects_has(other, maker->kind, maker->identity);
}
