#include "cli/signal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 250000000L

struct Signal {
    SignalHooks hooks;
    sigset_t set;
    pthread_t thread;
    atomic_int number;  /* the first signal */
    atomic_bool ending; /* the next wake-up is signal_end's */
};

static void *signal_wait(void *argument)
{
    Signal *self = argument;
    const struct timespec tick = {.tv_nsec = TICK_NS};
    while (true) {
        int number = sigtimedwait(&self->set, NULL, &tick);
        if (atomic_load(&self->ending))
            return NULL;
        if (number < 0) {
            if (errno == EAGAIN)
                self->hooks.tick(self->hooks.context);
        } else if (atomic_load(&self->number) == 0) {
            atomic_store(&self->number, number);
            self->hooks.stop(self->hooks.context, number);
        } else {
            _exit(128 + number);
        }
    }
}

Signal *signal_begin(const SignalHooks *hooks)
{
    Signal *self = mem_alloc(sizeof *self);
    self->hooks = *hooks;
    sigemptyset(&self->set);
    sigaddset(&self->set, SIGINT);
    sigaddset(&self->set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &self->set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_create(&self->thread, NULL, signal_wait, self) != 0)
        abort(); /* like running out of memory: nothing has begun yet */
    return self;
}

void signal_end(Signal *self)
{
    atomic_store(&self->ending, true);
    pthread_kill(self->thread, SIGTERM);
    pthread_join(self->thread, NULL);
    mem_free(self);
}

int signal_number(const Signal *self)
{
    return atomic_load(&self->number);
}
