/*
 * sourceid.h - inside engine/ only: which database the source is, however it is reached, and what
 * its definitions are: to tell whether a later command sees the same.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_SOURCEID_H
#define PGZM_ENGINE_SOURCEID_H

#include "engine/plan.h"

/* System identifier and OID of the database, in run->arena; "" where the server does not tell. Not
 * inside a transaction: a failed question would abort it. */
bool sourceid_read(Run *run, Conn *source, const char **id, Error *err) MUST_CHECK;

/* A digest of the definitions of the migrated schemas; on the source without what the filters leave
 * out. */
bool sourceid_fingerprint(Run *run, Conn *conn, const JournalSchemas *schemas, const char **digest,
                          Error *err) MUST_CHECK;

#endif
