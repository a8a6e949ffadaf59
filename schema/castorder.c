#include "schema/castorder.h"

#include <stdlib.h>

/* What a cast leans on, a row for each. */
typedef struct Base {
    size_t node; /* a function's or a type's */
    size_t cast;
    bool is_function;
} Base;

static int compare_bases(const void *a, const void *b)
{
    const Base *x = a;
    const Base *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->cast > y->cast) - (x->cast < y->cast);
}

static bool is_cast(const Builder *builder, size_t node)
{
    const Fragment *fragment = &builder->nodes[node].fragment;
    return fragment->object.classid == CATALOG_CAST && fragment->kind == FRAGMENT_OBJECT;
}

/* Sorted by node; the caller frees it. */
static Base *list_bases(const Builder *builder, size_t *count)
{
    size_t most = 0;
    for (size_t i = 0; i < builder->count; i++)
        most += is_cast(builder, i) ? builder->nodes[i].need_count : 0;
    Base *bases = mem_alloc((most + 1) * sizeof(*bases));
    *count = 0;
    for (size_t i = 0; i < builder->count; i++) {
        if (!is_cast(builder, i))
            continue;
        for (size_t k = 0; k < builder->nodes[i].need_count; k++) {
            size_t need = builder->nodes[i].needs[k];
            FragmentKind kind = builder->nodes[need].fragment.kind;
            if (kind == FRAGMENT_EXTENSION || kind == FRAGMENT_SCHEMA)
                continue;
            bases[(*count)++] = (Base){need, i, kind == FRAGMENT_FUNCTION};
        }
    }
    qsort(bases, *count, sizeof(*bases), compare_bases);
    return bases;
}

/* A function's body is parsed when it is created only if it is no string. */
static bool is_parsed(const Builder *builder, const Fragment *fragment)
{
    switch (fragment->kind) {
    case FRAGMENT_TABLE: /* generated columns */
    case FRAGMENT_DEFAULT:
    case FRAGMENT_CHECK:
    case FRAGMENT_VIEW:
    case FRAGMENT_MATVIEW:
    case FRAGMENT_INDEX:
    case FRAGMENT_CONSTRAINT:
    case FRAGMENT_RULE:
    case FRAGMENT_TRIGGER:
    case FRAGMENT_POLICY:
        return true;
    case FRAGMENT_FUNCTION: {
        const Object *object = model_find(builder->model, fragment->object);
        return object != NULL && ((const Function *)(const void *)object)->sql_body;
    }
    default:
        return false;
    }
}

static bool needs(const Node *node, size_t wanted)
{
    for (size_t k = 0; k < node->need_count; k++)
        if (node->needs[k] == wanted)
            return true;
    return false;
}

/* The statement leans on every type that the cast leans on. */
static bool needs_types(const Builder *builder, const Node *node, size_t cast)
{
    const Node *made = &builder->nodes[cast];
    for (size_t k = 0; k < made->need_count; k++) {
        FragmentKind kind = builder->nodes[made->needs[k]].fragment.kind;
        if (kind != FRAGMENT_FUNCTION && kind != FRAGMENT_EXTENSION && kind != FRAGMENT_SCHEMA &&
            !needs(node, made->needs[k]))
            return false;
    }
    return true;
}

static void connect_node(Builder *builder, size_t i, const Base *bases, size_t count)
{
    size_t need_count = builder->nodes[i].need_count; /* grows below */
    for (size_t k = 0; k < need_count; k++) {
        size_t need = builder->nodes[i].needs[k];
        size_t low = 0, high = count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (bases[middle].node < need)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < count && bases[low].node == need; low++)
            if (bases[low].is_function || needs_types(builder, &builder->nodes[i], bases[low].cast))
                graph_need(builder, i, bases[low].cast);
    }
}

void castorder_connect(Builder *builder)
{
    size_t count = 0;
    AUTO(mem_free) Base *bases = list_bases(builder, &count);
    for (size_t i = 0; i < builder->count && count > 0; i++)
        if (is_parsed(builder, &builder->nodes[i].fragment))
            connect_node(builder, i, bases, count);
}

bool castorder_is_guess(const Builder *builder, size_t node, size_t need)
{
    return is_cast(builder, need) && is_parsed(builder, &builder->nodes[node].fragment);
}
