#include "engine/split.h"

#include <string.h>

#include "copy/keyrange.h"
#include "engine/subset.h"

/* OIDs of the types (pg_type.h). */
enum { TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23 };

/* quote_ident writes a name with quotes only where they are needed. */
static bool is_quoted(Run *run, const char *name, const char *quoted)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_ident(run->source, &s, name);
    return strcmp(name, quoted) == 0 || strcmp(str_text(&s), quoted) == 0;
}

/* The bounds stand in the journal, and what is masked does not leave the source. */
static bool is_masked(const Plan *plan, const Table *source, size_t column)
{
    const SubsetTable *subset = subset_of(plan, source);
    return subset != NULL && subset->values != NULL && subset->values[column].expression != NULL;
}

static const char *find_key(Run *run, const Plan *plan, const Table *source)
{
    const Index *key = model_primary_key(plan->source, source->object.address.oid);
    for (size_t i = 0; key != NULL && key->columns_def != NULL && i < source->column_count; i++) {
        const Column *column = &source->columns[i];
        bool whole = column->type_oid == TYPE_INT2 || column->type_oid == TYPE_INT4 ||
                     column->type_oid == TYPE_INT8;
        if (whole && column->not_null && !is_masked(plan, source, i) &&
            is_quoted(run, column->name, key->columns_def))
            return column->name;
    }
    return NULL;
}

bool split_find(Run *run, const Plan *plan, const CopySizes *sizes, CopyTable *table, Error *err)
{
    int64_t wanted = copy_chunks_wanted(table->source, sizes);
    if (wanted <= 1 || copy_reads_pages(conn_version(run->source)))
        return true;
    table->key = find_key(run, plan, table->source);
    if (table->key == NULL)
        return true;
    if (!keyrange_find(run->source, table, wanted, run->settings->jobs, run->arena, err))
        return false;
    log_debug(&run->log, "table %s.%s is read in %zu parts by its key",
              table->source->object.schema, table->source->object.name, table->bound_count + 1);
    return true;
}
