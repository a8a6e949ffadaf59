/*
 * role.h - inside engine/ only: the roles of the source that the migration needs and the
 * destination lacks. They are named before anything starts, or created on request. Tablespaces are
 * not, and neither are memberships in roles that are not created.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_ROLE_H
#define PGZM_ENGINE_ROLE_H

#include "engine/plan.h"

/* ERROR_PREFLIGHT when roles are missing and not to be created, or cannot be created. A dry run
 * tells the statements. */
bool roles_check(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* Tells which roles the source's objects need, for who makes a dump, which holds none. */
bool roles_tell(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* Creates those that are missing, recorded in the journal. Nothing without --roles. */
bool roles_create(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* The same inside the transaction that is open and will be rolled back. */
bool roles_rehearse(Run *run, const Plan *plan, Error *err) MUST_CHECK;

#endif
