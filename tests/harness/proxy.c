#include "tests/harness/proxy.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum {
    LINKS = 64,
    PORT = 5432,           /* of the destination's socket; the source's is the next one */
    FORWARD_MAX = 1 << 20, /* bytes that wait for one side before the other is not read any more */
    PIECES_PER_COUNT = 4,  /* messages of a COPY to the server: some 64 KiB each */
    ROWS_PER_COUNT = 2000, /* messages of a COPY from the server: one row each */
    TEXT_MAX = 1000,       /* of a statement that is remembered */
    CANCEL_REQUEST = 80877102,
    ENCRYPTION_FIRST = 80877103,
    ENCRYPTION_LAST = 80877104,
};

/* One connection of the client, and the one to the server that belongs to it. */
typedef struct Link {
    bool used;
    ProxySide side;
    int client, server;
    pid_t client_pid;
    int backend_pid;
    bool started;                 /* the startup message is through: what follows has types */
    bool deaf;                    /* nothing of the client is forwarded any more */
    bool mute;                    /* nothing of the server is forwarded any more */
    bool awaits_reply;            /* the strike comes with the end of the reply */
    size_t sent, received;        /* messages of the COPY that runs */
    char *statement;              /* owned: the last one */
    Str from_client, from_server; /* as far as no message is whole */
    Str to_client, to_server;     /* what could not be written yet */
} Link;

typedef struct Server {
    char *conninfo; /* owned */
    char *host, *port;
    int listener;
} Server;

struct Proxy {
    Server servers[PROXY_SIDES];
    char folder[64];
    int wake; /* eventfd: the thread is to end */
    pthread_t thread;
    Link links[LINKS]; /* of the thread */
    pthread_mutex_t mutex;
    /* Guarded by the mutex: */
    ProxyStrike strike;
    size_t struck; /* the number of the statement; 0: not yet */
    bool begun;    /* strike.from was found */
    int seen;      /* strike.text so many times */
    bool unreachable, stop;
    char **texts; /* owned */
    size_t count, capacity;
    pthread_t restarter;
    bool restarting;
};

const char *proxy_action_name(ProxyAction action)
{
    static const char *const names[PROXY_ACTIONS] = {"client killed", "backend terminated",
                                                     "connection cut", "network gone",
                                                     "server restarted"};
    return names[action];
}

const char *proxy_moment_name(ProxyMoment moment)
{
    static const char *const names[PROXY_MOMENTS] = {"before", "during", "after"};
    return names[moment];
}

/* ---- what passed ----------------------------------------------------------------------- */

/* Whether it is the one; under the mutex. */
static bool is_aimed_at(Proxy *proxy, const char *text)
{
    const ProxyStrike *strike = &proxy->strike;
    if (strike->text == NULL)
        return strike->at == proxy->count;
    if (strike->from != NULL && strstr(text, strike->from) != NULL)
        proxy->begun = true;
    return (strike->from == NULL || proxy->begun) && strstr(text, strike->text) != NULL &&
           ++proxy->seen >= strike->nth;
}

/* Remembers a statement; true when it is the one to strike at. */
static bool count_statement(Proxy *proxy, const Link *link, const char *prefix, const char *text)
{
    char *line = mem_printf("%s: %s%.*s", link->side == PROXY_DEST ? "dest" : "source", prefix,
                            TEXT_MAX, text);
    for (char *c = line; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    pthread_mutex_lock(&proxy->mutex);
    if (proxy->count == proxy->capacity) {
        proxy->capacity = proxy->capacity == 0 ? 256 : proxy->capacity * 2;
        proxy->texts = mem_resize(proxy->texts, proxy->capacity * sizeof *proxy->texts);
    }
    proxy->texts[proxy->count++] = line;
    bool strikes = proxy->struck == 0 && is_aimed_at(proxy, line);
    if (strikes)
        proxy->struck = proxy->count;
    pthread_mutex_unlock(&proxy->mutex);
    return strikes;
}

static void forget(Proxy *proxy)
{
    for (size_t i = 0; i < proxy->count; i++)
        mem_free(proxy->texts[i]);
    proxy->count = 0;
}

size_t proxy_count(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->mutex);
    size_t count = proxy->count;
    pthread_mutex_unlock(&proxy->mutex);
    return count;
}

char *proxy_statement(Proxy *proxy, size_t number)
{
    pthread_mutex_lock(&proxy->mutex);
    char *text =
        mem_strdup(number >= 1 && number <= proxy->count ? proxy->texts[number - 1] : "(none)");
    pthread_mutex_unlock(&proxy->mutex);
    return text;
}

/* ---- the strike ------------------------------------------------------------------------ */

static void close_link(Link *link)
{
    if (!link->used)
        return;
    close(link->client);
    close(link->server);
    mem_free(link->statement);
    str_clear(&link->from_client);
    str_clear(&link->from_server);
    str_clear(&link->to_client);
    str_clear(&link->to_server);
    *link = (Link){0};
}

static void close_all(Proxy *proxy)
{
    for (size_t i = 0; i < LINKS; i++)
        close_link(&proxy->links[i]);
}

static void terminate(const Server *server, int backend)
{
    PGconn *conn = PQconnectdb(server->conninfo);
    AUTO(mem_free) char *query = mem_printf("SELECT pg_terminate_backend(%d)", backend);
    PQclear(PQexec(conn, query));
    PQfinish(conn);
}

static void *restart(void *context)
{
    Proxy *proxy = context;
    proxy->strike.restart(proxy->strike.context);
    return NULL;
}

static void begin_restart(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->restarting = pthread_create(&proxy->restarter, NULL, restart, proxy) == 0;
    pthread_mutex_unlock(&proxy->mutex);
}

static void end_restart(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->mutex);
    bool restarting = proxy->restarting;
    pthread_mutex_unlock(&proxy->mutex);
    if (!restarting)
        return;
    pthread_join(proxy->restarter, NULL);
    pthread_mutex_lock(&proxy->mutex);
    proxy->restarting = false;
    pthread_mutex_unlock(&proxy->mutex);
}

/* What was sent to the server already is read by it, whatever happens to the connection. */
static void act(Proxy *proxy, Link *link)
{
    switch (proxy->strike.action) {
    case PROXY_KILL_CLIENT:
        kill(link->client_pid, SIGKILL);
        break;
    case PROXY_TERMINATE_BACKEND:
        terminate(&proxy->servers[link->side], link->backend_pid);
        break;
    case PROXY_CUT:
        close_link(link);
        break;
    case PROXY_CUT_FOR_GOOD:
        close_all(proxy);
        pthread_mutex_lock(&proxy->mutex);
        proxy->unreachable = true;
        pthread_mutex_unlock(&proxy->mutex);
        break;
    case PROXY_RESTART_SERVER:
        begin_restart(proxy);
        break;
    case PROXY_ACTIONS:
        break;
    }
}

/* ---- bytes ----------------------------------------------------------------------------- */

static void drop_front(Str *s, size_t len)
{
    memmove(s->text, s->text + len, s->len - len);
    s->len -= len;
    s->text[s->len] = '\0';
}

/* Writes what the other side takes; false when it is gone. */
static bool flush(int fd, Str *waiting)
{
    while (waiting->len > 0) {
        ssize_t sent = send(fd, waiting->text, waiting->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        drop_front(waiting, (size_t)sent);
    }
    return true;
}

/* Writes all of it, also when that takes a while. */
static void flush_whole(int fd, Str *waiting)
{
    while (waiting->len > 0 && flush(fd, waiting) && waiting->len > 0)
        poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
}

/* False at the end of the stream. */
static bool take(int fd, Str *into)
{
    char buffer[65536];
    ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got > 0)
        str_add_bytes(into, buffer, (size_t)got);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static uint32_t number_at(const char *bytes)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    return ntohl(number);
}

/* ---- messages of the client ------------------------------------------------------------ */

/* The bytes of the first message that is whole; 0 for none. */
static size_t whole_message(const Str *bytes, bool typed)
{
    size_t head = typed ? 1 : 0;
    if (bytes->len < head + 4)
        return 0;
    size_t len = head + number_at(bytes->text + head);
    return bytes->len >= len ? len : 0;
}

static void start(Link *link, size_t len)
{
    uint32_t code = len >= 8 ? number_at(link->from_client.text + 4) : 0;
    if (code == ENCRYPTION_FIRST || code == ENCRYPTION_LAST) {
        str_add(&link->to_client, "N");
    } else {
        link->started = true;
        str_add_bytes(&link->to_server, link->from_client.text, len);
    }
}

/* The text of a statement in a message; NULL when it holds none. */
static const char *statement_in(const char *message)
{
    if (message[0] == 'Q')
        return message + 5;
    return message[0] == 'P' ? message + 5 + strlen(message + 5) + 1 : NULL; /* after its name */
}

/* True when it is the message to strike at. */
static bool look_at(Proxy *proxy, Link *link, const char *message)
{
    const char *text = statement_in(message);
    if (text != NULL) {
        mem_free(link->statement);
        link->statement = mem_strdup(text);
        link->sent = link->received = 0;
        return count_statement(proxy, link, "", text);
    }
    return message[0] == 'd' && ++link->sent % PIECES_PER_COUNT == 0 && link->statement != NULL &&
           count_statement(proxy, link, "in the middle of ", link->statement);
}

/* Only the destination's server is restarted: the source's connections just go on. */
static void aim(const Proxy *proxy, Link *link)
{
    ProxyMoment moment = proxy->strike.moment;
    if (proxy->strike.action == PROXY_RESTART_SERVER && link->side == PROXY_SOURCE)
        moment = PROXY_DURING;
    link->deaf = moment == PROXY_BEFORE;
    link->mute = link->awaits_reply = moment == PROXY_AFTER;
}

/* The statement's messages come together: also what follows the one to strike at, up to the Sync,
 * is forwarded before a strike that is not to come before it. */
static void hear_client(Proxy *proxy, Link *link)
{
    bool strikes = false;
    size_t len;
    while (link->used && (len = whole_message(&link->from_client, link->started)) > 0) {
        if (!link->started) {
            start(link, len);
        } else {
            if (!link->deaf && look_at(proxy, link, link->from_client.text)) {
                strikes = true;
                aim(proxy, link);
            }
            if (!link->deaf)
                str_add_bytes(&link->to_server, link->from_client.text, len);
        }
        drop_front(&link->from_client, len);
    }
    if (!strikes || link->awaits_reply)
        return;
    flush_whole(link->server, &link->to_server);
    act(proxy, link);
}

/* ---- messages of the server ------------------------------------------------------------ */

/* The last message of a reply: ready for the next statement, or for the rows of a COPY. */
static bool ends_reply(char type)
{
    return type == 'Z' || type == 'G' || type == 'H';
}

static void hear_server(Proxy *proxy, Link *link)
{
    size_t len;
    while (link->used && (len = whole_message(&link->from_server, true)) > 0) {
        const char *message = link->from_server.text;
        char type = message[0];
        if (type == 'K')
            link->backend_pid = (int)number_at(message + 5);
        bool strikes = false;
        if (type == 'd' && ++link->received % ROWS_PER_COUNT == 0 && link->statement != NULL)
            strikes = count_statement(proxy, link, "in the middle of ", link->statement);
        if (link->awaits_reply && ends_reply(type))
            strikes = true;
        if (!link->mute)
            str_add_bytes(&link->to_client, message, len);
        drop_front(&link->from_server, len);
        if (strikes) {
            link->awaits_reply = false;
            act(proxy, link);
        }
    }
}

/* ---- the thread ------------------------------------------------------------------------ */

static int connect_unix(const Server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%s", server->host,
             server->port);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int connect_server(const Server *server)
{
    if (server->host[0] == '/')
        return connect_unix(server);
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int fd = -1;
    if (getaddrinfo(server->host, server->port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static void welcome(Proxy *proxy, ProxySide side)
{
    int client = accept4(proxy->servers[side].listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    pthread_mutex_lock(&proxy->mutex);
    bool unreachable = proxy->unreachable;
    pthread_mutex_unlock(&proxy->mutex);
    int server = unreachable ? -1 : connect_server(&proxy->servers[side]);
    size_t i = 0;
    while (i < LINKS && proxy->links[i].used)
        i++;
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    if (server < 0 || i == LINKS || getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    proxy->links[i] = (Link){
        .used = true, .side = side, .client = client, .server = server, .client_pid = peer.pid};
}

static short wanted(const Str *waiting, const Str *other)
{
    return (short)((waiting->len > 0 ? POLLOUT : 0) | (other->len < FORWARD_MAX ? POLLIN : 0));
}

/* What the server said last still reaches the client; the client's last words the server. */
static void end_link(Link *link, bool server_ended)
{
    if (server_ended && !link->mute)
        flush_whole(link->client, &link->to_client);
    if (!server_ended && !link->deaf)
        flush_whole(link->server, &link->to_server);
    close_link(link);
}

static void serve(Proxy *proxy, Link *link, short client, short server)
{
    if (server & (POLLIN | POLLHUP | POLLERR)) {
        bool open = take(link->server, &link->from_server);
        hear_server(proxy, link);
        if (link->used && !open)
            end_link(link, true);
    }
    if (link->used && client & (POLLIN | POLLHUP | POLLERR)) {
        bool open = take(link->client, &link->from_client);
        hear_client(proxy, link);
        if (link->used && !open)
            end_link(link, false);
    }
    if (link->used &&
        (!flush(link->server, &link->to_server) || !flush(link->client, &link->to_client)))
        close_link(link);
}

static bool is_over(Proxy *proxy)
{
    pthread_mutex_lock(&proxy->mutex);
    bool stop = proxy->stop;
    pthread_mutex_unlock(&proxy->mutex);
    return stop;
}

static void *forward(void *context)
{
    Proxy *proxy = context;
    enum { FIRST = PROXY_SIDES + 1 };
    while (!is_over(proxy)) {
        struct pollfd fds[FIRST + 2 * LINKS];
        fds[PROXY_SIDES] = (struct pollfd){.fd = proxy->wake, .events = POLLIN};
        for (ProxySide side = 0; side < PROXY_SIDES; side++)
            fds[side] = (struct pollfd){.fd = proxy->servers[side].listener, .events = POLLIN};
        for (size_t i = 0; i < LINKS; i++) {
            const Link *link = &proxy->links[i];
            fds[FIRST + 2 * i] =
                (struct pollfd){.fd = link->used ? link->client : -1,
                                .events = wanted(&link->to_client, &link->to_server)};
            fds[FIRST + 2 * i + 1] =
                (struct pollfd){.fd = link->used ? link->server : -1,
                                .events = wanted(&link->to_server, &link->to_client)};
        }
        if (poll(fds, FIRST + 2 * LINKS, -1) < 0)
            continue;
        for (size_t i = 0; i < LINKS; i++)
            if (proxy->links[i].used && fds[FIRST + 2 * i].fd == proxy->links[i].client)
                serve(proxy, &proxy->links[i], fds[FIRST + 2 * i].revents,
                      fds[FIRST + 2 * i + 1].revents);
        for (ProxySide side = 0; side < PROXY_SIDES; side++)
            if (fds[side].revents & POLLIN)
                welcome(proxy, side);
    }
    close_all(proxy);
    return NULL;
}

/* ---- beginning and end ----------------------------------------------------------------- */

static char *setting_of(const char *conninfo, const char *name)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    char *value = NULL;
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        if (strcmp(o->keyword, name) == 0 && o->val != NULL)
            value = mem_strdup(o->val);
    PQconninfoFree(options);
    return value;
}

static int listen_in(const char *folder, ProxySide side)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%d", folder, PORT + (int)side);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, LINKS) != 0)
        cr_assert_fail("the proxy cannot listen: %s", strerror(errno));
    return fd;
}

Proxy *proxy_new(const char *const servers[PROXY_SIDES])
{
    Proxy *proxy = mem_alloc(sizeof *proxy);
    *proxy = (Proxy){.wake = eventfd(0, EFD_CLOEXEC)};
    pthread_mutex_init(&proxy->mutex, NULL);
    snprintf(proxy->folder, sizeof proxy->folder, "/tmp/pgzmtest-proxy.XXXXXX");
    if (mkdtemp(proxy->folder) == NULL)
        cr_assert_fail("no temporary folder");
    for (ProxySide side = 0; side < PROXY_SIDES; side++) {
        Server *server = &proxy->servers[side];
        server->conninfo = mem_printf("%s dbname=postgres", servers[side]);
        server->host = setting_of(server->conninfo, "host");
        server->port = setting_of(server->conninfo, "port");
        if (server->host == NULL)
            server->host = mem_strdup("/var/run/postgresql");
        if (server->port == NULL)
            server->port = mem_strdup("5432");
        server->listener = listen_in(proxy->folder, side);
    }
    if (proxy->wake < 0 || pthread_create(&proxy->thread, NULL, forward, proxy) != 0)
        cr_assert_fail("the proxy does not start");
    return proxy;
}

void proxy_free(Proxy *proxy)
{
    if (proxy == NULL)
        return;
    end_restart(proxy);
    pthread_mutex_lock(&proxy->mutex);
    proxy->stop = true;
    pthread_mutex_unlock(&proxy->mutex);
    if (eventfd_write(proxy->wake, 1) == 0)
        pthread_join(proxy->thread, NULL);
    for (ProxySide side = 0; side < PROXY_SIDES; side++) {
        AUTO(mem_free)
        char *path = mem_printf("%s/.s.PGSQL.%d", proxy->folder, PORT + (int)side);
        close(proxy->servers[side].listener);
        unlink(path);
        mem_free(proxy->servers[side].conninfo);
        mem_free(proxy->servers[side].host);
        mem_free(proxy->servers[side].port);
    }
    rmdir(proxy->folder);
    close(proxy->wake);
    forget(proxy);
    mem_free(proxy->texts);
    pthread_mutex_destroy(&proxy->mutex);
    mem_free(proxy);
}

char *proxy_conninfo(const Proxy *proxy, ProxySide side, const char *database)
{
    AUTO(str_clear) Str s = STR_INIT;
    AUTO(mem_free) char *user = setting_of(proxy->servers[side].conninfo, "user");
    AUTO(mem_free) char *password = setting_of(proxy->servers[side].conninfo, "password");
    str_addf(&s, "host=%s port=%d dbname=%s", proxy->folder, PORT + (int)side, database);
    if (user != NULL)
        str_addf(&s, " user='%s'", user);
    if (password != NULL)
        str_addf(&s, " password='%s'", password);
    return str_take(&s);
}

void proxy_arm(Proxy *proxy, const ProxyStrike *strike)
{
    end_restart(proxy);
    pthread_mutex_lock(&proxy->mutex);
    forget(proxy);
    proxy->strike = strike != NULL ? *strike : (ProxyStrike){0};
    proxy->unreachable = proxy->begun = false;
    proxy->struck = 0;
    proxy->seen = 0;
    pthread_mutex_unlock(&proxy->mutex);
}

size_t proxy_struck(Proxy *proxy)
{
    end_restart(proxy);
    pthread_mutex_lock(&proxy->mutex);
    size_t struck = proxy->struck;
    pthread_mutex_unlock(&proxy->mutex);
    return struck;
}
