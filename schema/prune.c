#include "schema/prune.h"

#include <stdlib.h>

typedef enum NodeState {
    NODE_MEMBER = 1,   /* of an extension, or one: never left out */
    NODE_EXCLUDED = 2, /* by request, itself or with its schema */
    NODE_LEFT = 4,
    NODE_WANTED = 8, /* by request, itself or with its schema */
    NODE_KEPT = 16
} NodeState;

/* The graph with objects as numbers. The edges of a node, outgoing and incoming, are
 * order[start[node]] to order[start[node + 1] - 1]. */
typedef struct Links {
    size_t *start, *order;
} Links;

typedef struct Prune {
    const PruneInput *input;
    Address *nodes; /* sorted */
    unsigned char *state;
    size_t count;
    size_t *from, *to; /* of each edge: the nodes */
    Links out, in;
    size_t *stack, depth;
} Prune;

static int compare_nodes(const void *a, const void *b)
{
    const Address *x = a;
    const Address *y = b;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

bool prune_has(const Address *list, size_t count, Oid classid, Oid oid)
{
    Address key = {.classid = classid, .oid = oid};
    return count > 0 && bsearch(&key, list, count, sizeof key, compare_nodes) != NULL;
}

/* ---- the graph ----------------------------------------------------------------------------- */

static size_t find_node(const Prune *p, Address address)
{
    const Address *found = bsearch(&address, p->nodes, p->count, sizeof address, compare_nodes);
    return (size_t)(found - p->nodes); /* all addresses are nodes */
}

static void put_nodes(Prune *p, const Address *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        p->nodes[p->count++] = (Address){list[i].classid, list[i].oid, 0};
}

static void make_nodes(Prune *p)
{
    const PruneInput *in = p->input;
    size_t most = 2 * in->edge_count + in->excluded_count + in->wanted_count;
    p->nodes = mem_alloc((most + 1) * sizeof *p->nodes);
    for (size_t i = 0; i < in->edge_count; i++) {
        put_nodes(p, &in->edges[i].from, 1);
        put_nodes(p, &in->edges[i].to, 1);
    }
    put_nodes(p, in->excluded, in->excluded_count);
    put_nodes(p, in->wanted, in->wanted_count);
    qsort(p->nodes, p->count, sizeof *p->nodes, compare_nodes);
    size_t unique = 0;
    for (size_t i = 0; i < p->count; i++)
        if (unique == 0 || compare_nodes(&p->nodes[unique - 1], &p->nodes[i]) != 0)
            p->nodes[unique++] = p->nodes[i];
    p->count = unique;
    p->state = mem_alloc(unique + 1);
    p->stack = mem_alloc((unique + 1) * sizeof *p->stack);
}

/* Sorts the edges' numbers by one of their ends. */
static Links make_links(const Prune *p, const size_t *end)
{
    size_t edges = p->input->edge_count;
    Links links = {.start = mem_alloc((p->count + 2) * sizeof(size_t)),
                   .order = mem_alloc((edges + 1) * sizeof(size_t))};
    for (size_t i = 0; i < edges; i++)
        links.start[end[i] + 2]++;
    for (size_t i = 2; i < p->count + 2; i++)
        links.start[i] += links.start[i - 1];
    for (size_t i = 0; i < edges; i++)
        links.order[links.start[end[i] + 1]++] = i;
    return links;
}

static void make_graph(Prune *p)
{
    make_nodes(p);
    size_t edges = p->input->edge_count;
    p->from = mem_alloc((edges + 1) * sizeof(size_t));
    p->to = mem_alloc((edges + 1) * sizeof(size_t));
    for (size_t i = 0; i < edges; i++) {
        const Dependency *edge = &p->input->edges[i];
        p->from[i] = find_node(p, edge->from);
        p->to[i] = find_node(p, edge->to);
        if (edge->type == 'e')
            p->state[p->from[i]] |= NODE_MEMBER;
    }
    for (size_t i = 0; i < p->count; i++)
        if (p->nodes[i].classid == CATALOG_EXTENSION)
            p->state[i] |= NODE_MEMBER;
    p->out = make_links(p, p->from);
    p->in = make_links(p, p->to);
}

static void free_graph(Prune *p)
{
    mem_free(p->nodes);
    mem_free(p->state);
    mem_free(p->stack);
    mem_free(p->from);
    mem_free(p->to);
    mem_free(p->out.start);
    mem_free(p->out.order);
    mem_free(p->in.start);
    mem_free(p->in.order);
}

#define EACH_EDGE(p, links, node, edge)                                                            \
    for (size_t at_ = (p)->links.start[node], edge;                                                \
         at_ < (p)->links.start[(node) + 1] && (edge = (p)->links.order[at_], true); at_++)

static char type_of(const Prune *p, size_t edge)
{
    return p->input->edges[edge].type;
}

static Oid class_of(const Prune *p, size_t node)
{
    return p->nodes[node].classid;
}

static bool is(const Prune *p, size_t node, int state)
{
    return (p->state[node] & state) != 0;
}

/* A publication's table or schema: depends on both and is a part of neither alone. */
static bool is_publishing(const Prune *p, size_t node)
{
    return class_of(p, node) == CATALOG_PUBLICATION_REL ||
           class_of(p, node) == CATALOG_PUBLICATION_NAMESPACE;
}

/* True when what is at the beginning of the edge belongs to what is at its end. */
static bool is_part(const Prune *p, size_t edge)
{
    char type = type_of(p, edge);
    return (type == 'a' || type == 'i' || type == 'P' || type == 'S') &&
           !is_publishing(p, p->from[edge]);
}

/* Marks a node once and puts it on the stack. */
static void mark(Prune *p, size_t node, int state)
{
    if (is(p, node, state))
        return;
    p->state[node] |= (unsigned char)state;
    p->stack[p->depth++] = node;
}

/* ---- what is left out ------------------------------------------------------------------------ */

static void leave_out(Prune *p, size_t node)
{
    if (!is(p, node, NODE_MEMBER) && class_of(p, node) != CATALOG_NAMESPACE)
        mark(p, node, NODE_LEFT);
}

/* Marks what is excluded or wanted: by itself or with its schema. */
static void mark_requested(Prune *p, const Address *list, size_t count, NodeState state)
{
    for (size_t i = 0; i < count; i++) {
        size_t node = find_node(p, list[i]);
        p->state[node] |= (unsigned char)state;
        if (class_of(p, node) != CATALOG_NAMESPACE)
            continue;
        EACH_EDGE(p, in, node, edge)
        if (type_of(p, edge) != 'e' && !is(p, p->from[edge], NODE_MEMBER) &&
            !is_publishing(p, p->from[edge]))
            p->state[p->from[edge]] |= (unsigned char)state;
    }
}

static void spread_left(Prune *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (is(p, i, NODE_EXCLUDED))
            leave_out(p, i);
    for (size_t i = 0; i < p->input->edge_count; i++)
        if (is_publishing(p, p->from[i]) && class_of(p, p->to[i]) == CATALOG_NAMESPACE &&
            is(p, p->to[i], NODE_EXCLUDED))
            leave_out(p, p->from[i]);
    while (p->depth > 0) {
        size_t node = p->stack[--p->depth];
        EACH_EDGE(p, in, node, edge)
        if (type_of(p, edge) != 'e')
            leave_out(p, p->from[edge]);
        /* A view without its rule, a key without its index; but a key that points to a partitioned
         * table has an internal one for each partition there. */
        EACH_EDGE(p, out, node, edge)
        if (type_of(p, edge) == 'i' && !(class_of(p, node) == CATALOG_CONSTRAINT &&
                                         class_of(p, p->to[edge]) == CATALOG_CONSTRAINT))
            leave_out(p, p->to[edge]);
    }
}

/* ---- what is kept ------------------------------------------------------------------------------
 */

static void keep(Prune *p, size_t node)
{
    if (is(p, node, NODE_LEFT))
        return;
    if (is(p, node, NODE_MEMBER) || class_of(p, node) == CATALOG_NAMESPACE)
        p->state[node] |= NODE_KEPT; /* what is in it is not meant */
    else
        mark(p, node, NODE_KEPT);
}

static void spread_kept(Prune *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (is(p, i, NODE_WANTED))
            keep(p, i);
    while (p->depth > 0) {
        size_t node = p->stack[--p->depth];
        EACH_EDGE(p, in, node, edge)
        if (is_part(p, edge))
            keep(p, p->from[edge]);
        EACH_EDGE(p, out, node, edge)
        if (type_of(p, edge) != 'e')
            keep(p, p->to[edge]);
    }
}

/* ---- what to name ---------------------------------------------------------------------------- */

/* The object that a part without a statement of its own belongs to. */
static size_t whole_of(const Prune *p, size_t node)
{
    for (size_t steps = 0; steps < 8; steps++) {
        size_t whole = node;
        EACH_EDGE(p, out, node, edge)
        if (type_of(p, edge) == 'i' && class_of(p, p->to[edge]) != CATALOG_NAMESPACE)
            whole = p->to[edge];
        if (whole == node)
            break;
        node = whole;
    }
    return node;
}

/* Among what the node needs: what is not there, what was excluded before what else is left out. */
static bool find_reason(const Prune *p, size_t node, size_t object, size_t *reason)
{
    bool found = false;
    EACH_EDGE(p, out, node, edge)
    {
        size_t to = p->to[edge];
        bool excluded_schema = class_of(p, to) == CATALOG_NAMESPACE && is(p, to, NODE_EXCLUDED) &&
                               is_publishing(p, node);
        if (is_part(p, edge) || (!is(p, to, NODE_LEFT) && !excluded_schema))
            continue;
        to = whole_of(p, to);
        if (to == object || (found && !is(p, to, NODE_EXCLUDED)))
            continue;
        *reason = to;
        found = true;
        if (is(p, to, NODE_EXCLUDED))
            return true;
    }
    return found;
}

/* Excluded itself, or a part of what is left out, or not wanted at all. */
static bool is_silent(const Prune *p, size_t node)
{
    if (!is(p, node, NODE_LEFT) || is(p, node, NODE_EXCLUDED))
        return true;
    bool wanted = !p->input->only_wanted || is(p, node, NODE_WANTED);
    bool part = false;
    EACH_EDGE(p, out, node, edge)
    {
        if (!is_part(p, edge))
            continue;
        part = part || is(p, p->to[edge], NODE_LEFT);
        wanted = wanted || is(p, p->to[edge], NODE_KEPT);
    }
    return !wanted || (part && !(p->input->only_wanted && is(p, node, NODE_WANTED)));
}

static void name_cuts(const Prune *p, Arena *arena, Pruned *pruned)
{
    PruneCut *cuts = arena_alloc(arena, (p->count + 1) * sizeof *cuts);
    pruned->cuts = cuts;
    for (size_t i = 0; i < p->count; i++) {
        size_t reason = i;
        if (is_silent(p, i))
            continue;
        bool found = find_reason(p, i, i, &reason);
        EACH_EDGE(p, in, i, edge)
        if (!found && type_of(p, edge) == 'i')
            found = find_reason(p, p->from[edge], i, &reason);
        EACH_EDGE(p, out, i, edge) /* wanted by itself, but a part */
        if (!found && is(p, p->to[edge], NODE_LEFT)) {
            found = true;
            reason = p->to[edge];
        }
        cuts[pruned->cut_count++] = (PruneCut){.object = p->nodes[i],
                                               .needs = p->nodes[reason],
                                               .needs_excluded = is(p, reason, NODE_EXCLUDED)};
    }
}

static const Address *list_nodes(const Prune *p, int state, Arena *arena, size_t *count)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++)
        n += is(p, i, state);
    Address *list = arena_alloc(arena, (n + 1) * sizeof *list);
    *count = n;
    n = 0;
    for (size_t i = 0; i < p->count; i++)
        if (is(p, i, state))
            list[n++] = p->nodes[i];
    return list;
}

void prune(const PruneInput *input, Arena *arena, Pruned *pruned)
{
    Prune p = {.input = input};
    *pruned = (Pruned){0};
    make_graph(&p);
    mark_requested(&p, input->excluded, input->excluded_count, NODE_EXCLUDED);
    if (input->only_wanted)
        mark_requested(&p, input->wanted, input->wanted_count, NODE_WANTED);
    spread_left(&p);
    if (input->only_wanted)
        spread_kept(&p);
    name_cuts(&p, arena, pruned);
    pruned->left_out = list_nodes(&p, NODE_LEFT, arena, &pruned->left_out_count);
    pruned->kept = list_nodes(&p, NODE_KEPT, arena, &pruned->kept_count);
    free_graph(&p);
}
