/*
 * sql.h - statements that live in .sql files and are built into the program (cmake/embed.cmake).
 *
 * Threads: constants only.
 */
#ifndef PGZM_BASE_SQL_H
#define PGZM_BASE_SQL_H

#include <stddef.h>

typedef struct Sql {
    const char *name; /* file name without .sql and without the version suffix */
    int min_version;  /* PQserverVersion from which on this text is meant; 0 for all */
    const char *text;
} Sql;

/* The text for a server version: among those of the name the one with the highest min_version that
 * is not above it. NULL when there is none, which is a programming error. */
const char *sql_find(const Sql *table, size_t count, const char *name, int server_version);

#endif
