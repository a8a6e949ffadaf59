#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/pool.h"

typedef struct Shared {
    Cancel *cancel;
    atomic_int calls;
    atomic_int index_sum;
    atomic_int unblocked;
    size_t failing;
    atomic_bool consequence_first;
} Shared;

static bool count(void *context, size_t index, Error *err)
{
    (void)err;
    Shared *shared = context;
    atomic_fetch_add(&shared->calls, 1);
    atomic_fetch_add(&shared->index_sum, (int)index);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    if (!sigismember(&mask, SIGINT) || !sigismember(&mask, SIGTERM))
        atomic_fetch_add(&shared->unblocked, 1);
    return true;
}

Test(pool, runs_every_thread_once_with_signals_blocked)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    Shared shared = {0};
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    cr_assert(pool_run(20, count, &shared, cancel, &err));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    cr_assert_eq(shared.calls, 20);
    cr_assert_eq(shared.index_sum, 190);
    cr_assert_eq(shared.unblocked, 0);
    cr_assert_eq(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
    cr_assert_eq(cancel_reason(cancel), CANCEL_NONE);
}

/* All but one wait until the token is set, and then fail in consequence. */
static bool wait_or_fail(void *context, size_t index, Error *err)
{
    Shared *shared = context;
    if (index == shared->failing)
        return error_set_state(err, ERROR_COPY, "22P02", "the cause");
    cancel_sleep(shared->cancel, 10000);
    return cancel_check(shared->cancel, err);
}

Test(pool, reports_the_cause_and_not_its_consequences)
{
    for (size_t failing = 0; failing < 4; failing++) {
        AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
        AUTO(error_clear) Error err = ERROR_INIT;
        Shared shared = {.cancel = cancel, .failing = failing};
        cr_assert_not(pool_run(4, wait_or_fail, &shared, cancel, &err));
        cr_assert_eq(err.kind, ERROR_COPY, "%s", err.message);
        cr_assert_str_eq(err.message, "the cause");
        cr_assert(error_is_state(&err, "22P02"));
        cr_assert_eq(cancel_reason(cancel), CANCEL_FAILURE);
    }
}

Test(pool, is_interrupted_when_someone_asked_for_it)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    Shared shared = {.cancel = cancel, .failing = 99};
    cancel_trigger(cancel, CANCEL_REQUESTED);
    cr_assert_not(pool_run(3, wait_or_fail, &shared, cancel, &err));
    cr_assert_eq(err.kind, ERROR_INTERRUPTED);
    cr_assert_eq(cancel_reason(cancel), CANCEL_REQUESTED);
}
