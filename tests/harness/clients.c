#include "tests/harness/clients.h"

#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

enum { CLIENTS_MAX = 8, AWAIT_AT_MOST_MS = 60000 };

typedef struct Client {
    Clients *all;
    int index;
    pthread_t thread;
    PGconn *conn;
    ClientsReport report;
} Client;

struct Clients {
    Client items[CLIENTS_MAX];
    int count;
    int per_second;
    const char *const *statements;
    atomic_bool stop;
    atomic_long done;
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void pause_ms(double ms)
{
    if (ms > 0)
        nanosleep(
            &(struct timespec){.tv_sec = (time_t)(ms / 1000),
                               .tv_nsec = (long)((ms - (double)(long)(ms / 1000) * 1000) * 1e6)},
            NULL);
}

static void note_failure(Client *client, const char *statement)
{
    if (client->report.failures++ == 0)
        snprintf(client->report.first_failure, sizeof client->report.first_failure, "%s: %s",
                 statement, PQerrorMessage(client->conn));
}

static void prepare_all(Client *client)
{
    for (int i = 0; client->all->statements[i] != NULL; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        PGresult *result = PQprepare(client->conn, name, client->all->statements[i], 0, NULL);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            note_failure(client, client->all->statements[i]);
        PQclear(result);
    }
}

static void *work(void *context)
{
    Client *client = context;
    const Clients *all = client->all;
    double period = 1000.0 / all->per_second;
    double next = now_ms();
    for (long call = 0; !atomic_load(&client->all->stop); call++) {
        int count = 0;
        while (all->statements[count] != NULL)
            count++;
        char name[16], number[32];
        snprintf(name, sizeof name, "s%ld", call % count);
        snprintf(number, sizeof number, "%ld", call * CLIENTS_MAX + client->index);
        const char *values[] = {number};
        double begin = now_ms();
        PGresult *result = PQexecPrepared(client->conn, name, 1, values, NULL, NULL, 0);
        double took = now_ms() - begin;
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            note_failure(client, all->statements[call % count]);
        PQclear(result);
        client->report.statements++;
        if (took > client->report.longest_ms)
            client->report.longest_ms = took;
        atomic_fetch_add(&client->all->done, 1);
        next += period;
        pause_ms(next - now_ms());
    }
    return NULL;
}

Clients *clients_start(const TestDatabase *database, int clients, int per_second,
                       const char *const *statements)
{
    Clients *all = mem_alloc(sizeof *all);
    all->count = clients < CLIENTS_MAX ? clients : CLIENTS_MAX;
    all->per_second = per_second;
    all->statements = statements;
    for (int i = 0; i < all->count; i++) {
        Client *client = &all->items[i];
        client->all = all;
        client->index = i;
        client->conn = PQconnectdb(database->conninfo);
        if (PQstatus(client->conn) != CONNECTION_OK)
            cr_assert_fail("client: %s", PQerrorMessage(client->conn));
        prepare_all(client);
        if (pthread_create(&client->thread, NULL, work, client) != 0)
            cr_assert_fail("client: no thread");
    }
    clients_await(all, 10L * all->count);
    return all;
}

void clients_await(Clients *clients, long statements)
{
    long wanted = atomic_load(&clients->done) + statements;
    int64_t end = clock_monotonic_ms() + AWAIT_AT_MOST_MS;
    while (atomic_load(&clients->done) < wanted) {
        if (clock_monotonic_ms() > end)
            cr_assert_fail("the clients are stuck");
        pause_ms(5);
    }
}

ClientsReport clients_stop(Clients *clients)
{
    ClientsReport sum = {0};
    atomic_store(&clients->stop, true);
    for (int i = 0; i < clients->count; i++) {
        Client *client = &clients->items[i];
        pthread_join(client->thread, NULL);
        PQfinish(client->conn);
        sum.statements += client->report.statements;
        sum.failures += client->report.failures;
        if (sum.first_failure[0] == '\0')
            memcpy(sum.first_failure, client->report.first_failure, sizeof sum.first_failure);
        if (client->report.longest_ms > sum.longest_ms)
            sum.longest_ms = client->report.longest_ms;
    }
    mem_free(clients);
    return sum;
}
