#include "copy/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"

/*
 * How the bytes move, and why so.
 *
 * Reading: PQgetlineAsync copies what libpq has received, whole rows and parts of rows, binary too,
 * straight into our message; PQgetCopyData would malloc and copy each row first, and hold a large
 * row twice. Where rows begin and end does not matter: the server reads CopyData as one stream.
 *
 * libpq's receive buffer is 16 KiB at first and grows with the largest message that it ever held:
 * stream_widen has it hold a large one. Client CPU of 456 MB in narrow rows over Unix sockets,
 * medians of four: 0.43 s before, 0.37 s after; half of that is the kernel's.
 *
 * Sending: the server takes a message apart with a fixed cost each, so rows are gathered to 64 KiB.
 * The message is as long as a multiple of 8192 with its header of 5 bytes: on a Unix socket libpq
 * sends multiples of 8192 and would keep the remainder back. A part of a message is never sent just
 * because the source pauses: nobody waits for single rows.
 */
enum {
    STREAM_MESSAGE = 65536,
    STREAM_BATCH = STREAM_MESSAGE - 5,
    STREAM_RECEIVE = 4 * STREAM_MESSAGE,
    HIDDEN_LOOK_MS = 10, /* how often an encrypted source is read though its socket is silent */
    DOUBT_MS = 100,      /* how long unexplained words of the destination may remain so */
    DRAIN_MS = 1000,     /* how long a cancelled source may take to end */
};

/* Since 14 the server reports changed settings when a statement is over, before right away, which
 * libpq leaves unread during a COPY and which looks like an error from outside. */
enum { QUIET_COPY_VERSION = 140000 };

typedef enum StreamEnd {
    STREAM_MORE,
    STREAM_DONE,        /* the source has nothing more, and all of it was handed over */
    STREAM_DEST_FAILED, /* the destination knows why */
    STREAM_FAILED       /* the error says why */
} StreamEnd;

typedef struct Stream {
    Conn *source, *dest; /* either may be NULL: then `read` or `write` is in its place */
    PGconn *from, *to;   /* theirs */
    StreamRead *read;
    StreamWrite *write;
    void *context;
    Cancel *cancel;
    const StreamMeter *meter;
    char *message; /* STREAM_BATCH bytes */
    size_t filled;
    bool source_ended; /* libpq saw the end of the COPY: done or an error */
    bool source_lost;
    bool source_hidden;  /* bytes can wait in the encryption layer, where poll does not see them */
    int64_t notices;     /* of the destination, that are accounted for */
    int64_t doubt_since; /* clock_monotonic_ms when it said something unexplained, or 0 */
} Stream;

/* Takes what there is: all of the message, unless the bytes end. */
static StreamEnd fill_by_reading(Stream *s, Error *err)
{
    while (s->filled < STREAM_BATCH && !s->source_ended) {
        size_t n = 0;
        if (!s->read(s->context, s->message + s->filled, STREAM_BATCH - s->filled, &n, err))
            return STREAM_FAILED;
        s->filled += n;
        s->source_ended = n == 0;
    }
    return STREAM_MORE;
}

/* Takes what libpq has received. */
static void fill(Stream *s)
{
    while (s->filled < STREAM_BATCH && !s->source_ended) {
        int n = PQgetlineAsync(s->from, s->message + s->filled, (int)(STREAM_BATCH - s->filled));
        if (n == 0)
            break;
        if (n < 0)
            s->source_ended = true;
        else
            s->filled += (size_t)n;
    }
}

static void count_sent(Stream *s)
{
    int64_t bytes = (int64_t)s->filled;
    atomic_fetch_add_explicit(s->meter->wire_bytes, bytes, memory_order_relaxed);
    s->filled = 0;
    if (s->meter->pace != NULL)
        s->meter->pace(s->meter->context, bytes);
}

static StreamEnd write_message(Stream *s, Error *err)
{
    if (!cancel_check(s->cancel, err) || !s->write(s->context, s->message, s->filled, err))
        return STREAM_FAILED;
    count_sent(s);
    return STREAM_MORE;
}

/* Hands the message to libpq, which can send it without waiting: the socket is writable. Messages
 * never pile up in libpq, where they would take memory without bound: the one before must be gone.
 */
static StreamEnd send_message(Stream *s)
{
    int left = PQflush(s->to);
    if (left > 0)
        return STREAM_MORE;
    int put = left < 0 ? -1 : PQputCopyData(s->to, s->message, (int)s->filled);
    if (put < 0)
        return STREAM_DEST_FAILED;
    if (put > 0)
        count_sent(s);
    return STREAM_MORE;
}

/*
 * The destination says something in the middle of a COPY. libpq hands notices out and keeps
 * anything else until the COPY is ended by its client; there is no function that tells. What else a
 * server of 14 or later can send is an error, so that is what we take it for when no notice has
 * come of it soon. Being wrong does no harm to the rows: the COPY is then ended as failed, and the
 * server's own words are reported. With an older server an error shows at the end of the chunk.
 *
 * Writing reads too: libpq, when it cannot send all, receives so as not to deadlock, and an error
 * that is received so would go unnoticed until the end. Therefore messages are only sent when poll
 * has just said that the socket is writable and silent; a Unix socket then takes all of a message,
 * and a TCP one nearly always.
 */
static StreamEnd listen_dest(Stream *s)
{
    if (!PQconsumeInput(s->to))
        return STREAM_DEST_FAILED;
    PQisBusy(s->to); /* hands out notices */
    if (conn_notice_count(s->dest) != s->notices) {
        s->notices = conn_notice_count(s->dest);
        s->doubt_since = 0;
    } else if (s->doubt_since == 0 && conn_version(s->dest) >= QUIET_COPY_VERSION) {
        s->doubt_since = clock_monotonic_ms();
    }
    return STREAM_MORE;
}

static int64_t patience(const Stream *s)
{
    if (s->doubt_since != 0)
        return DOUBT_MS;
    return s->source_hidden ? HIDDEN_LOOK_MS : -1;
}

/* Waits until either side can go on, or the token is set, and lets them. */
static StreamEnd step(Stream *s, bool sending, Error *err)
{
    bool doubtful = s->doubt_since != 0; /* nothing moves until that is settled */
    const int fds[2] = {sending || doubtful ? -1 : PQsocket(s->from), PQsocket(s->to)};
    const short events[2] = {POLLIN, (short)(sending && !doubtful ? POLLIN | POLLOUT : POLLIN)};
    short revents[2];
    int ready = cancel_poll(s->cancel, fds, events, revents, patience(s));
    if (ready < 0) {
        error_set(err, ERROR_OTHER, "poll: %s", strerror(errno));
        return STREAM_FAILED;
    }
    if (ready == 0 && !cancel_check(s->cancel, err))
        return STREAM_FAILED;
    bool silent = (revents[1] & ~POLLOUT) == 0;
    StreamEnd end = silent ? STREAM_MORE : listen_dest(s);
    if (s->doubt_since != 0 && clock_monotonic_ms() - s->doubt_since >= DOUBT_MS)
        end = STREAM_DEST_FAILED;
    if (end != STREAM_MORE)
        return end;
    if (sending)
        return silent && (revents[1] & POLLOUT) != 0 ? send_message(s) : STREAM_MORE;
    if ((revents[0] != 0 || s->source_hidden) && !PQconsumeInput(s->from))
        s->source_lost = true; /* what was received before is still good, and may hold the reason */
    return STREAM_MORE;
}

static StreamEnd pump(Stream *s, Error *err)
{
    StreamEnd end = STREAM_MORE;
    while (end == STREAM_MORE) {
        if (s->read == NULL)
            fill(s);
        else if (fill_by_reading(s, err) != STREAM_MORE)
            return STREAM_FAILED;
        bool sending = s->filled == STREAM_BATCH || (s->source_ended && s->filled > 0);
        if (s->source_ended && !sending)
            return STREAM_DONE;
        if (s->source_lost && !sending) {
            conn_error(s->source, NULL, err);
            return STREAM_FAILED;
        }
        end = sending && s->write != NULL ? write_message(s, err) : step(s, sending, err);
    }
    return end;
}

/* Cancels the source's COPY and reads what it sent before it noticed. */
static void stop_source(Stream *s)
{
    if (s->source == NULL || s->source_lost)
        return;
    if (!s->source_ended)
        conn_cancel_query(s->source);
    int64_t end = clock_monotonic_ms() + DRAIN_MS;
    for (;;) {
        do {
            s->filled = 0;
            fill(s);
        } while (s->filled > 0 && !s->source_ended);
        int64_t left = end - clock_monotonic_ms();
        if (s->source_ended || left <= 0)
            break;
        const int fds[2] = {PQsocket(s->from), -1};
        const short events[2] = {POLLIN, 0};
        short revents[2];
        /* no token: it may be why we are here */
        if (cancel_poll(NULL, fds, events, revents, s->source_hidden ? HIDDEN_LOOK_MS : left) < 0)
            break;
        if (!PQconsumeInput(s->from))
            return;
    }
    if (!s->source_ended)
        return;
    AUTO(error_clear) Error expected = ERROR_INIT;
    conn_shield_begin(s->source);
    bool was_over = conn_copy_end(s->source, NULL, &expected);
    (void)was_over; /* or cancelled: both are fine */
    conn_shield_end(s->source);
}

/* Ends the destination's COPY as failed; `err` gets what the server says to that. */
static void stop_dest(Stream *s, Error *err)
{
    if (s->dest == NULL)
        return;
    int put = PQputCopyEnd(s->to, "the rows stopped coming");
    if (put < 0 && conn_is_lost(s->dest))
        conn_error(s->dest, NULL, err);
    else if (conn_copy_end(s->dest, NULL, err))
        error_set(err, ERROR_OTHER, "the destination took an incomplete COPY for a complete one");
}

/* The source says how many rows it sent, or why it stopped, before the destination is told that it
 * has them all. */
static bool finish(Stream *s, int64_t *rows, Error *err)
{
    int64_t sent = 0, loaded = 0;
    if (s->source != NULL && !conn_copy_end(s->source, &sent, err)) {
        AUTO(error_clear) Error expected = ERROR_INIT;
        stop_dest(s, &expected);
        return false;
    }
    *rows = sent;
    if (s->dest == NULL)
        return true;
    if (PQputCopyEnd(s->to, NULL) < 0 && conn_is_lost(s->dest))
        return conn_error(s->dest, NULL, err);
    if (!conn_copy_end(s->dest, &loaded, err))
        return false;
    *rows = loaded;
    if (s->source != NULL && sent != loaded)
        return error_set(err, ERROR_DIFFERENCE,
                         "the source sent %" PRId64 " rows, the destination stored %" PRId64, sent,
                         loaded);
    return true;
}

static bool run(Stream *s, int64_t *rows, Error *err)
{
    AUTO(mem_free) char *message = mem_alloc(STREAM_BATCH);
    s->message = message;
    if (s->source != NULL) {
        s->from = conn_pg(s->source);
        s->source_hidden = PQsslInUse(s->from) || PQgssEncInUse(s->from);
    }
    if (s->dest != NULL) {
        s->to = conn_pg(s->dest);
        s->notices = conn_notice_count(s->dest);
    }
    StreamEnd end = pump(s, err);
    if (end == STREAM_DONE)
        return finish(s, rows, err);
    stop_source(s);
    AUTO(error_clear) Error expected = ERROR_INIT;
    stop_dest(s, end == STREAM_DEST_FAILED ? err : &expected);
    return false;
}

bool stream_widen(Conn *source, Error *err)
{
    AUTO(mem_free) char *bytes = mem_printf("%d", STREAM_RECEIVE - 1024); /* it doubles */
    const char *const values[] = {bytes};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(source, "SELECT pg_catalog.repeat(' ', $1::int)", LENGTH(values), values,
                      &result, err);
}

bool stream_run(Conn *source, Conn *dest, const StreamMeter *meter, int64_t *rows, Error *err)
{
    Stream s = {.source = source, .dest = dest, .cancel = conn_cancel(dest), .meter = meter};
    return run(&s, rows, err);
}

bool stream_save(Conn *source, StreamWrite *write, void *context, const StreamMeter *meter,
                 int64_t *rows, Error *err)
{
    Stream s = {.source = source,
                .write = write,
                .context = context,
                .cancel = conn_cancel(source),
                .meter = meter};
    return run(&s, rows, err);
}

bool stream_load(StreamRead *read, void *context, Conn *dest, const StreamMeter *meter,
                 int64_t *rows, Error *err)
{
    Stream s = {.read = read,
                .context = context,
                .dest = dest,
                .cancel = conn_cancel(dest),
                .meter = meter};
    return run(&s, rows, err);
}
