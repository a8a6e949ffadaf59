/*
 * Whatever dies, and whenever: live objects and rows are as they were or as they are to be, never
 * between; status knows; the next command brings it to a good end and leaves nothing over
 * (tests/harness/fire.h).
 */
#include "tests/harness/dying.h"
#include "tests/harness/fire.h"

#include <criterion/criterion.h>

static const char *const prepare_arguments[] = {
    "prepare", "--preserved-tables", "accounts,ledger", "--jobs", "2", "--retry-timeout", "2s",
    NULL};
static const char *const swap_arguments[] = {"swap", NULL};
static const char *const rollback_arguments[] = {"rollback", "--latest", NULL};
static const char *const abort_arguments[] = {"abort", NULL};
static const char *const cleanup_arguments[] = {"cleanup", "--before", "2999-01-01", NULL};

static const FireStage prepare_stage = {.arguments = prepare_arguments,
                                        .ready = "none",
                                        .done = "PREPARED",
                                        .end = abort_arguments,
                                        .unfinished = "PREPARING,PREPARED",
                                        .ended = "none,ABORTED",
                                        .takes_back = true,
                                        .leaves_world = true,
                                        .at_once = true,
                                        .leftovers = "pgzm_%"};
static const FireStage swap_stage = {.arguments = swap_arguments,
                                     .before = {prepare_arguments},
                                     .ready = "PREPARED",
                                     .done = "SETTLED",
                                     .unfinished = "PREPARED,SWAPPED",
                                     .ended = "SETTLED",
                                     .leftovers = "pgzm_shadow%"};
static const FireStage rollback_stage = {.arguments = rollback_arguments,
                                         .before = {prepare_arguments, swap_arguments},
                                         .ready = "SETTLED",
                                         .done = "ROLLED BACK",
                                         .unfinished = "SETTLED",
                                         .ended = "ROLLED BACK",
                                         .leftovers = "pgzm_backup%"};
static const FireStage abort_stage = {.arguments = abort_arguments,
                                      .before = {prepare_arguments},
                                      .ready = "PREPARED",
                                      .done = "ABORTED",
                                      .unfinished = "PREPARING,PREPARED",
                                      .ended = "ABORTED",
                                      .leaves_world = true,
                                      .leftovers = "pgzm_%"};
/* The state says nothing about the backup: it is cleaned up again, which may find nothing to do. */
static const FireStage cleanup_stage = {.arguments = cleanup_arguments,
                                        .before = {prepare_arguments, swap_arguments},
                                        .ready = "SETTLED",
                                        .done = "SETTLED",
                                        .unfinished = "SETTLED",
                                        .ended = "SETTLED",
                                        .leaves_world = true,
                                        .leftovers = "pgzm_%"};

#define AT(words, action_, moment_)                                                                \
    {                                                                                              \
        .text = words, .action = PROXY_##action_, .moment = PROXY_##moment_                        \
    }
#define AT_FROM(start, words, action_, moment_)                                                    \
    {                                                                                              \
        .from = start, .text = words, .action = PROXY_##action_, .moment = PROXY_##moment_         \
    }
#define TRADE "The swap, or its inverse"
#define STATE "UPDATE pgzm.migration SET state"

Test(server_kill, a_client_that_prepares)
{
    static const ProxyStrike points[] = {
        AT("pg_export_snapshot", KILL_CLIENT, AFTER),
        AT("Makes the journal", KILL_CLIENT, DURING),
        AT("INSERT INTO pgzm.migration", KILL_CLIENT, DURING),
        AT("CREATE EXTENSION", KILL_CLIENT, DURING),
        AT_FROM("ALTER SCHEMA", "COMMIT", KILL_CLIENT, DURING),
        AT("in the middle of COPY", KILL_CLIENT, BEFORE),
        AT("ADD CONSTRAINT", KILL_CLIENT, AFTER),
        AT("setval", KILL_CLIENT, DURING),
        AT_FROM("CREATE TRIGGER \"pgzm", "COMMIT", KILL_CLIENT, AFTER),
        AT("FOR KEY SHARE", KILL_CLIENT, DURING),
        AT(STATE, KILL_CLIENT, BEFORE),
        AT(STATE, KILL_CLIENT, AFTER),
        {0}};
    static const FireSpread spreads[] = {{PROXY_KILL_CLIENT, 5}, {0}};
    fire_open(&prepare_stage, points, spreads);
}

Test(server_kill, a_connection_that_prepares)
{
    static const ProxyStrike points[] = {AT_FROM("ALTER SCHEMA", "COMMIT", CUT, AFTER),
                                         AT("in the middle of COPY", CUT, DURING),
                                         AT("CREATE TRIGGER \"pgzm", TERMINATE_BACKEND, BEFORE),
                                         AT(STATE, CUT, AFTER),
                                         {0}};
    static const FireSpread spreads[] = {
        {PROXY_TERMINATE_BACKEND, 4}, {PROXY_CUT, 4}, {PROXY_CUT_FOR_GOOD, 2}, {0}};
    fire_open(&prepare_stage, points, spreads);
}

Test(server_kill, a_swap)
{
    static const ProxyStrike points[] = {AT(TRADE, KILL_CLIENT, DURING),
                                         AT(TRADE, TERMINATE_BACKEND, DURING),
                                         AT(TRADE, CUT, AFTER),
                                         AT_FROM(TRADE, "COMMIT", KILL_CLIENT, BEFORE),
                                         AT_FROM(TRADE, "COMMIT", KILL_CLIENT, DURING),
                                         AT_FROM(TRADE, "COMMIT", CUT, BEFORE),
                                         AT_FROM(TRADE, "COMMIT", CUT, AFTER),
                                         AT_FROM(TRADE, "COMMIT", CUT_FOR_GOOD, AFTER),
                                         AT_FROM(TRADE, "COMMIT", TERMINATE_BACKEND, DURING),
                                         AT("VALIDATE CONSTRAINT", KILL_CLIENT, DURING),
                                         AT(STATE, CUT, AFTER),
                                         {0}};
    static const FireSpread spreads[] = {
        {PROXY_KILL_CLIENT, 5}, {PROXY_TERMINATE_BACKEND, 2}, {PROXY_CUT, 3}, {0}};
    fire_open(&swap_stage, points, spreads);
}

Test(server_kill, a_rollback)
{
    static const ProxyStrike points[] = {AT(TRADE, KILL_CLIENT, DURING),
                                         AT_FROM(TRADE, "COMMIT", KILL_CLIENT, BEFORE),
                                         AT_FROM(TRADE, "COMMIT", CUT, BEFORE),
                                         AT_FROM(TRADE, "COMMIT", CUT, AFTER),
                                         {0}};
    static const FireSpread spreads[] = {
        {PROXY_KILL_CLIENT, 5}, {PROXY_TERMINATE_BACKEND, 3}, {PROXY_CUT, 3}, {0}};
    fire_open(&rollback_stage, points, spreads);
}

Test(server_kill, an_abort)
{
    static const ProxyStrike points[] = {AT("dest: DROP TRIGGER", KILL_CLIENT, DURING),
                                         AT("dest: DROP SCHEMA", KILL_CLIENT, DURING),
                                         AT("dest: DROP SCHEMA", CUT, AFTER),
                                         AT("DROP EXTENSION", KILL_CLIENT, AFTER),
                                         {0}};
    static const FireSpread spreads[] = {
        {PROXY_KILL_CLIENT, 3}, {PROXY_TERMINATE_BACKEND, 2}, {PROXY_CUT, 2}, {0}};
    fire_open(&abort_stage, points, spreads);
}

Test(server_kill, a_cleanup)
{
    static const ProxyStrike points[] = {
        AT("cleaned_at = ", KILL_CLIENT, AFTER),     AT("dest: DROP TRIGGER", KILL_CLIENT, DURING),
        AT("dest: DROP TABLE", KILL_CLIENT, DURING), AT("dest: DROP TABLE", CUT, AFTER),
        AT("dest: DROP SCHEMA", KILL_CLIENT, AFTER), {0}};
    static const FireSpread spreads[] = {
        {PROXY_KILL_CLIENT, 3}, {PROXY_TERMINATE_BACKEND, 2}, {PROXY_CUT, 2}, {0}};
    fire_open(&cleanup_stage, points, spreads);
}

Test(server_kill, the_whole_server)
{
    static const ProxyStrike nothing[] = {{0}};
    static const ProxyStrike prepare[] = {AT("in the middle of COPY", RESTART_SERVER, DURING),
                                          AT(STATE, RESTART_SERVER, DURING),
                                          {0}};
    static const ProxyStrike trade[] = {AT(TRADE, RESTART_SERVER, DURING),
                                        AT_FROM(TRADE, "COMMIT", RESTART_SERVER, BEFORE),
                                        AT_FROM(TRADE, "COMMIT", RESTART_SERVER, AFTER),
                                        {0}};
    static const FireSpread two[] = {{PROXY_RESTART_SERVER, 2}, {0}};
    dying_begin();
    fire_open(&prepare_stage, prepare, two);
    fire_open(&swap_stage, trade, two);
    fire_open(&rollback_stage, trade, two);
    fire_open(&abort_stage, nothing, two);
    fire_open(&cleanup_stage, nothing, two);
}
