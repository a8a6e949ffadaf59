/*
 * sourceid.h - inside engine/ only: which database the source is, however it is reached, and what
 * its definitions are: to tell whether a later command sees the same.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_SOURCEID_H
#define PGZM_ENGINE_SOURCEID_H

#include "engine/plan.h"
#include "engine/snapshot.h"

/* System identifier and OID of the database, in run->arena; "" where the server does not tell. A
 * dump is a source of its own: "dump " and the digest of its catalogs. Not
 * inside a transaction: a failed question would abort it. */
bool sourceid_read(Run *run, Conn *source, const char **id, Error *err) MUST_CHECK;

/* A digest of the definitions of the migrated schemas; on the source without what the filters leave
 * out. */
bool sourceid_fingerprint(Run *run, Conn *conn, const JournalSchemas *schemas, const char **digest,
                          Error *err) MUST_CHECK;

/* Notes both in `snapshot`, and that the definitions are those which another session sees: the
 * snapshot holds catalog rows, but the server prints names in definitions from its newest catalogs,
 * so what was read is whole only if nothing changed since. A dump was looked at so when it was
 * made. ERROR_LOCK when something changed. */
bool sourceid_check(Run *run, const JournalSchemas *schemas, Snapshot *snapshot, Error *err)
    MUST_CHECK;

#endif
