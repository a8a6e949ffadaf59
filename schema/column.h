/*
 * column.h - inside schema/ only: columns of tables, views and composite types. How they are
 * printed in a CREATE, and the statements that change one column.
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_COLUMN_H
#define PGZM_SCHEMA_COLUMN_H

#include "schema/builder.h"
#include "schema/model.h"

/* The column with this attnum or name; NULL when there is none. */
const Column *column_numbered(const Column *columns, size_t count, int number);
const Column *column_named(const Column *columns, size_t count, const char *name);

/* Appends "name type OPTIONS (...) COLLATE c", quoted. */
void column_add_type(Builder *builder, Str *s, const Column *column);

/* The column as an object: the relation's schema, "relation.column", the address with its number.
 */
Object column_object(Builder *builder, const Object *relation, const Column *column);

/* SET DEFAULT for what is not generated. `alter` is "TABLE ONLY" or "VIEW". Returns the fragment,
 * BUILDER_NONE when there is no default. */
size_t column_build_default(Builder *builder, const Object *relation, const char *alter,
                            const Column *column);

/* Storage, compression, statistics target and options that are not the default, as one statement;
 * BUILDER_NONE when there is nothing to say. `alter` is "TABLE ONLY" or "MATERIALIZED VIEW". */
size_t column_build_property(Builder *builder, const Object *relation, const char *alter,
                             const Column *column);

/* COMMENT ON COLUMN for those that have one, after fragment `index`. */
void column_build_comments(Builder *builder, size_t index, const Object *relation,
                           const Column *columns, size_t count);

/* ALTER TABLE ... ADD GENERATED ... AS IDENTITY for an identity sequence, with the sequence's
 * privileges and comment. For the sequences' kind. */
void column_build_identity(Builder *builder, const Sequence *sequence);

#endif
