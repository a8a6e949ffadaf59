/*
 * model.h - what a database looks like: the objects of its schemas as plain structs, read from the
 * catalogs (catalog.h) and turned into DDL (fragment.h). The structs are the interface. Not here:
 * how they are read, how statements are made, and anything about rows.
 *
 * Names are raw (unquoted). Texts that end in "def" or "expr" come deparsed from the server and are
 * pasted as they are. All memory belongs to the model's Arena; a model is read-only once read.
 * Where a field holds a catalog's one-letter code the catalog column is named.
 *
 * Threads: any number may read a finished model.
 */
#ifndef PGZM_SCHEMA_MODEL_H
#define PGZM_SCHEMA_MODEL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* OIDs of the catalogs themselves: the same in every server version (pg_class.h and others). */
enum {
    CATALOG_DEFAULT_ACL = 826,
    CATALOG_TYPE = 1247,
    CATALOG_ATTRIBUTE = 1249,
    CATALOG_PROC = 1255,
    CATALOG_CLASS = 1259,
    CATALOG_DATABASE = 1262,
    CATALOG_FOREIGN_SERVER = 1417,
    CATALOG_USER_MAPPING = 1418,
    CATALOG_FOREIGN_DATA_WRAPPER = 2328,
    CATALOG_AM = 2601,
    CATALOG_AMOP = 2602,
    CATALOG_AMPROC = 2603,
    CATALOG_ATTRDEF = 2604,
    CATALOG_CAST = 2605,
    CATALOG_CONSTRAINT = 2606,
    CATALOG_CONVERSION = 2607,
    CATALOG_LANGUAGE = 2612,
    CATALOG_LARGEOBJECT = 2613,
    CATALOG_NAMESPACE = 2615,
    CATALOG_OPCLASS = 2616,
    CATALOG_OPERATOR = 2617,
    CATALOG_REWRITE = 2618,
    CATALOG_TRIGGER = 2620,
    CATALOG_OPFAMILY = 2753,
    CATALOG_DB_ROLE_SETTING = 2964, /* has no OIDs: settings go by their role's */
    CATALOG_EXTENSION = 3079,
    CATALOG_POLICY = 3256,
    CATALOG_STATISTIC_EXT = 3381,
    CATALOG_COLLATION = 3456,
    CATALOG_EVENT_TRIGGER = 3466,
    CATALOG_TRANSFORM = 3576,
    CATALOG_SECURITY_LABEL = 3596, /* has no OIDs: labels go by their object's */
    CATALOG_TS_DICT = 3600,
    CATALOG_TS_PARSER = 3601,
    CATALOG_TS_CONFIG = 3602,
    CATALOG_TS_TEMPLATE = 3764,
    CATALOG_SUBSCRIPTION = 6100,
    CATALOG_PUBLICATION = 6104,
    CATALOG_PUBLICATION_REL = 6106,
    CATALOG_PUBLICATION_NAMESPACE = 6237
};

/* An object as pg_depend names it. subid is the column number, 0 for the whole. */
typedef struct Address {
    Oid classid;
    Oid oid;
    int subid;
} Address;

/* One privilege that differs from what the kind of object grants by default. */
typedef struct Grant {
    const char *column;  /* NULL for the whole object */
    const char *grantee; /* NULL for PUBLIC */
    const char *grantor;
    const char *privilege; /* "SELECT", ... in PostgreSQL's spelling */
    bool grantable;
    bool revoked; /* a default privilege that was taken away: REVOKE it */
} Grant;

/* What all objects have in common: always the first member, named `object`. */
typedef struct Object {
    Address address;
    uint32_t grant_count;
    const char *schema; /* NULL for what has none */
    const char *name;
    const char *owner;     /* role; NULL for what has no owner of its own */
    const char *comment;   /* NULL for none */
    const Grant *grants;   /* in the order in which they must be given */
    const char *extension; /* extension that it depends on (DEPENDS ON EXTENSION), or NULL */
} Object;

typedef struct Schema {
    Object object;
    bool default_owner; /* public, owned by whom a new database has it owned by */
} Schema;

typedef struct Extension {
    Object object;               /* schema: where its members are */
    const char *version;         /* installed version, for messages */
    const char *default_comment; /* the one that CREATE EXTENSION makes; NULL when not known */
    bool relocatable;
} Extension;

/* A row of a composite type or of a table is a Column; see Table. */
typedef struct Column Column;

typedef struct EnumLabel {
    const char *label;
} EnumLabel;

/* Enums, domains, composite types, ranges and base types; typtype says which. */
typedef struct Type {
    Object object;
    char typtype; /* pg_type.typtype: e, d, c, r, b; p for one that is a shell only */
    Oid array_oid;
    Oid relation_oid; /* composite: its pg_class row, which comments on columns hang on */
    /* enum */
    const char *const *labels; /* in sort order */
    size_t label_count;
    /* domain */
    const char *base_type; /* format_type with typmod */
    const char *collation; /* also a range's; qualified and quoted as needed; NULL when the base
                              type's own */
    const char *default_expr;
    bool not_null;
    const char *not_null_name; /* from 17 on: name to print; NULL for the generated one or none */
    /* composite */
    const Column *columns; /* without dropped ones */
    size_t column_count;
    /* range */
    const char *subtype;
    const char *subtype_opclass; /* NULL when the subtype's default */
    const char *canonical;       /* function, quoted as needed; NULL for none */
    const char *subtype_diff;
    const char *multirange_name; /* raw, sources from 14 on; NULL before */
    const char *multirange_schema;
    Oid multirange_oid, multirange_array_oid;
    /* base type */
    const char *base_options; /* what CREATE TYPE has in parentheses */
} Type;

typedef struct Function {
    Object object;
    char prokind;              /* pg_proc.prokind: f, p, w */
    const char *identity_args; /* pg_get_function_identity_arguments */
    const char *def;           /* pg_get_functiondef */
    const char *language;
    bool sql_body; /* BEGIN ATOMIC or RETURN: parsed when created */
} Function;

typedef struct Sequence {
    Object object;
    char persistence; /* pg_class.relpersistence */
    const char *type; /* bigint, ... */
    int64_t start, increment, min, max, cache;
    bool cycle;
    Address owned_by; /* the column, classid 0 for a free one */
    bool identity;    /* made with its column (pg_depend 'i') */
} Sequence;

/* Members by size: there are more columns than anything else. */
struct Column {
    const char *name;
    const char *type;          /* format_type with typmod */
    const char *collation;     /* qualified; NULL when the type's own */
    const char *not_null_name; /* 18: name to print; NULL for the generated one or none */
    const char *default_expr;  /* also the generation expression; NULL for none */
    const char *options;       /* attoptions as "name=value, ...", ready to paste; NULL for none */
    const char *foreign_options; /* of a foreign table's, ready to paste in OPTIONS (...); NULL */
    const char *comment;
    int number; /* attnum */
    Oid type_oid;
    Oid default_oid;  /* pg_attrdef row */
    int inherited;    /* attinhcount */
    int statistics;   /* attstattarget, -1 for the default */
    char generated;   /* pg_attribute.attgenerated: '\0', s, v */
    char identity;    /* pg_attribute.attidentity: '\0', a, d */
    char storage;     /* attstorage where it differs from the type's, else '\0' */
    char compression; /* attcompression: '\0', p, l */
    bool local;       /* attislocal */
    bool not_null;
    bool not_null_no_inherit; /* 18 */
    bool not_null_local;      /* declared here, not only inherited; true before 18 */
    bool not_null_valid;      /* 18: false when NOT VALID */
};

typedef enum Persistence { PERSISTENCE_PERMANENT = 'p', PERSISTENCE_UNLOGGED = 'u' } Persistence;

/* Ordinary, partitioned and foreign tables. Foreign ones have no rows here. */
typedef struct Table {
    Object object;
    char relkind;          /* pg_class.relkind: r, p, f */
    char persistence;      /* pg_class.relpersistence */
    char replica_identity; /* relreplident: d, n, f, i; d for a foreign table */
    bool is_partition;
    bool hash_enum_key; /* some ancestor or itself hashes by an enum: load through the root */
    bool row_security, force_row_security;
    Oid row_type, row_type_array, server_oid;
    const Column *columns; /* without dropped ones, by number */
    size_t column_count;
    const Oid *parents; /* inheritance parents in inhseqno order; one for a partition */
    size_t parent_count;
    const char *partition_key;   /* pg_get_partkeydef; NULL unless partitioned */
    const char *partition_bound; /* FOR VALUES ... or DEFAULT; NULL unless a partition */
    const char *of_type;         /* typed table: the type, qualified; NULL */
    const char *access_method;   /* NULL for the default of the kind (heap) */
    const char *tablespace;      /* NULL for the database's */
    const char *options;         /* reloptions and toast.*, ready to paste in WITH (...); NULL */
    const char *server;          /* of a foreign table; NULL */
    const char *foreign_options; /* of a foreign table, ready to paste in OPTIONS (...); NULL */
    int64_t heap_pages;          /* size of the main fork in blocks, now; 0 for partitioned */
    int64_t total_bytes;         /* heap and TOAST */
    double row_estimate;         /* reltuples; -1 when never analyzed */
} Table;

/* Views and materialized views. */
typedef struct View {
    Object object;
    char relkind; /* v, m */
    Oid row_type, row_type_array;
    const char *def; /* pg_get_viewdef, without the final semicolon */
    const char *options;
    const char *check_option; /* "LOCAL", "CASCADED" or NULL */
    const char *access_method, *tablespace;
    bool populated;
    int64_t total_bytes;   /* of a matview: heap and TOAST */
    const Column *columns; /* for comments, defaults of views, statistics of matviews */
    size_t column_count;
} View;

/* Of tables and of domains. NOT NULL is a property of the column. */
typedef struct Constraint {
    Object object; /* schema and name of the constraint; name is unique per table only */
    char contype;  /* pg_constraint.contype: c, p, u, x, f, t is never read */
    bool local;    /* conislocal */
    bool validated;
    bool no_inherit;
    bool deferrable;
    bool deferred; /* INITIALLY DEFERRED */
    Oid table;     /* 0 for a domain's */
    Oid domain;
    Oid index; /* the index behind p, u, x; for f: the one on the referenced side */
    Oid referenced_table;
    Oid parent;      /* conparentid: the partitioned table's constraint that it belongs to */
    const char *def; /* pg_get_constraintdef */
} Constraint;

typedef struct Index {
    Object object; /* comment: of the index */
    Oid table;
    Oid constraint; /* pg_constraint row that it backs, or 0 */
    Oid parent;     /* partitioned index that it is attached to, or 0 */
    char relkind;   /* i, I */
    bool unique, primary, exclusion, nulls_not_distinct, without_overlaps;
    bool valid, clustered, replica_identity;
    bool plain;              /* a btree over columns alone, with all rows */
    const char *def;         /* pg_get_indexdef, with the tablespace */
    const char *bare_def;    /* without it */
    const char *columns_def; /* for p, u: the key columns, quoted, comma separated */
    const char *include_def; /* for p, u: the INCLUDE columns, or NULL */
    const char *options;     /* reloptions, ready to paste; NULL */
    const char *tablespace;
    const int *statistics; /* per column: target or -1 */
    size_t column_count;
} Index;

typedef struct Rule {
    Object object;
    Oid table;
    const char *def; /* pg_get_ruledef, without the final semicolon */
    char enabled;    /* ev_enabled: O, D, R, A */
} Rule;

typedef struct Trigger {
    Object object;
    Oid table;
    const char *def; /* pg_get_triggerdef */
    char enabled;    /* tgenabled: O, D, R, A */
    bool is_clone;   /* of a partitioned table's trigger: only a different `enabled` is printed */
    Oid constraint;  /* constraint trigger: its pg_constraint row, or 0 */
    Oid parent;      /* the trigger that it is a clone of, or 0 */
    char parent_enabled;
    bool has_clones;
} Trigger;

typedef struct Policy {
    Object object;
    Oid table;
    char command; /* polcmd: r, a, w, d, * */
    bool permissive;
    const char *const *roles; /* a NULL entry is PUBLIC */
    size_t role_count;
    const char *using_expr, *check_expr;
} Policy;

/* What exists in the schemas and is not carried over: named before anything starts. */
typedef struct Uncarried {
    const char *kind;     /* "aggregate", "foreign table", ... */
    const char *identity; /* as pg_identify_object prints it */
} Uncarried;

/* A row of pg_depend between user objects, internal ones resolved as in depends.sql. */
typedef struct Dependency {
    Address from, to; /* `from` needs `to` */
    char type;        /* pg_depend.deptype */
} Dependency;

/* A list of one kind: `items` sorted by OID. */
#define MODEL_LIST(type)                                                                           \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
    }

/* The objects of one kind: structs of `size` bytes that begin with an Object, sorted by OID. */
typedef struct ObjectList {
    const char *kind; /* "table", "operator class", ... */
    void *items;
    size_t count, size;
} ObjectList;

enum { MODEL_KINDS_MAX = 64 };

typedef struct Model {
    int server_version;   /* PQserverVersion of where it was read */
    const char *database; /* the one that statements about the database itself name; a caller that
                             runs them elsewhere sets it to that one */
    /* Every kind, in the order of the table of kinds; the lists below are the same objects typed,
     * for the kinds that others look into. */
    ObjectList lists[MODEL_KINDS_MAX];
    size_t list_count;
    MODEL_LIST(Schema) schemas;
    MODEL_LIST(Extension) extensions;
    MODEL_LIST(Type) types;
    MODEL_LIST(Function) functions;
    MODEL_LIST(Sequence) sequences;
    MODEL_LIST(Table) tables;
    MODEL_LIST(View) views;
    MODEL_LIST(Constraint) constraints;
    MODEL_LIST(Index) indexes;
    MODEL_LIST(Rule) rules;
    MODEL_LIST(Trigger) triggers;
    MODEL_LIST(Policy) policies;
    MODEL_LIST(Uncarried) uncarried;     /* not sorted by OID */
    MODEL_LIST(Dependency) dependencies; /* sorted by from.classid, from.oid */
    Arena *dependency_arena;             /* where they live; NULL in a model made by hand */
    /* The same objects in other orders (model_sort); NULL in a model that was not sorted. */
    const Table **tables_by_name;
    const Sequence **sequences_by_name;
    const Index **indexes_by_parent;         /* then by OID */
    const Constraint **constraints_by_table; /* then by OID */
} Model;

/* For one whose statements are made: little else looks at dependencies, and they are many. */
void model_forget_dependencies(Model *model);

/* Makes the orders that quick look-ups need; a model without them is searched from end to end. */
void model_sort(Model *model, Arena *arena);

/* The partitions' indexes that are attached to a partitioned one, as the first of `count` in
 * model->indexes_by_parent; NULL when there are none. The model must be sorted. */
const Index *const *model_index_parts(const Model *model, Oid parent, size_t *count);

/* The constraints of a table, likewise. */
const Constraint *const *model_table_constraints(const Model *model, Oid table, size_t *count);

/* The object at a position of a list. */
const Object *model_object(const ObjectList *list, size_t i);

/* The object of an address, whatever its kind; NULL when the model has none. */
const Object *model_find(const Model *model, Address address);

/* By OID; NULL when there is none. Binary search. */
const Schema *model_schema(const Model *model, const char *name);
const Table *model_table(const Model *model, Oid oid);
const Index *model_index(const Model *model, Oid oid);
const Constraint *model_constraint(const Model *model, Oid oid);
const Type *model_type(const Model *model, Oid oid);
const View *model_view(const Model *model, Oid oid);
const Trigger *model_trigger(const Model *model, Oid oid);
/* A table or a view. */
const Object *model_relation(const Model *model, Oid oid);
/* By name; NULL when there is none. Linear or better. */
const Table *model_table_named(const Model *model, const char *schema, const char *name);
const Sequence *model_sequence_named(const Model *model, const char *schema, const char *name);
/* The table's primary key, or NULL. */
const Index *model_primary_key(const Model *model, Oid table);

/* A table with rows of its own to copy: a leaf, and not somewhere else. */
static inline bool table_has_rows(const Table *table)
{
    return table->relkind == 'r';
}

/* A column whose values travel: not generated. */
static inline bool column_is_copied(const Column *column)
{
    return column->generated == '\0';
}

#endif
