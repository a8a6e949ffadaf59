#include "tests/harness/pooler.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

enum { SESSIONS = 2, MESSAGE_MAX = 1 << 20 };

struct Pooler {
    int listener;
    bool changes;
    pthread_t thread;
    atomic_bool stop;
    char conninfo[512];
};

/* One client with its sessions. */
typedef struct Link {
    const Pooler *pooler;
    int client;
    int sessions[SESSIONS];
    unsigned char *message; /* type and length included */
    size_t length;
} Link;

static bool read_all(int fd, void *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = read(fd, (char *)to + done, n - done);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const void *from, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t put = send(fd, (const char *)from + done, n - done, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

/* The next message; `head` is 1 for its type, 0 for a startup packet. */
static bool read_message(Link *link, int fd, size_t head)
{
    uint32_t length;
    if (!read_all(fd, link->message, head + 4))
        return false;
    memcpy(&length, link->message + head, 4);
    link->length = head + ntohl(length);
    return link->length <= MESSAGE_MAX && link->length >= head + 4 &&
           read_all(fd, link->message + head + 4, link->length - head - 4);
}

static int connect_server(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%s", getenv("TEST_PGHOST"),
             getenv("TEST_PGPORT"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Answers up to ReadyForQuery; the client sees them if `shown`. `idle`: no transaction is open. */
static bool relay_answers(Link *link, int session, bool shown, bool *idle)
{
    for (;;) {
        if (!read_message(link, session, 1))
            return false;
        if (link->message[0] == 'K')
            link->message[8] = (unsigned char)(link->message[8] + 1); /* the process id's last */
        if (shown && !write_all(link->client, link->message, link->length))
            return false;
        if (link->message[0] == 'E' && !shown)
            return false;
        if (link->message[0] != 'Z')
            continue;
        *idle = link->message[5] == 'I';
        return true;
    }
}

static bool begin(Link *link)
{
    bool idle = false;
    for (int i = 0; i < SESSIONS; i++)
        if ((link->sessions[i] = connect_server()) < 0)
            return false;
    if (!read_message(link, link->client, 0))
        return false;
    for (int i = 0; i < SESSIONS; i++)
        if (!write_all(link->sessions[i], link->message, link->length))
            return false;
    for (int i = 0; i < SESSIONS; i++)
        if (!relay_answers(link, link->sessions[i], i == 0, &idle))
            return false;
    return true;
}

static void serve(Link *link)
{
    int turn = 0;
    bool idle = true;
    if (!begin(link))
        return;
    while (read_message(link, link->client, 1)) {
        unsigned char type = link->message[0];
        if (type == 'X' || !write_all(link->sessions[turn], link->message, link->length))
            return;
        if (type != 'S' && type != 'Q')
            continue;
        if (!relay_answers(link, link->sessions[turn], true, &idle))
            return;
        if (link->pooler->changes && idle)
            turn = (turn + 1) % SESSIONS;
    }
}

typedef struct Job {
    Pooler *pooler;
    int client;
} Job;

static void *serve_client(void *context)
{
    Job *job = context;
    Link link = {.pooler = job->pooler, .client = job->client, .sessions = {-1, -1}};
    link.message = malloc(MESSAGE_MAX);
    serve(&link);
    free(link.message);
    close(link.client);
    for (int i = 0; i < SESSIONS; i++)
        if (link.sessions[i] >= 0)
            close(link.sessions[i]);
    free(job);
    return NULL;
}

static void *accept_clients(void *context)
{
    Pooler *pooler = context;
    for (;;) {
        int client = accept(pooler->listener, NULL, NULL);
        if (client < 0 || atomic_load(&pooler->stop)) {
            if (client >= 0)
                close(client);
            return NULL;
        }
        Job *job = malloc(sizeof *job);
        *job = (Job){pooler, client};
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve_client, job) == 0)
            pthread_detach(thread);
    }
}

Pooler *pooler_new(bool changes)
{
    Pooler *pooler = mem_alloc(sizeof *pooler);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    pooler->changes = changes;
    pooler->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(pooler->listener, (struct sockaddr *)&address, length) != 0 ||
        listen(pooler->listener, 8) != 0 ||
        getsockname(pooler->listener, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&pooler->thread, NULL, accept_clients, pooler) != 0)
        cr_assert_fail("no pooler");
    snprintf(pooler->conninfo, sizeof pooler->conninfo,
             "host=127.0.0.1 port=%d sslmode=disable gssencmode=disable user=%s dbname=",
             ntohs(address.sin_port), getenv("TEST_PGUSER"));
    return pooler;
}

const char *pooler_conninfo(Pooler *pooler, const char *database)
{
    size_t length = strlen(pooler->conninfo);
    snprintf(pooler->conninfo + length, sizeof pooler->conninfo - length, "%s", database);
    return pooler->conninfo;
}

void pooler_free(Pooler *pooler)
{
    if (pooler == NULL)
        return;
    atomic_store(&pooler->stop, true);
    shutdown(pooler->listener, SHUT_RDWR);
    pthread_join(pooler->thread, NULL);
    close(pooler->listener);
    mem_free(pooler);
}
