#include "engine/checkserver.h"

#include <string.h>

#include "base/clock.h"
#include "engine/selection.h"

enum {
    POOLER_PROBES = 4,     /* queries that must all meet the same session */
    CONNECTIONS_BESIDE = 1 /* for a moment, beside the workers' and this one */
};

/* ---- what they are ----------------------------------------------------------------------- */

static const char *version_of(const Conn *conn, Arena *arena)
{
    const char *version = conn_parameter(conn, "server_version");
    return version == NULL ? "?" : arena_printf(arena, "%.*s", (int)strcspn(version, " "), version);
}

/* Servers outside 12 to 18 are refused when they are connected to. */
static bool versions(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    (void)err;
    const char *source = version_of(run->source, run->arena);
    const char *dest = version_of(run->dest, run->arena);
    if (conn_version(run->dest) / 10000 < conn_version(run->source) / 10000)
        check_warn(run,
                   "What it cannot take is named below; better migrate into the same version "
                   "or a later one.",
                   "the destination's version is older: %s, the source's is %s", dest, source);
    else
        check_note(run, "PostgreSQL %s into %s", source, dest);
    return true;
}

/* The same question to both sides, which knows which one it is. */
static bool ask_both(Run *run, const char *name, Error *err)
{
    const char *const source[] = {conn_side_name(run->source)};
    const char *const dest[] = {conn_side_name(run->dest)};
    return check_query(run, run->source, name, 1, source, err) &&
           check_query(run, run->dest, name, 1, dest, err);
}

static bool recovery(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return ask_both(run, "check_recovery", err);
}

static bool wraparound(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return ask_both(run, "check_wraparound", err);
}

/* ---- what is in between ------------------------------------------------------------------ */

static bool session_pid(Conn *conn, const char *probe, int *pid, bool *kept, Error *err)
{
    const char *const values[] = {probe};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(conn,
                        "SELECT pg_catalog.pg_backend_pid(),"
                        " pg_catalog.current_setting('pgzm.probe', true) IS NOT DISTINCT FROM $1",
                        1, values, &result, err))
        return false;
    *pid = atoi(PQgetvalue(result, 0, 0));
    *kept = PQgetvalue(result, 0, 1)[0] == 't';
    return true;
}

/* A pooler greets with a process id of its own; one that does not keep a client on one session
 * shows when the session forgets what it was told, or is another one. */
static bool probe_sessions(Run *run, Conn *conn, Error *err)
{
    const char *side = conn_side_name(conn);
    if (conn_is_tape(conn))
        return true;
    AUTO(mem_free) char *probe = mem_printf("%lld", (long long)clock_wall_ms());
    const char *const values[] = {probe};
    AUTO(result_free) PGresult *set = NULL;
    if (!conn_query(conn, "SELECT pg_catalog.set_config('pgzm.probe', $1, false)", 1, values, &set,
                    err))
        return false;
    int first = 0;
    for (int i = 0; i < POOLER_PROBES; i++) {
        int pid = 0;
        bool kept = false;
        if (!session_pid(conn, probe, &pid, &kept, err))
            return false;
        if (kept && (i == 0 || pid == first)) {
            first = pid;
            continue;
        }
        check_fail(run, "Connect to the server itself, or to a port of the pooler in session mode.",
                   "the %s is reached through a pooler that changes sessions between queries",
                   side);
        return true;
    }
    if (first != PQbackendPID(conn_pg(conn)))
        check_warn(run,
                   "Connect to the server itself, or make sure that it pools sessions, not "
                   "transactions.",
                   "the %s is reached through a pooler", side);
    return true;
}

static bool pooler(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return probe_sessions(run, run->source, err) && probe_sessions(run, run->dest, err);
}

/* ---- room -------------------------------------------------------------------------------- */

static bool count_connections(Run *run, Conn *conn, Error *err)
{
    AUTO(mem_free) char *more = mem_printf("%d", run->settings->jobs + CONNECTIONS_BESIDE);
    AUTO(mem_free) char *beside = mem_printf("%d", CONNECTIONS_BESIDE);
    const char *const values[] = {conn_side_name(conn), more, beside};
    return check_query(run, conn, "check_connections", 3, values, err);
}

static bool connections(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return count_connections(run, run->source, err) && count_connections(run, run->dest, err);
}

/* ---- reading the source ------------------------------------------------------------------ */

static bool source_privileges(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    const char *const values[] = {selection_left_out(run)};
    return check_query(run, run->source, "check_source_privileges", 1, values, err);
}

static bool source_locks(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    const char *const values[] = {selection_left_out(run)};
    return check_query(run, run->source, "check_source_locks", 1, values, err);
}

bool checkserver_ways(Run *run, Error *err)
{
    static const Check checks[] = {
        {"pooler", pooler, "both sides are reached without a pooler"},
    };
    return checks_run(run, checks, LENGTH(checks), NULL, err);
}

bool checkserver_all(Run *run, Error *err)
{
    static const Check checks[] = {
        {"versions", versions, ""},
        {"recovery", recovery, "neither side is a standby"},
        {"wraparound", wraparound, "both sides are far from the wraparound of transaction ids"},
        {"connections", connections, ""},
        {"read access", source_privileges,
         "the user may read the source's tables and sequences, "
         "every row"},
        {"source locks", source_locks, "no table of the source is locked exclusively"},
    };
    return checks_run(run, checks, LENGTH(checks), NULL, err);
}
