/*
 * verify.h - inside engine/ only: a migration while it is looked at. The catalogs are for verify.c,
 * rows and numbers for verifyrows.c, the source's definitions for verifysource.c. Nothing is
 * changed, on neither side.
 *
 * Findings go through check.h.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_VERIFY_H
#define PGZM_ENGINE_VERIFY_H

#include "engine/check.h"
#include "engine/checksum.h"
#include "engine/journal.h"

typedef struct Verify {
    Run *run;
    const char *id;
    const char *state;
    const char *source_as_of; /* for people */
    bool live;                /* what was prepared is live, the old objects are the backup */
    JournalSchemas schemas;
    size_t skipped;    /* tables that came in part and cannot be compared with the source */
    ChecksumHash hash; /* of the tables that are being compared */
} Verify;

/* Rows that were loaded, preserved tables on both sides, sequences; with a source its rows. */
bool verify_rows(Verify *verify, Error *err) MUST_CHECK;

/* The definitions of the source beside those of the shadow. */
bool verify_source(Verify *verify, Error *err) MUST_CHECK;

#endif
