#include "tests/harness/fakeserver.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    PORT = 5432,
    STARTUP_MAX = 10000,
    NO_ENCRYPTION_FIRST = 80877103,
    NO_ENCRYPTION_LAST = 80877104
};

struct FakeServer {
    char version[32];
    char folder[64];
    char path[108];
    char conninfo[128];
    int listener;
    pthread_t thread;
};

static bool read_exactly(int fd, void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = read(fd, (char *)bytes + done, len - done);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static void send_message(int fd, char type, const void *body, size_t len)
{
    uint32_t size = htonl((uint32_t)len + 4);
    char message[256];
    message[0] = type;
    memcpy(message + 1, &size, 4);
    memcpy(message + 5, body, len);
    if (send(fd, message, len + 5, MSG_NOSIGNAL) < 0)
        return;
}

static void send_parameter(int fd, const char *name, const char *value)
{
    char body[128];
    size_t len = (size_t)snprintf(body, sizeof body, "%s", name) + 1;
    len += (size_t)snprintf(body + len, sizeof body - len, "%s", value) + 1;
    send_message(fd, 'S', body, len);
}

/* The start of a session: refuse encryption, accept the login, say the version; then wait until the
 * client has enough. */
static void serve(const FakeServer *server, int fd)
{
    for (;;) {
        uint32_t size, code;
        char rest[STARTUP_MAX];
        if (!read_exactly(fd, &size, 4) || ntohl(size) < 8 || ntohl(size) > STARTUP_MAX ||
            !read_exactly(fd, &code, 4) || !read_exactly(fd, rest, ntohl(size) - 8))
            return;
        if (ntohl(code) < NO_ENCRYPTION_FIRST || ntohl(code) > NO_ENCRYPTION_LAST)
            break;
        if (send(fd, "N", 1, MSG_NOSIGNAL) < 0)
            return;
    }
    send_message(fd, 'R', "\0\0\0", 4);
    send_parameter(fd, "server_version", server->version);
    send_parameter(fd, "server_encoding", "UTF8");
    send_parameter(fd, "client_encoding", "UTF8");
    send_parameter(fd, "standard_conforming_strings", "on");
    send_message(fd, 'K', "\0\0\0\1\0\0\0", 8);
    send_message(fd, 'Z', "I", 1);
    char ignored[512];
    while (read(fd, ignored, sizeof ignored) > 0) {
        static const char error[] = "SERROR\0C0A000\0Mthis server answers nothing\0";
        send_message(fd, 'E', error, sizeof error);
        send_message(fd, 'Z', "I", 1);
    }
}

static void *serve_all(void *context)
{
    const FakeServer *server = context;
    int fd;
    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        serve(server, fd);
        close(fd);
    }
    return NULL;
}

FakeServer *fakeserver_new(const char *version)
{
    FakeServer *server = mem_alloc(sizeof *server);
    snprintf(server->version, sizeof server->version, "%s", version);
    snprintf(server->folder, sizeof server->folder, "/tmp/pgzmtest-fake.XXXXXX");
    if (mkdtemp(server->folder) == NULL)
        cr_assert_fail("no temporary folder");
    snprintf(server->path, sizeof server->path, "%s/.s.PGSQL.%d", server->folder, PORT);
    snprintf(server->conninfo, sizeof server->conninfo, "host=%s port=%d user=x dbname=x",
             server->folder, PORT);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, server->path, sizeof server->path);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        bind(server->listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, 8) != 0 ||
        pthread_create(&server->thread, NULL, serve_all, server) != 0)
        cr_assert_fail("the fake server does not start");
    return server;
}

const char *fakeserver_conninfo(const FakeServer *server)
{
    return server->conninfo;
}

void fakeserver_free(FakeServer *server)
{
    if (server == NULL)
        return;
    shutdown(server->listener, SHUT_RDWR); /* ends accept() */
    pthread_join(server->thread, NULL);
    close(server->listener);
    unlink(server->path);
    rmdir(server->folder);
    mem_free(server);
}
