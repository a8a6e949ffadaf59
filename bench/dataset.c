#include "bench/dataset.h"

#include <string.h>

static const Dataset datasets[] = {
    {"narrow", "pgbench's four tables with keys", narrow_make},
    {"stream", "pgbench's accounts alone, without an index", stream_make},
    {"wide", "TPC-H's lineitem: 16 columns, three indexes", wide_make},
    {"toast", "jsonb, text and bytea, much of it in TOAST; two indexes", toast_make},
    {"tables", "small tables of two indexes and up to 60 rows each", small_make},
    {"mixed", "one huge table of 16 types and three indexes, and small tables", mixed_make},
    {"partitioned", "range and hash partitions with foreign keys", partitioned_make},
    {"skewed", "sizes from two fifths of all to nothing, a wide end, a heap mostly of dead rows",
     skewed_make},
    {NULL, NULL, NULL},
};

const Dataset *dataset_all(void)
{
    return datasets;
}

const Dataset *dataset_find(const char *name)
{
    for (const Dataset *d = datasets; d->name != NULL; d++)
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

bool dataset_make(const Dataset *dataset, Conn *conn, const DatasetSize *size, Error *err)
{
    AUTO(rows_free) Rows *rows = rows_new(conn, size->seed, err);
    return conn_exec(conn, "BEGIN", err) && dataset->make(rows, size) &&
           conn_exec(conn, "COMMIT", err) && conn_exec(conn, "VACUUM ANALYZE", err);
}
