#include "engine/merge.h"

#include <stdlib.h>
#include <string.h>

#include "engine/counterpart.h"

/* Both sides' owner statements begin with the object as DDL names it ("ALTER TABLE "public"."t"
 * OWNER TO ..."), which makes a key that is the same on both sides. */
typedef struct Owned {
    const Fragment *fragment;
    size_t key_len; /* of fragment->sql up to the role */
} Owned;

typedef struct OwnedList {
    Owned *by_key, *by_address;
    size_t count;
} OwnedList;

struct Merge {
    const Plan *plan;
    const Conn *conn;
    const Settings *settings;
    OwnedList source, live;
    Counterparts *statements; /* of the live side */
};

static int compare_keys(const Owned *a, const Owned *b)
{
    size_t shorter = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->fragment->sql, b->fragment->sql, shorter);
    return order != 0 ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int by_key(const void *a, const void *b)
{
    return compare_keys(a, b);
}

static int by_address(const void *a, const void *b)
{
    const Address *x = &((const Owned *)a)->fragment->object;
    const Address *y = &((const Owned *)b)->fragment->object;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static OwnedList list_owned(const FragmentList *fragments)
{
    OwnedList list = {.by_key = mem_alloc((fragments->count + 1) * sizeof(Owned)),
                      .by_address = mem_alloc((fragments->count + 1) * sizeof(Owned))};
    for (size_t i = 0; i < fragments->count; i++) {
        const Fragment *fragment = &fragments->items[i];
        if (fragment->kind == FRAGMENT_OWNER && fragment->owner != NULL)
            list.by_key[list.count++] =
                (Owned){fragment, strlen(fragment->sql) - strlen(fragment->owner)};
    }
    memcpy(list.by_address, list.by_key, list.count * sizeof(Owned));
    qsort(list.by_key, list.count, sizeof(Owned), by_key);
    qsort(list.by_address, list.count, sizeof(Owned), by_address);
    return list;
}

/* The object of the other side with the same name, through this side's owner statement. */
static const Owned *counterpart(const OwnedList *own, const OwnedList *other,
                                const Fragment *fragment)
{
    Owned key = {.fragment = fragment};
    const Owned *found = bsearch(&key, own->by_address, own->count, sizeof key, by_address);
    return found == NULL ? NULL
                         : bsearch(found, other->by_key, other->count, sizeof *found, by_key);
}

Merge *merge_new(const Run *run, const Plan *plan)
{
    Merge *merge = mem_alloc(sizeof *merge);
    merge->plan = plan;
    merge->conn = run->dest;
    merge->settings = run->settings;
    merge->source = list_owned(&plan->source_fragments);
    merge->live = list_owned(&plan->live_fragments);
    merge->statements = counterparts_new(&plan->live_fragments);
    return merge;
}

void merge_free(Merge *merge)
{
    if (merge == NULL)
        return;
    mem_free(merge->source.by_key);
    mem_free(merge->source.by_address);
    mem_free(merge->live.by_key);
    mem_free(merge->live.by_address);
    counterparts_free(merge->statements);
    mem_free(merge);
}

/* An object that both sides have gets the live one's grants and nothing else. */
static bool takes_live_grants(const Settings *settings)
{
    return settings->acl == ACL_DEST || (settings->acl == ACL_MERGE && settings->no_privileges);
}

static const char *owner_statement(const Settings *settings, const Fragment *fragment,
                                   const Owned *live)
{
    if (live != NULL && settings->acl != ACL_SOURCE)
        return live->fragment->sql;
    return settings->no_owner ? NULL : fragment->sql;
}

const char *merge_statement(const Merge *merge, const Fragment *fragment)
{
    if (fragment->kind != FRAGMENT_OWNER && fragment->kind != FRAGMENT_GRANT)
        return fragment->sql;
    const Settings *settings = merge->settings;
    const Owned *live = counterpart(&merge->source, &merge->live, fragment);
    if (fragment->kind == FRAGMENT_OWNER)
        return owner_statement(settings, fragment, live);
    if (live == NULL || settings->acl == ACL_SOURCE)
        return settings->no_privileges ? NULL : fragment->sql;
    if (takes_live_grants(settings))
        return NULL;
    bool takes_away = strncmp(fragment->sql, "REVOKE", 6) == 0;
    return takes_away && !counterparts_says(merge->statements, fragment) ? NULL : fragment->sql;
}

/* GRANT SELECT ("column") ON ...: true when the source's table has that column, or no column is
 * named. */
static bool column_exists(const Merge *merge, const Fragment *grant, const Fragment *source)
{
    const char *start = strchr(grant->sql, '(');
    const char *on = strstr(grant->sql, " ON ");
    if (start == NULL || on == NULL || start > on)
        return true;
    const Table *table = model_table(merge->plan->source, source->object.oid);
    for (size_t i = 0; table != NULL && i < table->column_count; i++) {
        AUTO(str_clear) Str column = STR_INIT;
        str_add(&column, "(");
        conn_add_ident(merge->conn, &column, table->columns[i].name);
        str_add(&column, ")");
        if (strncmp(start, str_text(&column), column.len) == 0)
            return true;
    }
    return false;
}

bool merge_adds(const Merge *merge, const Fragment *fragment, Section section)
{
    if (fragment->kind != FRAGMENT_GRANT || fragment->object.classid == CATALOG_NAMESPACE ||
        merge->settings->acl == ACL_SOURCE)
        return false;
    bool takes_away = strncmp(fragment->sql, "REVOKE", 6) == 0;
    if (takes_away && !takes_live_grants(merge->settings))
        return false;
    const Owned *source = counterpart(&merge->live, &merge->source, fragment);
    return source != NULL && source->fragment->section == section &&
           column_exists(merge, fragment, source->fragment);
}
