#include <string.h>

#include "schema/castorder.h"
#include "schema/graph.h"

/*
 * Loops among fragments: found with Tarjan's algorithm (on a stack of its own, since chains of
 * views can be long), repaired one per strongly connected component and round.
 */

typedef struct Search {
    const Builder *builder;
    uint32_t *number;    /* order of discovery from 1; 0: not seen */
    uint32_t *lowest;    /* smallest number reachable */
    uint32_t *component; /* by node; BUILDER_NONE while open */
    uint32_t *open;      /* nodes seen whose component is not known */
    size_t open_count;
    uint32_t *path;   /* the recursion */
    uint32_t *branch; /* next need to look at, by node */
    uint32_t *order;  /* nodes by component: each component after those it needs */
    uint32_t found;   /* nodes in `order` */
    uint32_t numbers;
} Search;

static void search_new(Search *search, const Builder *builder)
{
    size_t n = builder->count + 1;
    *search = (Search){.builder = builder,
                       .number = mem_alloc(n * sizeof(uint32_t)),
                       .lowest = mem_alloc(n * sizeof(uint32_t)),
                       .component = mem_alloc(n * sizeof(uint32_t)),
                       .open = mem_alloc(n * sizeof(uint32_t)),
                       .path = mem_alloc(n * sizeof(uint32_t)),
                       .branch = mem_alloc(n * sizeof(uint32_t)),
                       .order = mem_alloc(n * sizeof(uint32_t))};
    for (size_t i = 0; i < n; i++)
        search->component[i] = (uint32_t)BUILDER_NONE;
}

static void search_free(Search *search)
{
    mem_free(search->number);
    mem_free(search->lowest);
    mem_free(search->component);
    mem_free(search->open);
    mem_free(search->path);
    mem_free(search->branch);
    mem_free(search->order);
}

static void search_enter(Search *search, size_t *depth, uint32_t node)
{
    search->number[node] = search->lowest[node] = ++search->numbers;
    search->open[search->open_count++] = node;
    search->path[(*depth)++] = node;
}

/* Everything on top of `node` is one component. */
static void search_close(Search *search, uint32_t node)
{
    uint32_t id = search->found;
    uint32_t member;
    do {
        member = search->open[--search->open_count];
        search->component[member] = id;
        search->order[search->found++] = member;
    } while (member != node);
}

static void search_from(Search *search, uint32_t root)
{
    size_t depth = 0;
    search_enter(search, &depth, root);
    while (depth > 0) {
        uint32_t node = search->path[depth - 1];
        const Node *n = &search->builder->nodes[node];
        if (search->branch[node] < n->need_count) {
            uint32_t need = n->needs[search->branch[node]++];
            if (search->number[need] == 0)
                search_enter(search, &depth, need);
            else if (search->component[need] == BUILDER_NONE &&
                     search->number[need] < search->lowest[node])
                search->lowest[node] = search->number[need];
            continue;
        }
        if (search->lowest[node] == search->number[node])
            search_close(search, node);
        depth--;
        if (depth > 0) {
            uint32_t parent = search->path[depth - 1];
            if (search->lowest[node] < search->lowest[parent])
                search->lowest[parent] = search->lowest[node];
        }
    }
}

/* One loop: its members, and how to ask whether a node is one. */
typedef struct Loop {
    const uint32_t *members;
    size_t count;
    const uint32_t *component; /* by node, for the first `known` nodes */
    size_t known;
} Loop;

static bool loop_has(const Loop *loop, size_t node)
{
    return node < loop->known && loop->component[node] == loop->component[loop->members[0]];
}

static FragmentKind kind_of(const Builder *builder, size_t node)
{
    return builder->nodes[node].fragment.kind;
}

/* Lets the members of a loop that need `target` need `instead`; only those of `kind`, or all with
 * FRAGMENT_KIND_COUNT. True when there was one. */
static bool redirect(Builder *builder, const Loop *loop, size_t target, size_t instead,
                     FragmentKind kind)
{
    bool changed = false;
    for (size_t i = 0; i < loop->count; i++) {
        size_t member = loop->members[i];
        if (member == target || member == instead ||
            (kind != FRAGMENT_KIND_COUNT && kind_of(builder, member) != kind))
            continue;
        Node *node = &builder->nodes[member];
        for (size_t k = 0; k < node->need_count; k++) {
            if (node->needs[k] == target) {
                node->needs[k] = (uint32_t)instead;
                changed = true;
            }
        }
    }
    return changed;
}

/* A range and its canonical function: the function takes the shell type. */
static bool repair_shell(Builder *builder, const Loop *loop)
{
    for (size_t i = 0; i < loop->count; i++) {
        size_t type = loop->members[i];
        size_t shell = builder->nodes[type].early;
        if (kind_of(builder, type) == FRAGMENT_TYPE && shell != BUILDER_NONE &&
            redirect(builder, loop, type, shell, FRAGMENT_FUNCTION))
            return true;
    }
    return false;
}

/* A partitioned index does not need those of its partitions: they are attached later. */
static bool repair_partitioned_index(Builder *builder, const Loop *loop)
{
    bool changed = false;
    for (size_t i = 0; i < loop->count; i++) {
        Node *node = &builder->nodes[loop->members[i]];
        const Index *child;
        for (size_t k = 0; k < node->need_count; k++) {
            Address need = builder->nodes[node->needs[k]].fragment.object;
            const Constraint *constraint = need.classid == CATALOG_CONSTRAINT
                                               ? model_constraint(builder->model, need.oid)
                                               : NULL;
            child = model_index(builder->model, constraint == NULL ? need.oid : constraint->index);
            if (child == NULL || child->parent == 0 || !loop_has(loop, node->needs[k]) ||
                kind_of(builder, loop->members[i]) == FRAGMENT_INDEX_ATTACH ||
                graph_provider(builder, (Address){CATALOG_CLASS, child->parent, 0}) !=
                    loop->members[i])
                continue;
            node->needs[k--] = node->needs[--node->need_count];
            changed = true;
        }
    }
    return changed;
}

/* A check of a domain that needs something built on the domain: the other way round was only the
 * better order. */
static bool repair_domain_check(Builder *builder, const Loop *loop)
{
    bool changed = false;
    for (size_t i = 0; i < loop->count; i++) {
        Node *node = &builder->nodes[loop->members[i]];
        if (node->fragment.kind != FRAGMENT_TABLE && node->fragment.kind != FRAGMENT_TYPE &&
            node->fragment.kind != FRAGMENT_MATVIEW)
            continue;
        for (size_t k = 0; k < node->need_count; k++) {
            const Fragment *need = &builder->nodes[node->needs[k]].fragment;
            if (need->kind != FRAGMENT_CHECK || need->table != 0 || !loop_has(loop, node->needs[k]))
                continue;
            node->needs[k--] = node->needs[--node->need_count];
            changed = true;
        }
    }
    return changed;
}

/* An operator class comes after the members that its family has besides; those that need something
 * built on the class come later. */
static bool repair_family(Builder *builder, const Loop *loop)
{
    bool changed = false;
    for (size_t i = 0; i < loop->count; i++) {
        Node *node = &builder->nodes[loop->members[i]];
        if (node->fragment.object.classid != CATALOG_OPCLASS)
            continue;
        for (size_t k = 0; k < node->need_count; k++) {
            Oid classid = builder->nodes[node->needs[k]].fragment.object.classid;
            if ((classid != CATALOG_AMOP && classid != CATALOG_AMPROC) ||
                !loop_has(loop, node->needs[k]))
                continue;
            node->needs[k--] = node->needs[--node->need_count];
            changed = true;
        }
    }
    return changed;
}

/* That a statement comes after a cast is a guess. */
static bool repair_cast(Builder *builder, const Loop *loop)
{
    bool changed = false;
    for (size_t i = 0; i < loop->count; i++) {
        Node *node = &builder->nodes[loop->members[i]];
        for (size_t k = 0; k < node->need_count; k++) {
            if (!loop_has(loop, node->needs[k]) ||
                !castorder_is_guess(builder, loop->members[i], node->needs[k]))
                continue;
            node->needs[k--] = node->needs[--node->need_count];
            changed = true;
        }
    }
    return changed;
}

/* A domain whose default calls a function that takes the domain: only the default, a fragment of
 * its own, needs the function. */
static bool repair_late(Builder *builder, const Loop *loop)
{
    bool changed = false;
    for (size_t i = 0; i < loop->count; i++) {
        size_t member = loop->members[i];
        size_t late = builder->nodes[member].late;
        if (late == BUILDER_NONE)
            continue;
        for (size_t k = 0; k < builder->nodes[member].need_count; k++) {
            Node *node = &builder->nodes[member];
            size_t need = node->needs[k];
            if (!loop_has(loop, need) || kind_of(builder, need) == FRAGMENT_TYPE)
                continue;
            node->needs[k--] = node->needs[--node->need_count];
            graph_need(builder, late, need);
            changed = true;
        }
    }
    return changed;
}

static const View *find_view(const Model *model, Address address)
{
    if (address.classid != CATALOG_CLASS)
        return NULL;
    size_t low = 0;
    size_t high = model->views.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const View *view = &model->views.items[middle];
        if (view->object.address.oid == address.oid)
            return view;
        if (view->object.address.oid < address.oid)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Makes a view of the same columns without a body, and lets the real one replace it. */
static size_t add_dummy(Builder *builder, size_t index, const View *view)
{
    static const char create[] = "CREATE VIEW ";
    AUTO(str_clear) Str columns = STR_INIT;
    for (size_t i = 0; i < view->column_count; i++) {
        const Column *column = &view->columns[i];
        str_add(&columns, i == 0 ? " " : ", ");
        str_addf(&columns, "NULL::%s", column->type);
        if (column->collation != NULL)
            str_addf(&columns, " COLLATE %s", column->collation);
        str_addf(&columns, " AS %s", builder_ident(builder, column->name));
    }
    size_t dummy = builder_add(builder, FRAGMENT_VIEW, SECTION_PRE, &view->object,
                               view->object.address.oid, "CREATE VIEW %s AS SELECT%s",
                               builder_name(builder, view->object.schema, view->object.name),
                               str_text(&columns));
    for (size_t i = 0; i < view->column_count; i++)
        graph_need(builder, dummy,
                   graph_provider(builder, (Address){CATALOG_TYPE, view->columns[i].type_oid, 0}));
    graph_need(builder, index, dummy);
    Node *node = &builder->nodes[index];
    node->early = (uint32_t)dummy;
    node->fragment.undo = arena_printf(builder->arena, "CREATE OR REPLACE VIEW %s",
                                       builder->nodes[dummy].fragment.sql + strlen(create));
    if (has_prefix(node->fragment.sql, create))
        node->fragment.sql = arena_printf(builder->arena, "CREATE OR REPLACE VIEW %s",
                                          node->fragment.sql + strlen(create));
    return dummy;
}

/* True when a member that is no view needs this one: most loops close there. */
static bool is_needed_by_other_kind(const Builder *builder, const Loop *loop, size_t view)
{
    for (size_t i = 0; i < loop->count; i++) {
        const Node *node = &builder->nodes[loop->members[i]];
        if (node->fragment.kind == FRAGMENT_VIEW)
            continue;
        for (size_t k = 0; k < node->need_count; k++) {
            if (node->needs[k] == view)
                return true;
        }
    }
    return false;
}

static bool repair_view(Builder *builder, const Loop *loop)
{
    size_t chosen = BUILDER_NONE;
    const View *chosen_view = NULL;
    for (size_t i = 0; i < loop->count; i++) {
        size_t member = loop->members[i];
        const View *view = find_view(builder->model, builder->nodes[member].fragment.object);
        if (kind_of(builder, member) != FRAGMENT_VIEW || view == NULL ||
            builder->nodes[member].early != BUILDER_NONE ||
            !is_needed_by_other_kind(builder, loop, member))
            continue;
        if (chosen == BUILDER_NONE || strcmp(builder->nodes[member].fragment.label,
                                             builder->nodes[chosen].fragment.label) < 0) {
            chosen = member;
            chosen_view = view;
        }
    }
    if (chosen == BUILDER_NONE)
        return false;
    size_t dummy = add_dummy(builder, chosen, chosen_view);
    return redirect(builder, loop, chosen, dummy, FRAGMENT_KIND_COUNT);
}

static bool refuse(const Builder *builder, const Loop *loop, Error *err)
{
    enum { NAMED = 12 };
    AUTO(str_clear) Str names = STR_INIT;
    for (size_t i = 0; i < loop->count && i < NAMED; i++) {
        str_separate(&names, ", ");
        str_add(&names, builder->nodes[loop->members[i]].fragment.label);
    }
    if (loop->count > NAMED)
        str_addf(&names, " and %zu more", loop->count - NAMED);
    error_set(err, ERROR_COPY, "these objects need each other and none can be created first: %s",
              str_text(&names));
    return error_hint(err,
                      "Break the loop in the source, for instance by a function that names the "
                      "other object in a string body.");
}

/* One round: every loop gets one repair. `any` says whether there was a loop. */
static bool repair_all(Builder *builder, const Search *search, bool *any, Error *err)
{
    for (size_t i = 0; i < search->found;) {
        Loop loop = {
            .members = &search->order[i], .component = search->component, .known = search->found};
        size_t id = search->component[search->order[i]];
        while (i < search->found && search->component[search->order[i]] == id) {
            loop.count++;
            i++;
        }
        if (loop.count < 2)
            continue;
        *any = true;
        if (!repair_domain_check(builder, &loop) && !repair_shell(builder, &loop) &&
            !repair_family(builder, &loop) && !repair_cast(builder, &loop) &&
            !repair_partitioned_index(builder, &loop) && !repair_late(builder, &loop) &&
            !repair_view(builder, &loop))
            return refuse(builder, &loop, err);
    }
    return true;
}

bool loop_repair(Builder *builder, uint32_t **order, Error *err)
{
    for (;;) {
        Search search;
        search_new(&search, builder);
        for (uint32_t i = 0; i < builder->count; i++) {
            if (search.number[i] == 0)
                search_from(&search, i);
        }
        bool any = false;
        bool ok = repair_all(builder, &search, &any, err);
        if (ok && !any)
            *order = TAKE(search.order);
        search_free(&search);
        if (!ok || !any)
            return ok;
    }
}
