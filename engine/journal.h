/*
 * journal.h - inside engine/ only: the tables of schema pgzm in the destination that record
 * migrations, and the advisory lock that keeps two commands apart. The only place that changes a
 * migration's state.
 *
 * Threads: journal_* of the main thread's connection; journal_task_* of the worker's own.
 */
#ifndef PGZM_ENGINE_JOURNAL_H
#define PGZM_ENGINE_JOURNAL_H

#include "base/conn.h"
#include "base/mem.h"
#include "engine/run.h"

#define STATE_PREPARING "PREPARING"
#define STATE_PREPARED "PREPARED"
#define STATE_SWAPPED "SWAPPED"
#define STATE_SETTLED "SETTLED"
#define STATE_ROLLED_BACK "ROLLED BACK"
#define STATE_ABORTED "ABORTED"

typedef struct JournalMigration {
    int64_t id;
    const char *state;
    const char *source_as_of; /* timestamptz text in UTC, or NULL */
    const char *created_at;
    const char *fingerprint; /* NULL before it is prepared */
    const char *cleaned_at;  /* "2026-11-21 10:00 UTC", or NULL while its backup is there */
} JournalMigration;

typedef struct JournalSchema {
    const char *live, *shadow, *backup, *undone;
    bool created;
} JournalSchema;

typedef struct JournalSchemas {
    JournalSchema *items;
    size_t count;
} JournalSchemas;

/* Takes the lock for the life of the connection. ERROR_STATE when another command has it: says who.
 */
bool journal_lock(Conn *dest, Error *err) MUST_CHECK;

/* Gives it back before the end of the connection. */
bool journal_unlock(Conn *dest, Error *err) MUST_CHECK;

/* ERROR_STATE when it is a journal of another version of this program. */
bool journal_exists(Conn *dest, bool *exists, Error *err) MUST_CHECK;
/* Makes the tables unless they are there; ERROR_STATE as above. */
bool journal_install(Conn *dest, Error *err) MUST_CHECK;

/* The unfinished migration (PREPARING or PREPARED), or the latest in one of `states` (comma
 * separated), in `arena`; NULL when there is none. */
bool journal_find(Conn *dest, const char *states, Arena *arena, const JournalMigration **found,
                  Error *err) MUST_CHECK;

/* ERROR_STATE: the backup of the migration was dropped by cleanup, so that it cannot be `what`
 * ("rolled back", "verified"). `cleaned_at` as above. Returns false. */
bool journal_refuse_cleaned(int64_t id, const char *cleaned_at, const char *what, Error *err);

/* Records a new migration in PREPARING and gives run->id. ERROR_STATE when one is unfinished. */
bool journal_begin(Run *run, Error *err) MUST_CHECK;
/* Records a schema of run->id. */
bool journal_schema(Run *run, const JournalSchema *schema, Error *err) MUST_CHECK;
bool journal_schemas(Conn *dest, int64_t id, Arena *arena, JournalSchemas *schemas, Error *err)
    MUST_CHECK;

/* The schemas' names, live or shadow, as an array of schemas.count; in `arena`. */
const char **journal_live_names(const JournalSchemas *schemas, Arena *arena);
const char **journal_shadow_names(const JournalSchemas *schemas, Arena *arena);

/* Changes the state from `from` to `to` and records the event; ERROR_STATE when it is not in
 * `from`. */
bool journal_change(Conn *dest, int64_t id, const char *from, const char *to, Error *err)
    MUST_CHECK;

/* Records what happened; `id` 0: to no migration. */
bool journal_event(Conn *dest, int64_t id, const char *what, const char *detail, Error *err)
    MUST_CHECK;

/* Adds a statement of a part of the swap, the rollback or the settling (see journal.sql); `ordinal`
 * orders them. */
bool journal_step(Conn *dest, int64_t id, const char *part, int ordinal, const char *label,
                  const char *statement, Error *err) MUST_CHECK;

/* "1763690400000" in `arena`: ids as statement parameters. */
const char *journal_id_text(Arena *arena, int64_t id);

#endif
