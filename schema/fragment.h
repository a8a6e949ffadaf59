/*
 * fragment.h - a model as statements: the smallest pieces of DDL, each with its own statement, in
 * an order that the dependency graph gives. Not here: running them.
 *
 * Texts of a fragment may be the model's: a list lives no longer than the model that it was made
 * of. Every name in a statement is qualified by the model's own schema names, or printed by the
 * server under the search_path of the reading session.
 *
 * Threads: one per build; a finished list may be read by any.
 */
#ifndef PGZM_SCHEMA_FRAGMENT_H
#define PGZM_SCHEMA_FRAGMENT_H

#include "base/conn.h"
#include "base/mem.h"
#include "schema/model.h"

/* One byte each: thousands of fragments hold them. */
typedef enum __attribute__((packed)) FragmentKind {
    FRAGMENT_SCHEMA,    /* CREATE SCHEMA, not for public; the engine may leave it out */
    FRAGMENT_EXTENSION, /* CREATE EXTENSION; the engine runs it by itself */
    FRAGMENT_TYPE,      /* shell, enum, domain, composite, range */
    FRAGMENT_FUNCTION,
    FRAGMENT_SEQUENCE,
    FRAGMENT_TABLE,  /* bare table: columns, NOT NULL, generated columns, partition key */
    FRAGMENT_ATTACH, /* partition to parent */
    FRAGMENT_DEFAULT,
    FRAGMENT_IDENTITY,
    FRAGMENT_OWNED_BY,   /* sequence to column */
    FRAGMENT_CHECK,      /* of a table or a domain */
    FRAGMENT_VIEW,       /* also the dummy view of a loop, and the real one replacing it */
    FRAGMENT_MATVIEW,    /* WITH NO DATA */
    FRAGMENT_INDEX,      /* CREATE INDEX, also the unique index that a constraint takes over */
    FRAGMENT_CONSTRAINT, /* primary key, unique, exclusion */
    FRAGMENT_INDEX_ATTACH,
    FRAGMENT_FOREIGN_KEY,
    FRAGMENT_RULE,
    FRAGMENT_TRIGGER,
    FRAGMENT_ENABLE, /* ENABLE/DISABLE state of a trigger or a rule */
    FRAGMENT_POLICY,
    FRAGMENT_ROW_SECURITY, /* ENABLE or FORCE ROW LEVEL SECURITY */
    FRAGMENT_OWNER,
    FRAGMENT_GRANT,
    FRAGMENT_COMMENT,
    FRAGMENT_PROPERTY, /* statistics target, storage, cluster mark, replica identity, ... */
    FRAGMENT_REFRESH,  /* REFRESH MATERIALIZED VIEW of a populated one */
    FRAGMENT_OBJECT,   /* makes an object of any other kind; the label names the kind */
    FRAGMENT_MEMBER, /* adds a part to such an object that can be taken away by itself: a table to a
                        publication, an option to a server */
    FRAGMENT_KIND_COUNT
} FragmentKind;

/* PRE needs no rows. POST waits for the rows of `table`, or is cheaper or only possible after them.
 */
typedef enum __attribute__((packed)) Section { SECTION_PRE, SECTION_POST } Section;

/*
 * Where a statement's object lives, which decides who can see it before it goes live. Objects of
 * schemas can be made beside the live ones. Global ones cannot: they are told apart by `undo`. Two
 * statements with the same undo are about the same thing (an option of a server, a table of a
 * publication): the one of the source takes the place of the destination's.
 */
typedef enum __attribute__((packed)) Place {
    PLACE_SCHEMA,
    PLACE_EARLY, /* global, and the new objects may need it: made before them when it is not there
                    (a language, a server); an existing one is changed only in the swap */
    PLACE_SWAP   /* global, and at work as soon as it is there: made and changed only in the swap (a
                    publication, an event trigger, default privileges) */
} Place;

typedef struct Fragment {
    FragmentKind kind;
    Section section;
    Place place;
    bool in_whole;  /* is in another one's `whole` */
    Address object; /* what it makes or changes, in the model that it was made from */
    Oid table;      /* the relation that it belongs to (index, trigger, ...), or 0 */
    uint32_t need_count;
    const char *schema;   /* of the object; NULL for none */
    const char *label;    /* for a person: "index public.orders_pkey", one line */
    const char *identity; /* the same with the names as they are: what two databases' objects are
                             paired by */
    const char *sql;      /* one statement without a final semicolon */
    const char *undo;  /* one statement that takes it back; NULL when there is none, or when it goes
                          with the object */
    const char *owner; /* of FRAGMENT_OWNER: the role, quoted, with which the statement ends */
    const char *change; /* one statement that takes the place of another one's with the same undo;
                           NULL: that is taken back and this one run */
    const char *whole;  /* `sql` and its members' in one statement, as some can only be made: a
                           foreign server whose wrapper insists on options; NULL: as it is */
    uint32_t *needs;    /* positions in the list of the fragments that must come first, ascending;
                           each is smaller than the fragment's own position */
    int64_t weight;     /* bytes of the table it reads, for scheduling; 0 when it reads none */
} Fragment;

typedef struct FragmentList {
    Fragment *items; /* PRE before POST; each after what it needs */
    size_t count;
} FragmentList;

/* Makes the statements of a whole model, sorted, for a server of `target_version` (as
 * PQserverVersion). `conn` only quotes (any connection, also one that never connected). Everything
 * lives in `arena`. Errors: ERROR_COPY when a loop in the dependencies
 * has no known repair, naming its members. */
bool fragments_build(const Model *model, int target_version, const Conn *conn, Arena *arena,
                     FragmentList *list, Error *err) MUST_CHECK;

/* The same for those alone that wait for rows (SECTION_POST) and make or change something in a
 * schema: `needs` are among them, `undo` is not filled. */
bool fragments_build_post(const Model *model, int target_version, const Conn *conn, Arena *arena,
                          FragmentList *list, Error *err) MUST_CHECK;

/* Copies the fragments that are `kept`, one bool for each, with their texts into another arena;
 * their needs are left out. */
void fragments_keep(const FragmentList *list, const bool *kept, Arena *arena, FragmentList *copy);

/* A statement for people to read: the options of user mappings, which are passwords, without their
 * values. Any statement may be given; NULL stays NULL. */
const char *fragment_shown(const char *sql, Arena *arena);

/* What a person reads of "index public.orders_pkey": one line, though names may hold newlines and
 * worse. The same text where nothing is to be changed, otherwise in `arena`. */
const char *fragment_label(const char *identity, Arena *arena);

/* "index", "foreign key", ... for messages. */
const char *fragment_kind_name(FragmentKind kind);

#endif
