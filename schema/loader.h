/*
 * loader.h - inside schema/ only: runs the catalog queries of sql/ and puts their rows into the
 * structs of the model. What the queries read is for their .sql files, what is done with the model
 * for the kinds.
 *
 * Every query takes one parameter, $1, a text[] with the names of the schemas to read; an empty
 * array stands for all but system schemas, temporary ones and those whose name begins with "pgzm".
 * Queries that ask the server for definitions (pg_get_viewdef, pg_get_expr, pg_relation_size, ...,
 * all of which lock relations) take two more, $2 and $3 oid[], catalog and OID of each object that
 * is left out, and do not ask for those. What other queries give of them is dropped afterwards.
 *
 * Threads: one per connection.
 */
#ifndef PGZM_SCHEMA_LOADER_H
#define PGZM_SCHEMA_LOADER_H

#include "base/conn.h"
#include "base/mem.h"
#include "schema/catalog.h"
#include "schema/kind.h"
#include "schema/model.h"

/* The text of sql/<name>.sql, the version for the server; NULL when there is none. */
const char *loader_sql(const char *name, int server_version);

/* Runs sql/<name>.sql, the version for the server. The caller owns the result. */
bool loader_query(Conn *conn, const CatalogScope *scope, const char *name, PGresult **result,
                  Error *err) MUST_CHECK;

/* Sends the queries of these names ahead, for loader_query to be called with the same names in the
 * same order, and nothing else on the connection, until conn_ahead_end: one round trip. `arena`
 * must live as long. */
bool loader_ahead(Conn *conn, const CatalogScope *scope, const char *const *names, size_t count,
                  Arena *arena, Error *err) MUST_CHECK;

/* Rows as an array of structs of `size` bytes each, in the order of the result; texts and lists
 * live in `arena`. ERROR_OTHER when a column is missing or a value does not parse. */
bool loader_fill(const PGresult *result, const Field *fields, size_t field_count, size_t size,
                 Arena *arena, void **items, size_t *count, Error *err) MUST_CHECK;

/* The object of an address, in whichever list of the model it is; NULL when there is none. */
Object *loader_object(Model *model, Oid classid, Oid oid);

/* Columns of tables, views and composite types (column.c), before these are read and given to them
 * afterwards: their answer is among the largest, and comes while little else is there. */
typedef struct ReadColumns {
    Column *items;
    Oid *relations; /* of each; owned (mem_free) */
    size_t count;
} ReadColumns;

bool columns_read(Conn *conn, const CatalogScope *scope, Arena *arena, ReadColumns *columns,
                  Error *err) MUST_CHECK;
void columns_assign(Model *model, const ReadColumns *columns);
/* Comments of all objects and columns (comment.c). */
bool comments_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model, Error *err)
    MUST_CHECK;
/* Privileges of all objects (grant.c). */
bool grants_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model, Error *err)
    MUST_CHECK;
/* What is in the schemas and not carried over (uncarried.c). */
bool uncarried_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model, Error *err)
    MUST_CHECK;
/* Who needs whom, sorted by `from` (dependency.c). */
bool dependencies_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model,
                       Error *err) MUST_CHECK;

#endif
