#include "base/cancel.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

/* How often a wait looks at a parent's token, which has a descriptor of its own. */
enum { CANCEL_LOOK_MS = 250 };

struct Cancel {
    Cancel *parent;
    atomic_int reason;        /* CancelReason */
    _Atomic int64_t deadline; /* clock_monotonic_ms, 0 for none */
    int fd;                   /* eventfd, readable for good once the token is set */
};

Cancel *cancel_new(Cancel *parent)
{
    Cancel *cancel = mem_alloc(sizeof *cancel);
    cancel->parent = parent;
    /* Without a descriptor (none left) waits still notice, every CANCEL_LOOK_MS. */
    cancel->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return cancel;
}

void cancel_free(Cancel *cancel)
{
    if (cancel == NULL)
        return;
    if (cancel->fd >= 0)
        close(cancel->fd);
    mem_free(cancel);
}

void cancel_trigger(Cancel *cancel, CancelReason reason)
{
    int none = CANCEL_NONE;
    int saved = errno;
    if (atomic_compare_exchange_strong(&cancel->reason, &none, (int)reason) && cancel->fd >= 0) {
        uint64_t one = 1;
        ssize_t written = write(cancel->fd, &one, sizeof one);
        (void)written; /* the counter cannot overflow from one write */
    }
    errno = saved;
}

void cancel_set_deadline(Cancel *cancel, int64_t monotonic_ms)
{
    atomic_store(&cancel->deadline, monotonic_ms);
}

CancelReason cancel_reason(Cancel *cancel)
{
    if (cancel == NULL)
        return CANCEL_NONE;
    if (atomic_load(&cancel->reason) == CANCEL_NONE) {
        int64_t deadline = atomic_load(&cancel->deadline);
        CancelReason above = cancel_reason(cancel->parent);
        if (above != CANCEL_NONE)
            cancel_trigger(cancel, above);
        else if (deadline != 0 && clock_monotonic_ms() >= deadline)
            cancel_trigger(cancel, CANCEL_TIMEOUT);
    }
    return (CancelReason)atomic_load(&cancel->reason);
}

bool cancel_check(Cancel *cancel, Error *err)
{
    switch (cancel_reason(cancel)) {
    case CANCEL_NONE:
        return true;
    case CANCEL_TIMEOUT:
        if (error_is_set(err))
            return false;
        error_set(err, ERROR_OTHER, "the time given with --timeout is over");
        err->keeps_kind = true;
        return error_hint(err, "Give it more time, or leave --timeout out.");
    case CANCEL_REQUESTED:
    case CANCEL_FAILURE:
        break;
    }
    return error_set(err, ERROR_INTERRUPTED, "interrupted");
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int cancel_poll(Cancel *cancel, const int fds[2], const short events[2], short revents[2],
                int64_t ms)
{
    int64_t end = ms < 0 ? -1 : clock_monotonic_ms() + ms;
    for (;;) {
        revents[0] = revents[1] = 0;
        if (cancel_reason(cancel) != CANCEL_NONE)
            return 0;
        int64_t wait = end < 0 ? -1 : end - clock_monotonic_ms();
        if (end >= 0 && wait < 0)
            wait = 0;
        int64_t slice = wait;
        if (cancel != NULL)
            slice = smaller(wait, CANCEL_LOOK_MS);
        struct pollfd set[3] = {{.fd = fds[0], .events = events[0]},
                                {.fd = fds[1], .events = events[1]},
                                {.fd = cancel != NULL ? cancel->fd : -1, .events = POLLIN}};
        int n = poll(set, 3, (int)slice);
        if (n < 0 && errno != EINTR)
            return -1;
        revents[0] = set[0].revents;
        revents[1] = set[1].revents;
        int ready = (revents[0] != 0) + (revents[1] != 0);
        if (n > 0 && ready > 0)
            return ready;
        if (n == 0 && end >= 0 && clock_monotonic_ms() >= end)
            return 0;
    }
}

bool cancel_sleep(Cancel *cancel, int64_t ms)
{
    const int fds[2] = {-1, -1};
    const short events[2] = {0, 0};
    short revents[2];
    cancel_poll(cancel, fds, events, revents, ms);
    return cancel_reason(cancel) == CANCEL_NONE;
}
