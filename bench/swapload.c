/*
 * pgzm-swapload: clients that use ten hot tables while bench/swap.sh swaps them.
 *
 *     pgzm-swapload FILE RATE CONNECTION
 *
 * Eight clients run prepared statements on the tables t_1 to t_10 of schema public, together RATE
 * transactions a second of a SELECT and an UPDATE each, until standard input ends. Then one line is
 * written to FILE: transactions, failed statements, the longest statement in ms. What happens in
 * the first half second, while caches fill, does not count.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 8, HOT_TABLES = 10, WARM_MS = 500 };

typedef struct Client {
    pthread_t thread;
    PGconn *conn;
    int index, rate;
    double start; /* of what counts */
    long transactions, failures;
    double longest;
} Client;

static atomic_bool stopped;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static void sleep_ms(double ms)
{
    if (ms > 0)
        nanosleep(
            &(struct timespec){.tv_sec = (time_t)(ms / 1000),
                               .tv_nsec = (long)((ms - (double)(long)(ms / 1000) * 1000) * 1e6)},
            NULL);
}

static void check(Client *client, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && client->failures++ == 0)
        fprintf(stderr, "pgzm-swapload: %s", PQerrorMessage(client->conn));
    PQclear(result);
}

static void run(Client *client, const char *name, const char *value)
{
    double begin = now_ms();
    check(client, PQexecPrepared(client->conn, name, value != NULL ? 1 : 0, &value, NULL, NULL, 0));
    double took = now_ms() - begin;
    if (begin > client->start && took > client->longest)
        client->longest = took;
}

static void prepare(Client *client)
{
    char name[32], sql[128];
    check(client, PQprepare(client->conn, "begin", "BEGIN", 0, NULL));
    check(client, PQprepare(client->conn, "commit", "COMMIT", 0, NULL));
    for (int i = 1; i <= HOT_TABLES; i++) {
        snprintf(name, sizeof name, "s%d", i);
        snprintf(sql, sizeof sql, "SELECT a, b FROM public.t_%d WHERE id = $1", i);
        check(client, PQprepare(client->conn, name, sql, 0, NULL));
        snprintf(name, sizeof name, "u%d", i);
        snprintf(sql, sizeof sql, "UPDATE public.t_%d SET c = c + 1 WHERE id = $1", i);
        check(client, PQprepare(client->conn, name, sql, 0, NULL));
    }
}

static void *work(void *context)
{
    Client *client = context;
    double period = 1000.0 * CLIENTS / client->rate;
    double next = now_ms() + period * client->index / CLIENTS;
    unsigned seed = (unsigned)client->index;
    while (!atomic_load(&stopped)) {
        char name[32], value[32];
        int table = 1 + rand_r(&seed) % HOT_TABLES;
        snprintf(value, sizeof value, "%d", 1 + rand_r(&seed) % 100);
        run(client, "begin", NULL);
        snprintf(name, sizeof name, "s%d", table);
        run(client, name, value);
        snprintf(name, sizeof name, "u%d", table);
        run(client, name, value);
        run(client, "commit", NULL);
        client->transactions++;
        next += period;
        sleep_ms(next - now_ms());
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4 || atoi(argv[2]) <= 0) {
        fprintf(stderr, "usage: %s FILE RATE CONNECTION\n", argv[0]);
        return 2;
    }
    Client clients[CLIENTS] = {0};
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (Client){.index = i,
                              .rate = atoi(argv[2]),
                              .start = now_ms() + WARM_MS,
                              .conn = PQconnectdb(argv[3])};
        if (PQstatus(clients[i].conn) != CONNECTION_OK) {
            fprintf(stderr, "%s: %s", argv[0], PQerrorMessage(clients[i].conn));
            return 1;
        }
        prepare(&clients[i]);
        if (pthread_create(&clients[i].thread, NULL, work, &clients[i]) != 0)
            return 1;
    }
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    atomic_store(&stopped, true);
    Client sum = {0};
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        PQfinish(clients[i].conn);
        sum.transactions += clients[i].transactions;
        sum.failures += clients[i].failures;
        sum.longest = clients[i].longest > sum.longest ? clients[i].longest : sum.longest;
    }
    FILE *file = fopen(argv[1], "w");
    if (file == NULL ||
        fprintf(file, "%ld %ld %.1f\n", sum.transactions, sum.failures, sum.longest) < 0 ||
        fclose(file) != 0) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
