#include "schema/finding.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schema/wording.h"

void finding_add(Findings *findings, Difference difference)
{
    if (findings->count == findings->capacity) {
        findings->capacity = findings->capacity == 0 ? 64 : 2 * findings->capacity;
        findings->items =
            mem_resize(findings->items, findings->capacity * sizeof(*findings->items));
    }
    findings->items[findings->count++] = difference;
}

void finding_compare(Findings *findings, Difference difference, const char *source,
                     const char *dest)
{
    if (source == NULL ? dest == NULL : dest != NULL && strcmp(source, dest) == 0)
        return;
    difference.source = source;
    difference.dest = dest;
    const char *reason =
        source == NULL || dest == NULL
            ? NULL
            : wording_same(source, findings->source_version, dest, findings->dest_version);
    if (reason != NULL) {
        difference.class = DIFFERENCE_EXPECTED;
        difference.reason = reason;
    }
    finding_add(findings, difference);
}

const char *finding_operation(Findings *findings, const char *verb, const char *kind)
{
    char *operation = arena_printf(findings->arena, "%s%s", verb, kind);
    for (char *c = operation; *c != '\0'; c++)
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    return operation;
}

/* What a person looks at first; other kinds follow by name. */
static size_t kind_rank(const char *kind)
{
    static const char *const ranks[] = {"schema",     "extension",         "table",       "column",
                                        "constraint", "check constraint",  "foreign key", "index",
                                        "view",       "materialized view", "sequence",    "type",
                                        "function",   "procedure",         "trigger",     "rule",
                                        "policy"};
    size_t rank = 0;
    while (rank < LENGTH(ranks) && strcmp(ranks[rank], kind) != 0)
        rank++;
    return rank;
}

static int compare(const void *a, const void *b)
{
    const Difference *x = a;
    const Difference *y = b;
    size_t x_rank = kind_rank(x->kind), y_rank = kind_rank(y->kind);
    if (x_rank != y_rank)
        return x_rank < y_rank ? -1 : 1;
    int order = strcmp(x->kind, y->kind);
    if (order == 0)
        order = strcmp(x->identity, y->identity);
    if (order == 0)
        order = strcmp(x->operation, y->operation);
    if (order == 0)
        order = strcmp(x->source != NULL ? x->source : "", y->source != NULL ? y->source : "");
    return order != 0 ? order
                      : strcmp(x->dest != NULL ? x->dest : "", y->dest != NULL ? y->dest : "");
}

void finding_hand_over(Findings *findings, DifferenceList *list)
{
    list->count = findings->count;
    list->items = arena_alloc(findings->arena, (findings->count + 1) * sizeof(*list->items));
    if (findings->count > 0)
        memcpy(list->items, findings->items, findings->count * sizeof(*list->items));
    qsort(list->items, list->count, sizeof(*list->items), compare);
    mem_free(findings->items);
    *findings = (Findings){.arena = findings->arena};
}
