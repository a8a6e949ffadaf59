#include "base/sql.h"

#include <string.h>

const char *sql_find(const Sql *table, size_t count, const char *name, int server_version)
{
    const Sql *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0 && table[i].min_version <= server_version &&
            (best == NULL || table[i].min_version > best->min_version))
            best = &table[i];
    return best != NULL ? best->text : NULL;
}
