/*
 * unfit.h - inside engine/ only: what the source's objects name and the destination's server does
 * not know: predefined roles of a newer version, providers of security labels. Grants to such roles
 * and such labels are left out by name.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_UNFIT_H
#define PGZM_ENGINE_UNFIT_H

#include "engine/run.h"
#include "schema/model.h"

/* Takes them out of the source's model, with a warning each. No transaction may be open in the
 * destination. ERROR_PREFLIGHT with --require-complete when there is one. */
bool unfit_trim(Run *run, Model *model, Error *err) MUST_CHECK;

#endif
