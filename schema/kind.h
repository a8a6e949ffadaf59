/*
 * kind.h - inside schema/ only: the table of object kinds. One row says how a kind is read (its
 * query and which result column fills which struct member) and how its statements are made. Adding
 * a kind: one file `<kind>.c`, one `sql/<query>.sql`, one row in kind.c, its tests.
 *
 * Threads: constants only.
 */
#ifndef PGZM_SCHEMA_KIND_H
#define PGZM_SCHEMA_KIND_H

#include "base/conn.h"
#include "base/mem.h"
#include "schema/builder.h"
#include "schema/model.h"

typedef enum FieldType {
    FIELD_TEXT,   /* const char *; NULL stays NULL */
    FIELD_CHAR,   /* char; NULL or empty becomes '\0' */
    FIELD_BOOL,   /* bool; t or f */
    FIELD_INT,    /* int */
    FIELD_BIGINT, /* int64_t */
    FIELD_DOUBLE, /* double */
    FIELD_OID,    /* Oid; NULL becomes 0 */
    FIELD_OIDS,   /* const Oid *, the count in a size_t member named by `count_offset`;
                     the query gives them as "1,2,3" */
    FIELD_INTS,   /* const int *, likewise */
    FIELD_TEXTS /* const char *const *, likewise; the query gives a JSON array of strings and nulls
                 */
} FieldType;

typedef struct Field {
    const char *column; /* of the query's result; must exist */
    FieldType type;
    size_t offset;
    size_t count_offset; /* for the list types */
} Field;

#define FIELD(type, struct_type, member, column)                                                   \
    {                                                                                              \
        column, type, offsetof(struct_type, member), 0                                             \
    }
#define FIELD_LIST(type, struct_type, member, count_member, column)                                \
    {                                                                                              \
        column, type, offsetof(struct_type, member), offsetof(struct_type, count_member)           \
    }

typedef struct Kind {
    const char *name;    /* "table": for messages, and for the labels of FRAGMENT_OBJECT */
    Place place;         /* of the statements; PLACE_SCHEMA when not said */
    const char *query;   /* file name in schema/sql without .sql */
    const Field *fields; /* besides those of Object, which every query must give:
                            classid, oid, schema, name, owner (see catalog.c) */
    size_t field_count;
    size_t size;        /* of the struct */
    size_t list_offset; /* of the MODEL_LIST in Model; 0 for kinds that nobody else looks into:
                           their struct is their file's own, and Model.lists has the objects */
    /* Makes the statements of one object; NULL when its statements come with another's. */
    void (*build)(Builder *builder, const void *object);
} Kind;

/*
 * Stand-ins for a column number in an Address: what a fragment did to an object, for others to need
 * (builder_provides, builder_needs). Where no fragment provides it the object itself is meant.
 */
enum {
    SUBID_ATTACHED = -1,  /* an index became part of a partitioned one */
    SUBID_REFRESHED = -2, /* a materialized view has its rows */
    SUBID_ENABLED = -3,   /* a trigger and its clones have the trigger's enabled state */
    SUBID_COMPLETE = -4,  /* a wrapper, server or user mapping has its options */
    SUBID_PARAMETERS = -5 /* a publication has its parameters */
};

extern const Kind *const kinds[]; /* ends with NULL */

/* One per file of a kind. */
extern const Kind schema_kind, extension_kind, type_kind, function_kind, sequence_kind, table_kind,
    view_kind, constraint_kind, index_kind, rule_kind, trigger_kind, policy_kind, operator_kind,
    operator_family_kind, operator_class_kind, text_search_parser_kind, text_search_template_kind,
    text_search_dictionary_kind, text_search_configuration_kind, statistics_kind,
    foreign_data_wrapper_kind, server_kind, user_mapping_kind, publication_kind,
    publication_table_kind, publication_schema_kind, setting_kind, database_kind, label_kind,
    default_privilege_kind, event_trigger_kind, collation_kind, language_kind, access_method_kind,
    aggregate_kind, cast_kind, transform_kind, conversion_kind;

#endif
