#include "engine/retry.h"

#include "base/clock.h"

enum {
    LOST_TRIES = 10, /* of work under which connections are lost: it may be what ends them */
    PAUSE_FIRST_MS = 100,
    PAUSE_MOST_MS = 5000
};

bool retry_again(Retry *retry, const Run *run, Cancel *cancel, bool under_way, const Error *failure,
                 bool *fresh)
{
    int64_t timeout = run->settings->retry_timeout_ms;
    *fresh = false;
    if (failure->kind != ERROR_CONNECTION || timeout == 0 || cancel_reason(cancel) != CANCEL_NONE)
        return false;
    int64_t now = clock_monotonic_ms();
    *fresh = under_way || retry->since == 0;
    if (*fresh) {
        retry->since = now;
        retry->pause = PAUSE_FIRST_MS;
        retry->tries++;
        log_warning(&run->log, "%s; trying again", failure->message);
    } else {
        log_debug(&run->log, "%s; trying again", failure->message);
        retry->pause = retry->pause * 2 < PAUSE_MOST_MS ? retry->pause * 2 : PAUSE_MOST_MS;
    }
    return retry->tries <= LOST_TRIES && now - retry->since < timeout &&
           cancel_sleep(cancel, retry->pause);
}
