/*
 * proxy.h - stands between the command and its servers, counts the statements that pass, and at the
 * one it was told something dies: the client, the backend, the connection, or the whole server.
 *
 * It listens on unix sockets in a folder of its own, one for each side, and forwards whatever any
 * number of connections say. What the client sends is read message by message, so that a strike
 * falls exactly before a statement, while it runs, or when its reply is on the way. Statements are
 * counted over all connections of both sides, in the order in which they come; of COPY, every few
 * messages count as one. Not a pooler, and it cannot read encrypted connections.
 *
 * Threads: one of its own does the forwarding; a strike that restarts a server has another one. The
 * functions may be called from any thread.
 */
#ifndef PGZM_TESTS_HARNESS_PROXY_H
#define PGZM_TESTS_HARNESS_PROXY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Proxy Proxy;

typedef enum ProxySide { PROXY_DEST, PROXY_SOURCE, PROXY_SIDES } ProxySide;

typedef enum ProxyAction {
    PROXY_KILL_CLIENT,       /* SIGKILL for the process at the other end */
    PROXY_TERMINATE_BACKEND, /* pg_terminate_backend for the session at hand */
    PROXY_CUT,               /* both ends of this one connection are closed */
    PROXY_CUT_FOR_GOOD,      /* of all connections, and there are no new ones */
    PROXY_RESTART_SERVER,    /* of the destination, see ProxyStrike */
    PROXY_ACTIONS
} ProxyAction;

typedef enum ProxyMoment {
    PROXY_BEFORE, /* the statement does not get to the server */
    PROXY_DURING, /* it gets there, and nobody waits for what comes of it */
    PROXY_AFTER,  /* the server is through with it, the client does not hear of it */
    PROXY_MOMENTS
} ProxyMoment;

/* Where it strikes: at a statement's number, or by what the statement says. */
typedef struct ProxyStrike {
    size_t at;        /* from 1; 0: by the text */
    const char *text; /* the nth statement in which this is found, counted from the first ... */
    int nth;          /* ... (0 is the first, too) */
    const char *from; /* ... in which this is found; NULL: from the beginning */
    ProxyAction action;
    ProxyMoment moment;
    /* Stops the server at once and starts it again; runs in a thread of its own. */
    void (*restart)(void *context);
    void *context;
} ProxyStrike;

/* `servers` are connection strings of a superuser, without a database. */
Proxy *proxy_new(const char *const servers[PROXY_SIDES]);
void proxy_free(Proxy *proxy); /* NULL is fine */

/* The connection string of a database behind the proxy (mem_free). */
char *proxy_conninfo(const Proxy *proxy, ProxySide side, const char *database);

/* Forgets what passed, and strikes once. Connections that are still open go on as they are. NULL:
 * counts, and lets everything pass. The texts are borrowed until then. */
void proxy_arm(Proxy *proxy, const ProxyStrike *strike);
/* The number of the statement at which it struck since, 0 for none; waits until a server that it
 * restarted is up again. */
size_t proxy_struck(Proxy *proxy);

/* What passed since, the pieces of COPY included. */
size_t proxy_count(Proxy *proxy);
/* The text of a statement, from 1, without line breaks, cut (mem_free): "dest: COMMIT". */
char *proxy_statement(Proxy *proxy, size_t number);

static inline __attribute__((unused)) void auto_proxy_free(Proxy **proxy)
{
    proxy_free(*proxy);
}

/* "backend terminated", "while it ran" ... for messages. */
const char *proxy_action_name(ProxyAction action);
const char *proxy_moment_name(ProxyMoment moment);

#endif
