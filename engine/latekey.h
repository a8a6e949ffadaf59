/*
 * latekey.h - inside engine/ only: a foreign key that cannot exist before old and new objects trade
 * places. It is added NOT VALID then, which asks for no scan under the locks, and validated when
 * everything is live. Rows that would violate it are counted beforehand.
 *
 * Partitioned tables take no NOT VALID key before PostgreSQL 18: there each partition gets one, and
 * the key of the whole is added when these are validated; it takes them over without a scan.
 *
 * Threads: the main thread's connections.
 */
#ifndef PGZM_ENGINE_LATEKEY_H
#define PGZM_ENGINE_LATEKEY_H

#include "engine/run.h"

typedef struct LateKey {
    const char *table;   /* the referencing table as it is called when live, quoted */
    const char *name;    /* quoted */
    const char *def;     /* pg_get_constraintdef */
    const char *label;   /* for people */
    const char *comment; /* a COMMENT ON CONSTRAINT, or NULL */
    bool partitioned;    /* the referencing table */
} LateKey;

/* Records the statements that drop and that add the key in a part of the trade (journal.sql), and
 * those of `settle` that validate it, unless the definition says NOT VALID itself. */
bool latekey_drop(Run *run, const LateKey *key, const char *part, int *ordinal, Error *err)
    MUST_CHECK;
bool latekey_add(Run *run, const LateKey *key, const char *part, const char *settle, int *ordinal,
                 Error *err) MUST_CHECK;

/* Where the rows of a key's tables are before the swap; quoted names. */
typedef struct LateKeyPlace {
    const char *referencing, *referenced;
} LateKeyPlace;

/* Only asks what latekey_record_orphans asks that side: for a tape. */
bool latekey_ask(Conn *side, Oid key, Error *err) MUST_CHECK;

/* Records the query that counts the rows which violate foreign key `oid` of that side's catalog,
 * with other tables in the place of its own. */
bool latekey_record_orphans(Run *run, Conn *side, const char *oid, const LateKeyPlace *place,
                            const char *label, int *ordinal, Error *err) MUST_CHECK;

/* Counts the rows that would violate the keys of run->id: warnings, and `orphans` in the result.
 * ERROR_DIFFERENCE when there are some, unless --orphans keep is given. */
bool latekey_check_orphans(Run *run, Error *err) MUST_CHECK;

#endif
