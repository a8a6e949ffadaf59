#include "tests/harness/fire.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/harness/clients.h"
#include "tests/harness/compare.h"
#include "tests/harness/dying.h"
#include "tests/harness/launch.h"
#include "tests/harness/server.h"

enum {
    COMMAND_MS = 60000, /* longest run of a command */
    CLIENT_SPEED = 100, /* statements a second of the application */
    AGAIN_EVERY = 5,    /* one in so many that died is followed by a whole migration */
    TEXT_SHOWN = 160,
    POINTS_MAX = 16000
};

typedef struct Fire {
    const FireStage *stage;
    Proxy *proxy;
    TestDatabase source, ready, dest; /* dest is a copy of ready */
    char *old_facts, *new_facts;      /* owned: what is live before and after */
    ProxyStrike *points;              /* owned */
    size_t count, statements, struck;
    Str problems;
    /* of the strike at hand */
    const ProxyStrike *point;
    size_t at;  /* the number of the statement */
    char *text; /* owned: the statement */
    json_t *status;
    char state[32];
    bool dirty; /* dest is not a copy of ready any more */
} Fire;

/* ---- what is found --------------------------------------------------------------------- */

static const char *command_of(const Fire *fire)
{
    return fire->stage->arguments[0];
}

/* Goes on: one run finds all that is wrong. */
static void problem(Fire *fire, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void problem(Fire *fire, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *what = mem_vprintf(fmt, args);
    va_end(args);
    AUTO(mem_free)
    char *line =
        mem_printf("%s, %s %s statement %zu of %zu (%.*s), state %s: %s\n", command_of(fire),
                   proxy_action_name(fire->point->action), proxy_moment_name(fire->point->moment),
                   fire->at, fire->statements, TEXT_SHOWN, fire->text, fire->state, what);
    fprintf(stderr, "PROBLEM %s", line);
    str_add(&fire->problems, line);
    fire->dirty = true;
}

static bool is_among(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += len)
        if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

/* ---- databases ------------------------------------------------------------------------- */

static PGconn *session(const TestDatabase *database, const char *name)
{
    AUTO(mem_free) char *conninfo = mem_printf("%s dbname=%s", database->conninfo, name);
    PGconn *conn = PQconnectdb(conninfo);
    if (PQstatus(conn) != CONNECTION_OK)
        cr_assert_fail("%s: %s", name, PQerrorMessage(conn));
    return conn;
}

static void must(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    cr_assert_eq(PQresultStatus(result), PGRES_COMMAND_OK, "%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
}

/* Makes `database` a copy of `original`, down to the OIDs. */
static void copy_database(const TestDatabase *database, const TestDatabase *original)
{
    PGconn *conn = session(database, "postgres");
    AUTO(mem_free)
    char *end = mem_printf("DO $$BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity"
                           " WHERE datname IN ('%s', '%s'); END$$",
                           database->name, original->name);
    /* The other strategy of 15 copies sequences in a way that a crash sets back. */
    const char *strategy = PQserverVersion(conn) >= 150000 ? " STRATEGY file_copy" : "";
    AUTO(mem_free) char *drop = mem_printf("DROP DATABASE %s", database->name);
    AUTO(mem_free)
    char *create =
        mem_printf("CREATE DATABASE %s TEMPLATE %s%s", database->name, original->name, strategy);
    must(conn, end);
    must(conn, drop);
    must(conn, create);
    PQfinish(conn);
}

/* ---- running commands ------------------------------------------------------------------ */

static Launch launch(const Fire *fire, const char *const *arguments, bool through_proxy)
{
    AUTO(mem_free) char *source = proxy_conninfo(fire->proxy, PROXY_SOURCE, fire->source.name);
    AUTO(mem_free) char *dest = proxy_conninfo(fire->proxy, PROXY_DEST, fire->dest.name);
    const char *all[16] = {NULL};
    size_t n = 0;
    for (; arguments[n] != NULL; n++)
        all[n] = arguments[n];
    all[n++] = "--dest";
    all[n++] = through_proxy ? dest : fire->dest.conninfo;
    if (strcmp(arguments[0], "prepare") == 0) {
        all[n++] = "--source";
        all[n++] = through_proxy ? source : fire->source.conninfo;
    }
    const char *plain = getenv("TEST_COMMAND_PLAIN");
    return launch_start(
        &(LaunchOptions){.program = plain != NULL && plain[0] != '\0' ? plain : NULL}, all);
}

/* The rest of the way, not disturbed any more. */
static void go_on(Fire *fire, const char *const *arguments)
{
    AUTO(launch_clear) Launch run = launch(fire, arguments, false);
    launch_wait(&run);
    if (run.exit_code != 0)
        problem(fire, "%s afterwards ends with %d: %s", arguments[0], run.exit_code, run.err);
}

static void ask_status(Fire *fire)
{
    static const char *const arguments[] = {"status", "--json", NULL};
    AUTO(launch_clear) Launch run = launch(fire, arguments, false);
    launch_wait(&run);
    json_decref(fire->status);
    fire->status = json_loads(run.out, 0, NULL);
    const json_t *migration = json_object_get(fire->status, "migration");
    const char *state = json_string_value(json_object_get(migration, "state"));
    snprintf(fire->state, sizeof fire->state, "%s", state != NULL ? state : "none");
    bool swaps = json_is_true(json_object_get(fire->status, "readyForSwap"));
    if (run.exit_code != 0 || !json_is_object(fire->status))
        problem(fire, "status ends with %d: %s", run.exit_code, run.err);
    else if (swaps != is_among("PREPARED", fire->state))
        problem(fire, "status says that it is %sready to be swapped: %s", swaps ? "" : "not ",
                run.out);
}

/* The command that status names and that begins like this; NULL for none. */
static const char *named_by_status(const Fire *fire, const char *command)
{
    size_t i;
    const json_t *line;
    AUTO(mem_free) char *wanted = mem_printf("pgzm-copy %s", command);
    json_array_foreach(json_object_get(fire->status, "next"), i, line)
    {
        if (strncmp(json_string_value(line), wanted, strlen(wanted)) == 0)
            return json_string_value(line);
    }
    return NULL;
}

/* What a client that died had sent is done before its backend notices. */
static void await_backends(const Fire *fire)
{
    static const char query[] = "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                " current_database() AND application_name LIKE 'pgzm-copy%'";
    int64_t end = clock_monotonic_ms() + COMMAND_MS;
    for (;;) {
        AUTO(mem_free) char *left = test_value(&fire->dest, query);
        if (strcmp(left, "0") == 0)
            return;
        cr_assert(clock_monotonic_ms() < end, "%s backends stay", left);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

/* ---- what is live ---------------------------------------------------------------------- */

/* Rows that the application changes are counted by themselves. */
static const char *const changing[] = {"public.accounts",        "public.ledger",
                                       "public.accounts_id_seq", "public.ledger_id_seq",
                                       "public.notes_id_seq",    NULL};

static char *facts_of(const TestDatabase *database)
{
    const CompareScope scope = {.ignored_rows = changing};
    return compare_fingerprint(database, &scope, false);
}

/* Takes every `what` out of a line. */
static void take_out(char *line, const char *what)
{
    for (char *found; (found = strstr(line, what)) != NULL;)
        memmove(found, found + strlen(what), strlen(found + strlen(what)) + 1);
}

/* Half-way there are sync triggers, an extension that the source has, and keys that are live but
 * not validated yet. */
static char *as_half_way(const char *facts)
{
    AUTO(str_clear) Str kept = STR_INIT;
    while (*facts != '\0') {
        size_t len = strcspn(facts, "\n") + 1;
        AUTO(mem_free) char *line = mem_printf("%.*s", (int)len, facts);
        take_out(line, " NOT VALID");
        take_out(line, "\"validated\": true, ");
        take_out(line, "\"validated\": false, ");
        if (strstr(line, ": pgzm_") == NULL && strstr(line, "pgcrypto") == NULL)
            str_add(&kept, line);
        facts += len;
    }
    return str_take(&kept);
}

static void expect_world(Fire *fire, const char *expected, bool half_way)
{
    AUTO(mem_free) char *facts = facts_of(&fire->dest);
    AUTO(mem_free) char *now = half_way ? as_half_way(facts) : mem_strdup(facts);
    AUTO(mem_free) char *wanted = half_way ? as_half_way(expected) : mem_strdup(expected);
    AUTO(mem_free) char *difference = compare_fingerprints(wanted, now);
    if (difference != NULL)
        problem(fire, "%s, what is live is not what it is to be:\n%s",
                half_way ? "at once" : "in the end", difference);
}

static bool is_done(const Fire *fire)
{
    return strcmp(fire->state, fire->stage->done) == 0;
}

static const char *world_of_state(const Fire *fire)
{
    bool is_new = is_done(fire) || is_among("SWAPPED", fire->state);
    return is_new && !fire->stage->leaves_world ? fire->new_facts : fire->old_facts;
}

/* One of everything that applications do here, taken back again. */
static const char application[] =
    "BEGIN;"
    "INSERT INTO notes (text) VALUES ('struck');"
    "INSERT INTO audit (id, product, account, what) VALUES (1000, 2, 2, 'struck');"
    "INSERT INTO products (id, name, price) OVERRIDING SYSTEM VALUE VALUES (1000, 'struck', 1);"
    "UPDATE products SET price = price + 1, feeling = 'good' WHERE id = 5;"
    "INSERT INTO orders (id, product, account, amount) VALUES (1000000, 1, 1, 1);"
    "UPDATE orders SET amount = 0 WHERE id = 1; DELETE FROM orders WHERE id = 2;"
    "INSERT INTO accounts (id, email) VALUES (100000, 'Struck@example.org');"
    "UPDATE accounts SET note = 'struck' WHERE email = 'STRUCK@example.org';"
    "DELETE FROM ledger; INSERT INTO visits VALUES (1, 100);"
    "DO $$BEGIN ASSERT (SELECT count(*) FROM order_totals) > 100;"
    "ASSERT (SELECT count(*) FROM audited) = 21; END$$;"
    "ROLLBACK";

static void expect_statements_work(Fire *fire)
{
    PGconn *conn = session(&fire->dest, fire->dest.name);
    PQclear(PQexec(conn, "SET client_min_messages = error; SET statement_timeout = '10s'"));
    PGresult *result = PQexec(conn, application);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        problem(fire, "applications get: %s", PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

static void expect_nothing_left(Fire *fire)
{
    AUTO(mem_free)
    char *query = mem_printf(
        "SELECT string_agg(name, ', ' ORDER BY name) FROM ("
        "SELECT nspname FROM pg_namespace UNION ALL SELECT tgname FROM pg_trigger UNION ALL "
        "SELECT 'pgzm_' || proname FROM pg_proc WHERE pronamespace = to_regnamespace('pgzm')"
        ") AS t(name) WHERE name LIKE '%s'",
        fire->stage->leftovers);
    AUTO(mem_free) char *names = test_value(&fire->dest, query);
    if (names != NULL)
        problem(fire, "it leaves %s", names);
}

/* ---- the application ------------------------------------------------------------------- */

static const char *const statements[] = {
    "UPDATE accounts SET n = n + 1 WHERE id = 1 + $1::bigint % 50",
    "INSERT INTO ledger (what) VALUES ($1::bigint)",
    "SELECT count(*) FROM order_totals WHERE id > $1::bigint", NULL};
enum { STATEMENTS = LENGTH(statements) - 1 };

static const char sums[] = "SELECT (SELECT sum(n) FROM accounts) + (SELECT count(*) FROM ledger)";

static long number_of(const TestDatabase *database, const char *query)
{
    AUTO(mem_free) char *value = test_value(database, query);
    return value != NULL ? atol(value) : -1;
}

/* What the server said was written is there. */
static void end_application(Fire *fire, Clients *clients, long before)
{
    ClientsReport report = clients_stop(clients);
    if (report.failures > 0)
        problem(fire, "%ld statements of the application failed: %s", report.failures,
                report.first_failure);
    long written = report.statements - report.statements / STATEMENTS; /* every third one reads */
    long now = number_of(&fire->dest, sums);
    if (now != before + written)
        problem(fire, "the application wrote %ld times, %ld of it is there", written, now - before);
}

/* ---- one strike ------------------------------------------------------------------------ */

static void strike(Fire *fire, Launch *run)
{
    proxy_arm(fire->proxy, fire->point);
    *run = launch(fire, fire->stage->arguments, true);
    bool ended = launch_ended(run, COMMAND_MS);
    fire->at = proxy_struck(fire->proxy);
    mem_free(fire->text);
    fire->text = proxy_statement(fire->proxy, fire->at);
    proxy_arm(fire->proxy, NULL);
    fire->struck += fire->at > 0;
    if (fire->at == 0 && fire->point->text != NULL)
        problem(fire, "there is no statement with \"%s\"", fire->point->text);
    if (!ended) {
        problem(fire, "it does not end");
        kill(run->pid, SIGKILL);
        launch_wait(run);
    }
    if (fire->point->action == PROXY_KILL_CLIENT && fire->at > 0 && run->exit_code != 128 + SIGKILL)
        problem(fire, "it ended with %d, not killed", run->exit_code);
}

/* Who was not killed knows what happened, and says what to do. */
static void expect_sense(Fire *fire, const Launch *run)
{
    if (run->exit_code == 128 + SIGKILL)
        return;
    if (run->exit_code == 0 && !is_done(fire))
        problem(fire, "it said that all is well");
    if (run->exit_code == 1 || run->exit_code > 9)
        problem(fire, "it ended with %d: %s", run->exit_code, run->err);
    if (run->exit_code != 0 && is_among("PREPARING,SWAPPED", fire->state) &&
        strstr(run->err, "\n  pgzm-copy ") == NULL && strstr(run->err, "Run pgzm-copy ") == NULL)
        problem(fire, "it does not say what to do: %s", run->err);
}

/* Keys that are live but not validated, after the command that would do it is done. */
static void validate(Fire *fire)
{
    const char *line = named_by_status(fire, "rollback --timestamp ");
    if (line == NULL)
        return;
    const char *const arguments[] = {"rollback", "--timestamp", strrchr(line, ' ') + 1, NULL};
    go_on(fire, arguments);
}

/* By what status names; one that drops backups is known to who wanted it. */
static void bring_to_an_end(Fire *fire)
{
    const FireStage *stage = fire->stage;
    const char *const *end = stage->end != NULL ? stage->end : stage->arguments;
    if (is_among(stage->unfinished, fire->state)) {
        if (named_by_status(fire, end[0]) == NULL && named_by_status(fire, "unlock") != NULL) {
            await_backends(fire); /* of the one that died */
            ask_status(fire);
        }
        if (named_by_status(fire, end[0]) == NULL && strcmp(end[0], "cleanup") != 0)
            problem(fire, "status does not name %s", end[0]);
        go_on(fire, end);
    } else {
        validate(fire);
    }
    ask_status(fire);
    if (!is_among(stage->ended, fire->state))
        problem(fire, "it is not brought to an end");
    expect_world(fire, stage->takes_back ? fire->old_facts : fire->new_facts, false);
    expect_nothing_left(fire);
    expect_statements_work(fire);
}

static const char *const prepare_again[] = {"prepare", "--preserved-tables", "accounts,ledger",
                                            NULL};
static const char *const swap_again[] = {"swap", NULL};

/* Now and then a whole migration. Otherwise the next prepare begins with what this one left. */
static void do_all_again(Fire *fire, size_t number)
{
    if (is_among(fire->stage->ended, "ABORTED") && number % AGAIN_EVERY == 0) {
        go_on(fire, prepare_again);
        go_on(fire, swap_again);
    } else if (fire->stage->takes_back) {
        return;
    }
    fire->dirty = true;
}

static void fall(Fire *fire, size_t number)
{
    fire->point = &fire->points[number];
    if (fire->dirty)
        copy_database(&fire->dest, &fire->ready);
    fire->dirty = false;
    /* No application bears its own server's end. */
    bool used = fire->point->action != PROXY_RESTART_SERVER;
    long before = number_of(&fire->dest, sums);
    Clients *clients = used ? clients_start(&fire->dest, 1, CLIENT_SPEED, statements) : NULL;
    AUTO(launch_clear) Launch run = {0};
    strike(fire, &run);
    if (!fire->stage->at_once)
        await_backends(fire);
    ask_status(fire);
    fprintf(stderr, "%s %zu/%zu %s %s, exit %d, %s: %.*s\n", command_of(fire), fire->at,
            fire->statements, proxy_action_name(fire->point->action),
            proxy_moment_name(fire->point->moment), run.exit_code, fire->state, TEXT_SHOWN,
            fire->text);
    expect_sense(fire, &run);
    expect_world(fire, world_of_state(fire), true);
    expect_statements_work(fire);
    bring_to_an_end(fire);
    do_all_again(fire, number);
    if (clients != NULL)
        end_application(fire, clients, before);
}

/* ---- where ----------------------------------------------------------------------------- */

static void add_point(Fire *fire, ProxyStrike point)
{
    cr_assert_lt(fire->count, POINTS_MAX);
    point.restart = dying_restart;
    fire->points[fire->count++] = point;
}

/* Evenly over all statements, at each moment in turn. */
static void add_spread(Fire *fire, ProxyAction action, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_point(fire,
                  (ProxyStrike){.at = 1 + (2 * i + 1) * fire->statements / (2 * count),
                                .action = action,
                                .moment = (ProxyMoment)((i + (size_t)action) % PROXY_MOMENTS)});
}

/* "17,20-25": true when the number is among them. */
static bool is_listed(const char *list, size_t number)
{
    while (*list != '\0') {
        char *end;
        size_t first = strtoul(list, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (number >= first && number <= last)
            return true;
        list = end + strcspn(end, ",");
        list += *list == ',';
    }
    return false;
}

/* What the environment asks for instead of a test's own points: all actions of the test. */
static void add_listed(Fire *fire, const char *list, const FireSpread *spreads)
{
    for (size_t at = 1; at <= fire->statements; at++) {
        if (strcmp(list, "list") == 0) {
            AUTO(mem_free) char *text = proxy_statement(fire->proxy, at);
            fprintf(stderr, "%s %zu: %s\n", command_of(fire), at, text);
        } else if (strcmp(list, "all") == 0 || is_listed(list, at)) {
            for (const FireSpread *spread = spreads; spread->count > 0; spread++)
                for (ProxyMoment moment = 0; moment < PROXY_MOMENTS; moment++)
                    add_point(fire,
                              (ProxyStrike){.at = at, .action = spread->action, .moment = moment});
        }
    }
}

static void add_points(Fire *fire, const ProxyStrike *points, const FireSpread *spreads)
{
    const char *list = getenv("TEST_KILL_POINTS");
    if (list != NULL && list[0] != '\0') {
        add_listed(fire, list, spreads);
        return;
    }
    for (; points->text != NULL; points++)
        add_point(fire, *points);
    for (; spreads->count > 0; spreads++)
        add_spread(fire, spreads->action, (size_t)spreads->count);
}

/* ---- the whole ------------------------------------------------------------------------- */

static void make_ready(Fire *fire)
{
    fire->dest = fire->ready;
    test_sql_file(&fire->source, "tests/fixture/kill_source.sql");
    test_sql_file(&fire->ready, "tests/fixture/kill_dest.sql");
    for (const char *const *const *before = fire->stage->before; *before != NULL; before++)
        go_on(fire, *before);
    ask_status(fire);
    cr_assert_str_eq(fire->state, fire->stage->ready, "%s", str_text(&fire->problems));
    fire->old_facts = facts_of(&fire->ready);
}

/* The command once, undisturbed. */
static void record(Fire *fire)
{
    copy_database(&fire->dest, &fire->ready);
    Clients *clients = clients_start(&fire->dest, 1, CLIENT_SPEED, statements);
    proxy_arm(fire->proxy, NULL);
    AUTO(launch_clear) Launch run = launch(fire, fire->stage->arguments, true);
    launch_wait(&run);
    EXPECT_EXIT(&run, 0);
    fire->statements = proxy_count(fire->proxy);
    cr_assert_eq(clients_stop(clients).failures, 0);
    ask_status(fire);
    cr_assert_str_eq(fire->state, fire->stage->done);
    fire->new_facts = facts_of(&fire->dest);
}

static void begin(Fire *fire, const FireStage *stage)
{
    static const ProxyStrike nowhere;
    *fire = (Fire){.stage = stage,
                   .source = test_source_database("source"),
                   .ready = test_database("ready"),
                   .point = &nowhere,
                   .text = mem_strdup(""),
                   .points = mem_alloc(POINTS_MAX * sizeof(ProxyStrike)),
                   .dirty = true};
    const TestDatabase dest = test_database("dest");
    const char *const servers[PROXY_SIDES] = {dest.conninfo, fire->source.conninfo};
    fire->proxy = proxy_new(servers);
    make_ready(fire);
    fire->dest = dest;
    record(fire);
}

static void finish(Fire *fire)
{
    AUTO(str_clear) Str problems = fire->problems;
    proxy_free(fire->proxy);
    json_decref(fire->status);
    mem_free(fire->old_facts);
    mem_free(fire->new_facts);
    mem_free(fire->points);
    mem_free(fire->text);
    cr_assert(fire->struck * 10 >= fire->count * 9, "only %zu of %zu strikes fell", fire->struck,
              fire->count);
    cr_assert(problems.len == 0, "\n%s", str_text(&problems));
}

void fire_open(const FireStage *stage, const ProxyStrike *points, const FireSpread *spreads)
{
    Fire fire;
    begin(&fire, stage);
    AUTO(mem_free) char *source = compare_fingerprint(&fire.source, NULL, false);
    add_points(&fire, points, spreads);
    for (size_t i = 0; i < fire.count; i++)
        fall(&fire, i);
    /* The source is never written, whatever dies. */
    AUTO(mem_free) char *after = compare_fingerprint(&fire.source, NULL, false);
    AUTO(mem_free) char *written = compare_fingerprints(source, after);
    if (written != NULL)
        problem(&fire, "the source is not what it was:\n%s", written);
    finish(&fire);
}
