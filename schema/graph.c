#include "schema/graph.h"

#include <stdlib.h>
#include <string.h>

#include "schema/castorder.h"

static size_t address_hash(Address address)
{
    uint64_t h = ((uint64_t)address.classid << 32 | address.oid) ^
                 (uint64_t)(uint32_t)address.subid * 0x9e3779b97f4a7c15u;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    return (size_t)h;
}

static bool address_equal(Address a, Address b)
{
    return a.classid == b.classid && a.oid == b.oid && a.subid == b.subid;
}

/* The entry of the address, or the free one where it would go. NULL while the table is empty. */
static AddressEntry *find_entry(const Builder *builder, Address address)
{
    if (builder->entry_capacity == 0)
        return NULL;
    size_t mask = builder->entry_capacity - 1;
    size_t i = address_hash(address) & mask;
    while (builder->entries[i].node != BUILDER_NONE &&
           !address_equal(builder->entries[i].address, address))
        i = (i + 1) & mask;
    return &builder->entries[i];
}

static void grow_entries(Builder *builder)
{
    size_t old_capacity = builder->entry_capacity;
    AddressEntry *old = builder->entries;
    builder->entry_capacity = old_capacity == 0 ? 256 : old_capacity * 2;
    builder->entries = mem_alloc(builder->entry_capacity * sizeof(*builder->entries));
    for (size_t i = 0; i < builder->entry_capacity; i++)
        builder->entries[i].node = (uint32_t)BUILDER_NONE;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].node != BUILDER_NONE)
            *find_entry(builder, old[i].address) = old[i];
    }
    mem_free(old);
}

void graph_provide(Builder *builder, Address address, size_t node)
{
    if (builder->entry_count * 4 >= builder->entry_capacity * 3)
        grow_entries(builder);
    AddressEntry *entry = find_entry(builder, address);
    if (entry->node == BUILDER_NONE)
        builder->entry_count++;
    *entry = (AddressEntry){address, (uint32_t)node};
}

bool graph_has(const Builder *builder, Address address)
{
    const AddressEntry *entry = find_entry(builder, address);
    return entry != NULL && entry->node != BUILDER_NONE;
}

size_t graph_provider(const Builder *builder, Address address)
{
    const AddressEntry *entry = find_entry(builder, address);
    if (entry != NULL && entry->node == BUILDER_NONE && address.subid != 0) {
        address.subid = 0;
        entry = find_entry(builder, address);
    }
    return entry == NULL ? BUILDER_NONE : entry->node;
}

void graph_need(Builder *builder, size_t node, size_t earlier)
{
    if (node == BUILDER_NONE || earlier == BUILDER_NONE || node == earlier)
        return;
    Node *n = &builder->nodes[node];
    if (n->need_count == n->need_capacity) {
        n->need_capacity = n->need_capacity == 0 ? 4 : n->need_capacity * 2;
        n->needs = mem_resize(n->needs, n->need_capacity * sizeof(*n->needs));
    }
    n->needs[n->need_count++] = (uint32_t)earlier;
}

static int compare_positions(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void graph_tidy(Builder *builder)
{
    for (size_t i = 0; i < builder->count; i++) {
        Node *node = &builder->nodes[i];
        if (node->need_count < 2)
            continue;
        qsort(node->needs, node->need_count, sizeof(*node->needs), compare_positions);
        uint32_t kept = 1;
        for (size_t k = 1; k < node->need_count; k++) {
            if (node->needs[k] != node->needs[kept - 1])
                node->needs[kept++] = node->needs[k];
        }
        node->need_count = kept;
    }
}

/* `address` is made with `with` unless a fragment of its own makes it. */
static void provide_along(Builder *builder, Address address, Address with)
{
    size_t node = graph_provider(builder, with);
    if (address.oid != 0 && node != BUILDER_NONE && !graph_has(builder, address))
        graph_provide(builder, address, node);
}

/* What comes into being with something else: row types, array types, an index with its constraint.
 */
static void provide_implied(Builder *builder)
{
    const Model *model = builder->model;
    for (size_t i = 0; i < model->tables.count; i++) {
        const Table *table = &model->tables.items[i];
        provide_along(builder, (Address){CATALOG_TYPE, table->row_type, 0}, table->object.address);
        provide_along(builder, (Address){CATALOG_TYPE, table->row_type_array, 0},
                      table->object.address);
    }
    for (size_t i = 0; i < model->views.count; i++) {
        const View *view = &model->views.items[i];
        provide_along(builder, (Address){CATALOG_TYPE, view->row_type, 0}, view->object.address);
        provide_along(builder, (Address){CATALOG_TYPE, view->row_type_array, 0},
                      view->object.address);
    }
    for (size_t i = 0; i < model->types.count; i++) {
        const Type *type = &model->types.items[i];
        provide_along(builder, (Address){CATALOG_TYPE, type->array_oid, 0}, type->object.address);
    }
    for (size_t i = 0; i < model->indexes.count; i++) {
        const Index *index = &model->indexes.items[i];
        Address constraint = {CATALOG_CONSTRAINT, index->constraint, 0};
        if (index->constraint == 0)
            continue;
        provide_along(builder, index->object.address, constraint);
        provide_along(builder, constraint, index->object.address);
    }
}

/* A sequence that belongs to a column depends on it in pg_depend, but only its ownership comes
 * after the table: the table's default may well need the sequence. */
static bool is_ownership(const Model *model, const Dependency *dependency)
{
    if (dependency->type != 'a' || dependency->from.classid != CATALOG_CLASS ||
        dependency->to.classid != CATALOG_CLASS)
        return false;
    size_t low = 0;
    size_t high = model->sequences.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const Sequence *sequence = &model->sequences.items[middle];
        if (sequence->object.address.oid == dependency->from.oid)
            return sequence->owned_by.oid == dependency->to.oid;
        if (sequence->object.address.oid < dependency->from.oid)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

typedef struct Attach {
    Oid parent; /* partitioned index */
    size_t node;
} Attach;

static int compare_attaches(const void *a, const void *b)
{
    const Attach *x = a;
    const Attach *y = b;
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static const Index *attached_index(const Builder *builder, const Node *node)
{
    Address address = node->fragment.object;
    if (address.classid == CATALOG_CONSTRAINT) {
        const Constraint *constraint = model_constraint(builder->model, address.oid);
        return constraint == NULL ? NULL : model_index(builder->model, constraint->index);
    }
    return model_index(builder->model, address.oid);
}

static void need_attaches(Builder *builder, size_t node, Oid parent, const Attach *attaches,
                          size_t count)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (attaches[middle].parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && attaches[low].parent == parent; low++)
        graph_need(builder, node, attaches[low].node);
}

/* A partitioned index is of use to others (foreign keys above all) only once every partition's
 * index is attached, recursively; pg_depend knows only of the index itself. */
static void connect_attaches(Builder *builder)
{
    size_t count = 0;
    AUTO(mem_free) Attach *attaches = mem_alloc((builder->count + 1) * sizeof(*attaches));
    AUTO(mem_free) Oid *partitioned = mem_alloc((builder->count + 1) * sizeof(*partitioned));
    for (size_t i = 0; i < builder->count; i++) {
        if (builder->nodes[i].fragment.kind != FRAGMENT_INDEX_ATTACH)
            continue;
        const Index *index = attached_index(builder, &builder->nodes[i]);
        if (index != NULL && index->parent != 0)
            attaches[count++] = (Attach){index->parent, i};
    }
    if (count == 0)
        return;
    qsort(attaches, count, sizeof(*attaches), compare_attaches);
    for (size_t i = 0; i < count; i++) {
        size_t parent = graph_provider(builder, (Address){CATALOG_CLASS, attaches[i].parent, 0});
        if (parent != BUILDER_NONE)
            partitioned[parent] = attaches[i].parent;
    }
    for (size_t i = 0; i < builder->count; i++) {
        FragmentKind kind = builder->nodes[i].fragment.kind;
        if (kind == FRAGMENT_INDEX_ATTACH) {
            const Index *index = attached_index(builder, &builder->nodes[i]);
            if (index != NULL)
                need_attaches(builder, i, index->object.address.oid, attaches, count);
            continue;
        }
        if (kind == FRAGMENT_INDEX || kind == FRAGMENT_CONSTRAINT || kind == FRAGMENT_COMMENT)
            continue;
        size_t need_count = builder->nodes[i].need_count; /* grows below */
        for (size_t k = 0; k < need_count; k++) {
            Oid parent = partitioned[builder->nodes[i].needs[k]];
            if (parent != 0)
                need_attaches(builder, i, parent, attaches, count);
        }
    }
}

/* A check cannot be added to a domain once a table holds arrays or composites of it, not even to an
 * empty one. So what is built on a domain comes after its checks; where they need each other the
 * loop's repair lets go. */
static void connect_domain_checks(Builder *builder)
{
    const Model *model = builder->model;
    size_t *first = mem_alloc((builder->count + 1) * sizeof(*first)); /* check by domain's node */
    size_t *next = mem_alloc((builder->count + 1) * sizeof(*next));
    for (size_t i = 0; i < builder->count; i++)
        first[i] = BUILDER_NONE;
    for (size_t i = 0; i < model->constraints.count; i++) {
        const Constraint *check = &model->constraints.items[i];
        size_t node = graph_provider(builder, check->object.address);
        size_t domain = graph_provider(builder, (Address){CATALOG_TYPE, check->domain, 0});
        if (check->domain == 0 || !check->validated || node == BUILDER_NONE ||
            domain == BUILDER_NONE)
            continue;
        next[node] = first[domain];
        first[domain] = node;
    }
    for (size_t i = 0; i < builder->count; i++) {
        FragmentKind kind = builder->nodes[i].fragment.kind;
        if (kind != FRAGMENT_TABLE && kind != FRAGMENT_TYPE && kind != FRAGMENT_MATVIEW)
            continue;
        size_t need_count = builder->nodes[i].need_count; /* grows below */
        for (size_t k = 0; k < need_count; k++) {
            size_t check = first[builder->nodes[i].needs[k]];
            for (; check != BUILDER_NONE; check = next[check])
                graph_need(builder, i, check);
        }
    }
    mem_free(first);
    mem_free(next);
}

/* The owner and grants that hang on `node`: a refresh reads with the matview owner's rights. */
typedef struct Attributes {
    size_t *first; /* by node; BUILDER_NONE ends the list */
    size_t *next;
} Attributes;

static void list_attributes(const Builder *builder, Attributes *lists)
{
    lists->first = mem_alloc((builder->count + 1) * sizeof(*lists->first));
    lists->next = mem_alloc((builder->count + 1) * sizeof(*lists->next));
    for (size_t i = 0; i < builder->count; i++)
        lists->first[i] = BUILDER_NONE;
    for (size_t i = 0; i < builder->count; i++) {
        const Node *node = &builder->nodes[i];
        if (node->anchor == i ||
            (node->fragment.kind != FRAGMENT_OWNER && node->fragment.kind != FRAGMENT_GRANT))
            continue;
        lists->next[i] = lists->first[node->anchor];
        lists->first[node->anchor] = i;
    }
}

/* A matview's refresh needs that of every matview it reads, also through views and functions: from
 * one not refreshed it would read nothing, and say so with an error. */
static void connect_refresh(Builder *builder, size_t refresh, const size_t *refreshes,
                            const Attributes *attributes, size_t *seen, size_t *stack)
{
    size_t matview = graph_provider(builder, builder->nodes[refresh].fragment.object);
    if (matview == BUILDER_NONE)
        return;
    size_t depth = 0;
    stack[depth++] = matview;
    seen[matview] = refresh;
    while (depth > 0) {
        size_t i = stack[--depth];
        for (size_t a = attributes->first[i]; a != BUILDER_NONE; a = attributes->next[a])
            graph_need(builder, refresh, a);
        graph_need(builder, refresh, i);
        if (i != matview && refreshes[i] != BUILDER_NONE) {
            graph_need(builder, refresh, refreshes[i]);
            continue;
        }
        for (size_t k = 0; k < builder->nodes[i].need_count; k++) {
            size_t need = builder->nodes[i].needs[k];
            FragmentKind kind = builder->nodes[need].fragment.kind;
            if (seen[need] == refresh ||
                (kind != FRAGMENT_VIEW && kind != FRAGMENT_MATVIEW && kind != FRAGMENT_FUNCTION))
                continue;
            seen[need] = refresh;
            stack[depth++] = need;
        }
    }
}

/* A sequence can be given to a column only while both belong to the same role. */
static void connect_ownerships(Builder *builder, const Attributes *attributes)
{
    for (size_t i = 0; i < builder->count; i++) {
        if (builder->nodes[i].fragment.kind != FRAGMENT_OWNED_BY)
            continue;
        size_t need_count = builder->nodes[i].need_count; /* grows below */
        for (size_t k = 0; k < need_count; k++) {
            size_t a = attributes->first[builder->nodes[i].needs[k]];
            for (; a != BUILDER_NONE; a = attributes->next[a]) {
                if (builder->nodes[a].fragment.kind == FRAGMENT_OWNER)
                    graph_need(builder, i, a);
            }
        }
    }
}

static void connect_refreshes(Builder *builder, const Attributes *attributes)
{
    AUTO(mem_free) size_t *refreshes = mem_alloc((builder->count + 1) * sizeof(size_t));
    AUTO(mem_free) size_t *seen = mem_alloc((builder->count + 1) * sizeof(size_t));
    AUTO(mem_free) size_t *stack = mem_alloc((builder->count + 1) * sizeof(size_t));
    bool any = false;
    for (size_t i = 0; i < builder->count; i++)
        refreshes[i] = seen[i] = BUILDER_NONE;
    for (size_t i = 0; i < builder->count; i++) {
        if (builder->nodes[i].fragment.kind != FRAGMENT_REFRESH)
            continue;
        size_t matview = graph_provider(builder, builder->nodes[i].fragment.object);
        if (matview != BUILDER_NONE)
            refreshes[matview] = i;
        any = true;
    }
    if (!any)
        return;
    for (size_t i = 0; i < builder->count; i++) {
        FragmentKind kind = builder->nodes[i].fragment.kind;
        Oid table = builder->nodes[i].fragment.table;
        if (kind == FRAGMENT_REFRESH) {
            connect_refresh(builder, i, refreshes, attributes, seen, stack);
        } else if (kind == FRAGMENT_INDEX && table != 0) {
            /* The refresh is the matview's load: its indexes are built after it. */
            size_t relation = graph_provider(builder, (Address){CATALOG_CLASS, table, 0});
            if (relation != BUILDER_NONE)
                graph_need(builder, i, refreshes[relation]);
        }
    }
}

void graph_connect(Builder *builder)
{
    provide_implied(builder);
    for (size_t i = 0; i < builder->model->dependencies.count; i++) {
        const Dependency *dependency = &builder->model->dependencies.items[i];
        if (!is_ownership(builder->model, dependency))
            graph_need(builder, graph_provider(builder, dependency->from),
                       graph_provider(builder, dependency->to));
    }
    for (size_t i = 0; i < builder->pending_count; i++)
        graph_need(builder, builder->pending[i].node,
                   graph_provider(builder, builder->pending[i].address));
    graph_tidy(builder);
    connect_domain_checks(builder);
    castorder_connect(builder);
    connect_attaches(builder);
    Attributes attributes;
    list_attributes(builder, &attributes);
    connect_ownerships(builder, &attributes);
    connect_refreshes(builder, &attributes);
    mem_free(attributes.first);
    mem_free(attributes.next);
}

/* Rows can only be loaded into tables that exist: what a table needs cannot wait for them. Marks
 * the nodes that must be PRE. */
static void mark_before_rows(Builder *builder, bool *before_rows)
{
    AUTO(mem_free) size_t *stack = mem_alloc((builder->count + 1) * sizeof(*stack));
    size_t depth = 0;
    for (size_t i = 0; i < builder->count; i++) {
        FragmentKind kind = builder->nodes[i].fragment.kind;
        if (kind == FRAGMENT_TABLE || kind == FRAGMENT_ATTACH) {
            before_rows[i] = true;
            stack[depth++] = i;
        }
    }
    while (depth > 0) {
        const Node *node = &builder->nodes[stack[--depth]];
        for (size_t k = 0; k < node->need_count; k++) {
            if (!before_rows[node->needs[k]]) {
                before_rows[node->needs[k]] = true;
                stack[depth++] = node->needs[k];
            }
        }
    }
}

static void settle_sections(Builder *builder, const uint32_t *order)
{
    AUTO(mem_free) bool *before_rows = mem_alloc(builder->count + 1);
    mark_before_rows(builder, before_rows);
    for (size_t i = 0; i < builder->count; i++) {
        Node *node = &builder->nodes[order[i]];
        if (before_rows[order[i]]) {
            node->fragment.section = SECTION_PRE;
            continue;
        }
        for (size_t k = 0; k < node->need_count; k++) {
            if (builder->nodes[node->needs[k]].fragment.section == SECTION_POST)
                node->fragment.section = SECTION_POST;
        }
    }
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

/* By what the statement is, never by OID: two databases of the same content sort the same. */
static int compare_own(const Node *a, const Node *b)
{
    if (a->fragment.kind != b->fragment.kind)
        return (int)a->fragment.kind - (int)b->fragment.kind;
    int order = compare_texts(a->fragment.schema, b->fragment.schema);
    if (order == 0)
        order = compare_texts(a->fragment.label, b->fragment.label);
    return order == 0 ? compare_texts(a->fragment.sql, b->fragment.sql) : order;
}

/* What meddles with the statements after it comes last: default privileges with what these make,
 * event triggers with any. */
static int lateness(const Node *node)
{
    Oid classid = node->fragment.object.classid;
    return classid == CATALOG_EVENT_TRIGGER ? 2 : classid == CATALOG_DEFAULT_ACL ? 1 : 0;
}

/* Section, then what it is about, then the thing itself before its attributes. */
static int compare_nodes(const void *a, const void *b, void *context)
{
    const Builder *builder = context;
    uint32_t i = *(const uint32_t *)a;
    uint32_t k = *(const uint32_t *)b;
    const Node *x = &builder->nodes[i];
    const Node *y = &builder->nodes[k];
    if (x->fragment.section != y->fragment.section)
        return x->fragment.section < y->fragment.section ? -1 : 1;
    if (lateness(x) != lateness(y))
        return lateness(x) - lateness(y);
    if (x->anchor != y->anchor) {
        int order = compare_own(&builder->nodes[x->anchor], &builder->nodes[y->anchor]);
        if (order != 0)
            return order;
        return x->anchor < y->anchor ? -1 : 1;
    }
    if (x->fragment.kind != y->fragment.kind && (i == x->anchor || k == y->anchor))
        return i == x->anchor ? -1 : 1;
    int order = compare_own(x, y);
    return order != 0 ? order : (i > k) - (i < k);
}

/* A binary heap of ranks, the smallest on top. */
static void heap_push(uint32_t *heap, size_t *count, uint32_t rank)
{
    size_t i = (*count)++;
    for (; i > 0 && heap[(i - 1) / 2] > rank; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = rank;
}

static uint32_t heap_pop(uint32_t *heap, size_t *count)
{
    uint32_t top = heap[0];
    uint32_t last = heap[--*count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= *count)
            break;
        if (child + 1 < *count && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= last)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* Who needs each node, as lists in one array. */
typedef struct Dependents {
    uint32_t *start; /* by node, one more than nodes */
    uint32_t *items;
} Dependents;

static void list_dependents(const Builder *builder, Dependents *dependents)
{
    dependents->start = mem_alloc((builder->count + 2) * sizeof(uint32_t));
    for (size_t i = 0; i < builder->count; i++) {
        for (size_t k = 0; k < builder->nodes[i].need_count; k++)
            dependents->start[builder->nodes[i].needs[k] + 2]++;
    }
    for (size_t i = 2; i < builder->count + 2; i++)
        dependents->start[i] += dependents->start[i - 1];
    dependents->items = mem_alloc((dependents->start[builder->count + 1] + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < builder->count; i++) {
        for (size_t k = 0; k < builder->nodes[i].need_count; k++)
            dependents->items[dependents->start[builder->nodes[i].needs[k] + 1]++] = (uint32_t)i;
    }
}

/* Whether all of it is asked for or this. */
static bool is_handed_over(const Builder *builder, const Fragment *fragment)
{
    return builder->passing == NULL ||
           (fragment->section == SECTION_POST && fragment->place == PLACE_SCHEMA);
}

/* Texts that were to be left behind: what came in their section waits for rows after all. */
static void copy_texts(Builder *builder, Fragment *fragment)
{
    bool labelled = fragment->label != fragment->identity;
    size_t owner = fragment->owner == NULL ? 0 : (size_t)(fragment->owner - fragment->sql);
    fragment->sql = arena_strdup(builder->arena, fragment->sql);
    fragment->owner = fragment->owner == NULL ? NULL : fragment->sql + owner;
    fragment->identity = arena_strdup(builder->arena, fragment->identity);
    fragment->label = labelled ? arena_strdup(builder->arena, fragment->label) : fragment->identity;
}

/* Copies the nodes' fragments in the order of `sorted`, needs as positions. */
static void hand_over(Builder *builder, const uint32_t *sorted, FragmentList *list)
{
    AUTO(mem_free) uint32_t *position = mem_alloc((builder->count + 1) * sizeof(*position));
    size_t needs = 0, count = 0;
    for (size_t i = 0; i < builder->count; i++) {
        const Node *node = &builder->nodes[sorted[i]];
        bool taken = is_handed_over(builder, &node->fragment);
        position[sorted[i]] = taken ? (uint32_t)count : UINT32_MAX;
        needs += taken ? node->need_count : 0;
        count += taken;
    }
    uint32_t *room = arena_alloc(builder->arena, needs * sizeof(*room));
    list->items = arena_alloc(builder->arena, (count + 1) * sizeof(*list->items));
    list->count = count;
    for (size_t i = 0; i < builder->count; i++) {
        const Node *node = &builder->nodes[sorted[i]];
        if (position[sorted[i]] == UINT32_MAX)
            continue;
        Fragment *fragment = &list->items[position[sorted[i]]];
        *fragment = node->fragment;
        if (node->passes)
            copy_texts(builder, fragment);
        fragment->needs = room;
        for (size_t k = 0; k < node->need_count; k++)
            if (position[node->needs[k]] != UINT32_MAX)
                fragment->needs[fragment->need_count++] = position[node->needs[k]];
        room += fragment->need_count;
        qsort(fragment->needs, fragment->need_count, sizeof(*room), compare_positions);
    }
}

void graph_sort(Builder *builder, const uint32_t *order, FragmentList *list)
{
    settle_sections(builder, order);
    size_t count = builder->count;
    const size_t size = (count + 1) * sizeof(uint32_t);
    uint32_t *by_rank = mem_alloc(size), *rank = mem_alloc(size), *waiting = mem_alloc(size);
    uint32_t *heap = mem_alloc(size), *sorted = mem_alloc(size);
    for (size_t i = 0; i < count; i++)
        by_rank[i] = (uint32_t)i;
    qsort_r(by_rank, count, sizeof(*by_rank), compare_nodes, builder);
    for (size_t i = 0; i < count; i++)
        rank[by_rank[i]] = (uint32_t)i;

    Dependents dependents;
    list_dependents(builder, &dependents);
    size_t ready = 0;
    for (size_t i = 0; i < count; i++) {
        waiting[i] = builder->nodes[i].need_count;
        if (waiting[i] == 0)
            heap_push(heap, &ready, rank[i]);
    }
    for (size_t done = 0; ready > 0; done++) {
        uint32_t node = by_rank[heap_pop(heap, &ready)];
        sorted[done] = node;
        for (size_t k = dependents.start[node]; k < dependents.start[node + 1]; k++) {
            if (--waiting[dependents.items[k]] == 0)
                heap_push(heap, &ready, rank[dependents.items[k]]);
        }
    }
    mem_free(dependents.start);
    mem_free(dependents.items);
    mem_free(by_rank);
    mem_free(rank);
    mem_free(waiting);
    mem_free(heap);
    hand_over(builder, sorted, list);
    mem_free(sorted);
}
