#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/mem.h"

typedef struct PoolThread {
    pthread_t id;
    size_t index;
    PoolWork work;
    void *context;
    Cancel *cancel;
    bool started, ok;
    Error err;
} PoolThread;

static void *pool_main(void *argument)
{
    PoolThread *thread = argument;
    thread->ok = thread->work(thread->context, thread->index, &thread->err);
    if (!thread->ok)
        cancel_trigger(thread->cancel, CANCEL_FAILURE);
    return NULL;
}

static bool pool_start(PoolThread *thread, Error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failure = pthread_create(&thread->id, NULL, pool_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return error_set(err, ERROR_OTHER, "could not start a thread: %s", strerror(failure));
    thread->started = true;
    return true;
}

bool pool_run(size_t threads, PoolWork work, void *context, Cancel *cancel, Error *err)
{
    PoolThread *all = mem_alloc(threads * sizeof *all);
    bool ok = true;
    for (size_t i = 0; i < threads && ok; i++) {
        all[i] = (PoolThread){.index = i, .work = work, .context = context, .cancel = cancel};
        ok = pool_start(&all[i], err);
    }
    if (!ok)
        cancel_trigger(cancel, CANCEL_FAILURE);
    for (size_t i = 0; i < threads; i++)
        if (all[i].started) {
            pthread_join(all[i].id, NULL);
            ok = ok && all[i].ok;
        }
    /* An interruption that follows from another thread's failure is not what a person wants to
     * read: look for a failure of another kind first. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < threads; i++)
            if (all[i].started && !all[i].ok && error_is_set(&all[i].err) &&
                (pass == 1 || all[i].err.kind != ERROR_INTERRUPTED))
                error_move(err, &all[i].err);
    for (size_t i = 0; i < threads; i++)
        error_clear(&all[i].err);
    mem_free(all);
    return ok;
}
