#include "engine/rowdiff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum {
    GROUPS = 65536,        /* of rows by the last 16 bits of their hashes */
    GROUPS_READ_MAX = 256, /* of those that differ */
    ROWS_READ_MAX = 50000  /* of both sides, as far as one group has no more */
};

/* ---- first scan: groups ------------------------------------------------------------------ */

typedef struct Group {
    int64_t rows[2];
    uint64_t sums[2];
} Group;

static ChecksumRows side_rows(const RowDiffTable *table, ConnSide side)
{
    const RowDiffSide *at = &table->sides[side];
    return (ChecksumRows){.from = at->from,
                          .values = table->values,
                          .value_count = table->value_count,
                          .hash = table->hash,
                          .sql_ascii = checksum_lacks_encoding(at->conn)};
}

/* OFFSET 0 keeps the planner from computing the hash once for the group and once for the sum. */
static bool read_groups(const RowDiffTable *table, ConnSide side, Group *groups, Arena *arena,
                        Error *err)
{
    const ChecksumRows rows = side_rows(table, side);
    const char *sql = arena_printf(
        arena,
        "SELECT h & %d, pg_catalog.count(*), pg_catalog.sum(h) FROM (SELECT %s AS h FROM %s AS t"
        " OFFSET 0) AS s GROUP BY 1",
        GROUPS - 1, checksum_row(&rows, arena), rows.from);
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(table->sides[side].conn, sql, 0, NULL, &result, err))
        return false;
    for (int i = 0; i < PQntuples(result); i++) {
        Group *group = &groups[strtol(PQgetvalue(result, i, 0), NULL, 10) & (GROUPS - 1)];
        group->rows[side] = strtoll(PQgetvalue(result, i, 1), NULL, 10);
        group->sums[side] = checksum_number(PQgetvalue(result, i, 2));
    }
    return true;
}

static bool group_differs(const Group *group)
{
    return group->rows[0] != group->rows[1] || group->sums[0] != group->sums[1];
}

/* Groups that differ, as a bigint[]; `complete` when these are all. */
static const char *choose_groups(const Group *groups, bool *complete, Arena *arena)
{
    AUTO(str_clear) Str list = STR_INIT;
    int64_t rows = 0;
    int chosen = 0;
    *complete = true;
    str_add(&list, "{");
    for (int i = 0; i < GROUPS; i++) {
        if (!group_differs(&groups[i]))
            continue;
        rows += groups[i].rows[0] + groups[i].rows[1];
        if (chosen == GROUPS_READ_MAX || (chosen > 0 && rows > ROWS_READ_MAX)) {
            *complete = false;
            break;
        }
        str_addf(&list, "%s%d", chosen++ == 0 ? "" : ",", i);
    }
    str_add(&list, "}");
    return arena_strdup(arena, str_text(&list));
}

/* ---- second scan: rows ------------------------------------------------------------------- */

typedef struct Row {
    uint64_t hash;
    const char *key;
    int number; /* in the order of the key */
} Row;

/* What one side has and the other has not. */
typedef struct Rows {
    PGresult *result;
    Row *items;
    size_t count;
} Rows;

static void rows_clear(Rows *rows)
{
    PQclear(rows->result);
    mem_free(rows->items);
}

static inline void auto_rows_clear(Rows *rows)
{
    rows_clear(rows);
}

/* Columns of the result: key, hash, and the hash of each value. */
static const char *rows_query(const RowDiffTable *table, ConnSide side, const char *groups,
                              Arena *arena)
{
    const ChecksumRows rows = side_rows(table, side);
    const char *hash = checksum_row(&rows, arena);
    const char *key = table->key != NULL ? table->key : "t.ctid";
    AUTO(str_clear) Str sql = STR_INIT;
    str_addf(&sql, "SELECT pg_catalog.concat_ws(', ', %s), %s", key, hash);
    for (size_t i = 0; i < table->value_count && table->key != NULL; i++)
        str_addf(&sql, ", %s", checksum_value(&rows, i, arena));
    str_addf(&sql, " FROM %s AS t WHERE %s & %d = ANY ('%s'::bigint[])", rows.from, hash,
             GROUPS - 1, groups);
    str_addf(&sql, " ORDER BY %s", key);
    return arena_strdup(arena, str_text(&sql));
}

static bool read_rows(const RowDiffTable *table, ConnSide side, const char *groups, Rows *rows,
                      Arena *arena, Error *err)
{
    if (!conn_query(table->sides[side].conn, rows_query(table, side, groups, arena), 0, NULL,
                    &rows->result, err))
        return false;
    rows->count = (size_t)PQntuples(rows->result);
    rows->items = mem_alloc((rows->count + 1) * sizeof *rows->items);
    for (size_t i = 0; i < rows->count; i++)
        rows->items[i] = (Row){.hash = checksum_number(PQgetvalue(rows->result, (int)i, 1)),
                               .key = PQgetvalue(rows->result, (int)i, 0),
                               .number = (int)i};
    return true;
}

static int compare_hashes(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    return x->hash != y->hash ? (x->hash < y->hash ? -1 : 1) : 0;
}

static int compare_keys(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static int compare_numbers(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Takes out what both have, one for one; what is left is in the order of the key. */
static void drop_common(Rows *ours, Rows *theirs)
{
    size_t i = 0, k = 0, left = 0, right = 0;
    qsort(ours->items, ours->count, sizeof(Row), compare_hashes);
    qsort(theirs->items, theirs->count, sizeof(Row), compare_hashes);
    while (i < ours->count || k < theirs->count) {
        int order = i == ours->count     ? 1
                    : k == theirs->count ? -1
                                         : compare_hashes(&ours->items[i], &theirs->items[k]);
        if (order < 0)
            ours->items[left++] = ours->items[i++];
        else if (order > 0)
            theirs->items[right++] = theirs->items[k++];
        else
            i++, k++;
    }
    ours->count = left;
    theirs->count = right;
    qsort(ours->items, left, sizeof(Row), compare_numbers);
    qsort(theirs->items, right, sizeof(Row), compare_numbers);
}

/* ---- what is left ------------------------------------------------------------------------ */

static void set_range(RowDiffRange *range, const Rows *rows, Arena *arena)
{
    *range = (RowDiffRange){.rows = (int64_t)rows->count};
    if (rows->count == 0)
        return;
    range->first = arena_strdup(arena, rows->items[0].key);
    range->last = arena_strdup(arena, rows->items[rows->count - 1].key);
}

static bool value_differs(const Rows *ours, const Row *our, const Rows *theirs, const Row *their,
                          int column)
{
    bool none = PQgetisnull(ours->result, our->number, column);
    if (none || PQgetisnull(theirs->result, their->number, column))
        return none != PQgetisnull(theirs->result, their->number, column);
    return strcmp(PQgetvalue(ours->result, our->number, column),
                  PQgetvalue(theirs->result, their->number, column)) != 0;
}

/* Rows with the same keys on both sides: which columns differ. */
static void set_columns(const RowDiffTable *table, Rows *ours, Rows *theirs, RowDiff *diff,
                        Arena *arena)
{
    if (table->key == NULL || ours->count != theirs->count || ours->count == 0)
        return;
    qsort(ours->items, ours->count, sizeof(Row), compare_keys);
    qsort(theirs->items, theirs->count, sizeof(Row), compare_keys);
    for (size_t i = 0; i < ours->count; i++)
        if (strcmp(ours->items[i].key, theirs->items[i].key) != 0)
            return;
    AUTO(str_clear) Str columns = STR_INIT;
    for (size_t column = 0; column < table->value_count; column++) {
        bool differs = false;
        for (size_t i = 0; i < ours->count && !differs; i++)
            differs =
                value_differs(ours, &ours->items[i], theirs, &theirs->items[i], (int)column + 2);
        if (!differs)
            continue;
        str_separate(&columns, ", ");
        str_add(&columns, table->names[column]);
    }
    diff->paired = true;
    diff->columns = arena_strdup(arena, str_text(&columns));
}

bool rowdiff_find(const RowDiffTable *table, Arena *arena, RowDiff *diff, Error *err)
{
    AUTO(rows_clear) Rows ours = {0};
    AUTO(rows_clear) Rows theirs = {0};
    AUTO(mem_free) Group *groups = mem_alloc(GROUPS * sizeof *groups);
    *diff = (RowDiff){0};
    if (!read_groups(table, CONN_SOURCE, groups, arena, err) ||
        !read_groups(table, CONN_DEST, groups, arena, err))
        return false;
    const char *list = choose_groups(groups, &diff->complete, arena);
    if (!read_rows(table, CONN_SOURCE, list, &ours, arena, err) ||
        !read_rows(table, CONN_DEST, list, &theirs, arena, err))
        return false;
    drop_common(&ours, &theirs);
    set_range(&diff->ranges[CONN_SOURCE], &ours, arena);
    set_range(&diff->ranges[CONN_DEST], &theirs, arena);
    set_columns(table, &ours, &theirs, diff, arena);
    return true;
}

/* ---- in words ---------------------------------------------------------------------------- */

/* "(id)=(17)", "(id)=(17) to (19)"; "ctid (0,5) to (6,63)" */
static void add_range(Str *s, const RowDiffRange *range, const char *key)
{
    if (key == NULL)
        str_addf(s, "ctid %s", range->first);
    else
        str_addf(s, "(%s)=(%s)", key, range->first);
    if (range->rows > 1)
        str_addf(s, key == NULL ? " to %s" : " to (%s)", range->last);
}

static void add_missing(Str *s, const RowDiffRange *range, bool complete, const char *key,
                        const char *here, const char *there)
{
    if (range->rows == 0)
        return;
    str_separate(s, "; ");
    if (!complete)
        str_add(s, "at least ");
    str_addf(s, "%" PRId64 " %s of the %s", range->rows, range->rows == 1 ? "row" : "rows", here);
    if (range->first[0] != '\0') {
        str_add(s, complete ? ", " : ", among them ");
        add_range(s, range, key);
        str_add(s, ",");
    }
    str_addf(s, " %s not in the %s", range->rows == 1 ? "is" : "are", there);
}

const char *rowdiff_describe(const RowDiff *diff, const char *key, Arena *arena)
{
    AUTO(str_clear) Str s = STR_INIT;
    const RowDiffRange *ours = &diff->ranges[CONN_SOURCE];
    if (diff->paired) {
        if (!diff->complete)
            str_add(&s, "at least ");
        str_addf(&s, "%" PRId64 " %s %s, %s", ours->rows, ours->rows == 1 ? "row" : "rows",
                 ours->rows == 1 ? "differs" : "differ", diff->complete ? "" : "among them ");
        add_range(&s, ours, key);
        str_addf(&s, ", in column%s %s", strchr(diff->columns, ',') != NULL ? "s" : "",
                 diff->columns);
    } else {
        add_missing(&s, ours, diff->complete, key, "source", "destination");
        add_missing(&s, &diff->ranges[CONN_DEST], diff->complete, key, "destination", "source");
    }
    return arena_strdup(arena, str_text(&s));
}
