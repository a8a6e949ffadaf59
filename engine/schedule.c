#include "engine/schedule.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef struct Task {
    void *payload;
    int64_t weight;
    int64_t standing; /* of all tasks of its relation together; its own where it has none */
    Oid relation;
    bool exclusive, builds;
    int class;         /* 0: taken by itself */
    size_t waits_for;  /* needs that are not finished */
    size_t *followers; /* tasks that need this one */
    size_t follower_count, follower_capacity;
} Task;

/* A relation that a running task works on. */
typedef struct Busy {
    Oid relation;
    bool exclusive;
} Busy;

struct Schedule {
    Task *tasks;
    size_t count, capacity;
    pthread_mutex_t mutex;  /* guards all below, and waits_for of the tasks */
    pthread_cond_t changed; /* a task became ready, or all are finished, or stopped */
    size_t *ready;          /* binary heap, see goes_before */
    size_t ready_count;
    size_t ready_classed; /* those with a class among them */
    size_t *aside;        /* room for ready tasks whose relation is busy */
    Busy *busy;
    size_t busy_count, busy_capacity;
    size_t running_builds;
    size_t most_builds; /* while others are ready; 0: any number, and of one relation, too */
    size_t finished;
    bool stopped;
};

Schedule *schedule_new(void)
{
    Schedule *schedule = mem_alloc(sizeof *schedule);
    pthread_mutex_init(&schedule->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&schedule->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return schedule;
}

void schedule_free(Schedule *schedule)
{
    if (schedule == NULL)
        return;
    for (size_t i = 0; i < schedule->count; i++)
        mem_free(schedule->tasks[i].followers);
    mem_free(schedule->tasks);
    mem_free(schedule->ready);
    mem_free(schedule->aside);
    mem_free(schedule->busy);
    pthread_cond_destroy(&schedule->changed);
    pthread_mutex_destroy(&schedule->mutex);
    mem_free(schedule);
}

size_t schedule_add(Schedule *schedule, void *payload, int64_t weight, Oid relation, bool exclusive)
{
    if (schedule->count == schedule->capacity) {
        schedule->capacity = schedule->capacity == 0 ? 64 : schedule->capacity * 2;
        schedule->tasks = mem_resize(schedule->tasks, schedule->capacity * sizeof *schedule->tasks);
    }
    schedule->tasks[schedule->count] =
        (Task){.payload = payload, .weight = weight, .relation = relation, .exclusive = exclusive};
    return schedule->count++;
}

void schedule_need(Schedule *schedule, size_t task, size_t earlier)
{
    Task *e = &schedule->tasks[earlier];
    if (e->follower_count == e->follower_capacity) {
        e->follower_capacity = e->follower_capacity == 0 ? 4 : e->follower_capacity * 2;
        e->followers = mem_resize(e->followers, e->follower_capacity * sizeof *e->followers);
    }
    e->followers[e->follower_count++] = task;
    schedule->tasks[task].waits_for++;
}

void schedule_each(const Schedule *schedule,
                   void (*see)(void *context, void *payload, int64_t weight, bool exclusive),
                   void *context)
{
    for (size_t i = 0; i < schedule->count; i++) {
        const Task *task = &schedule->tasks[i];
        if (task->payload != NULL)
            see(context, task->payload, task->weight, task->exclusive);
    }
}

void schedule_each_need(const Schedule *schedule,
                        void (*see)(void *context, void *payload, void *earlier), void *context)
{
    for (size_t i = 0; i < schedule->count; i++) {
        const Task *earlier = &schedule->tasks[i];
        for (size_t k = 0; k < earlier->follower_count && earlier->payload != NULL; k++) {
            void *payload = schedule->tasks[earlier->followers[k]].payload;
            if (payload != NULL)
                see(context, payload, earlier->payload);
        }
    }
}

void schedule_build(Schedule *schedule, size_t task)
{
    schedule->tasks[task].builds = true;
}

void schedule_share(Schedule *schedule, size_t takers)
{
    schedule->most_builds = takers > 1 ? takers / 2 : 1;
}

void schedule_class(Schedule *schedule, size_t task, int class)
{
    schedule->tasks[task].class = class;
}

/* ---- the heap of ready tasks ----------------------------------------------------------- */

static bool goes_before(const Schedule *schedule, size_t a, size_t b)
{
    const Task *x = &schedule->tasks[a], *y = &schedule->tasks[b];
    if (x->standing != y->standing)
        return x->standing > y->standing;
    return x->weight != y->weight ? x->weight > y->weight : a < b;
}

static void heap_push(Schedule *schedule, size_t task)
{
    size_t i = schedule->ready_count++;
    schedule->ready_classed += schedule->tasks[task].class > 0;
    schedule->ready[i] = task;
    while (i > 0 && goes_before(schedule, schedule->ready[i], schedule->ready[(i - 1) / 2])) {
        size_t parent = (i - 1) / 2;
        schedule->ready[i] = schedule->ready[parent];
        schedule->ready[parent] = task;
        i = parent;
    }
}

static size_t heap_pop(Schedule *schedule)
{
    size_t *heap = schedule->ready;
    size_t top = heap[0];
    schedule->ready_classed -= schedule->tasks[top].class > 0;
    size_t last = heap[--schedule->ready_count];
    size_t n = schedule->ready_count, i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && goes_before(schedule, heap[child + 1], heap[child]))
            child++;
        if (goes_before(schedule, last, heap[child]))
            break;
        heap[i] = heap[child];
        i = child;
    }
    if (n > 0)
        heap[i] = last;
    return top;
}

/* ---- taking and finishing -------------------------------------------------------------- */

static bool is_over(const Schedule *schedule)
{
    return schedule->stopped || schedule->finished == schedule->count;
}

static bool is_blocked(const Schedule *schedule, const Task *task)
{
    if (task->relation == SCHEDULE_FREE)
        return false;
    for (size_t i = 0; i < schedule->busy_count; i++)
        if (schedule->busy[i].relation == task->relation &&
            (task->exclusive || schedule->busy[i].exclusive))
            return true;
    return false;
}

static size_t busy_tasks(const Schedule *schedule, Oid relation)
{
    size_t n = 0;
    for (size_t i = 0; i < schedule->busy_count && relation != SCHEDULE_FREE; i++)
        n += schedule->busy[i].relation == relation;
    return n;
}

static bool is_crowded(const Schedule *schedule, const Task *task)
{
    return schedule->most_builds > 0 && busy_tasks(schedule, task->relation) >= SCHEDULE_CROWD;
}

/* Better something else, if there is anything. */
static bool is_one_build_too_many(const Schedule *schedule, const Task *task)
{
    return schedule->most_builds > 0 && task->builds &&
           schedule->running_builds >= schedule->most_builds;
}

static void occupy(Schedule *schedule, const Task *task)
{
    schedule->running_builds += task->builds;
    if (task->relation == SCHEDULE_FREE)
        return;
    if (schedule->busy_count == schedule->busy_capacity) {
        schedule->busy_capacity = schedule->busy_capacity == 0 ? 16 : schedule->busy_capacity * 2;
        schedule->busy =
            mem_resize(schedule->busy, schedule->busy_capacity * sizeof *schedule->busy);
    }
    schedule->busy[schedule->busy_count++] = (Busy){task->relation, task->exclusive};
}

static void release(Schedule *schedule, const Task *task)
{
    schedule->running_builds -= task->builds;
    for (size_t i = 0; i < schedule->busy_count; i++)
        if (schedule->busy[i].relation == task->relation &&
            schedule->busy[i].exclusive == task->exclusive) {
            schedule->busy[i] = schedule->busy[--schedule->busy_count];
            return;
        }
}

/* Counts a task as finished and lets its followers go; meeting points among them at once. The work
 * list is the followers' own order, so no recursion however long a chain is. */
static void complete(Schedule *schedule, size_t task)
{
    size_t done = task;
    size_t *stack = NULL;
    size_t depth = 0, capacity = 0;
    for (;;) {
        Task *t = &schedule->tasks[done];
        schedule->finished++;
        for (size_t i = 0; i < t->follower_count; i++) {
            size_t follower = t->followers[i];
            if (--schedule->tasks[follower].waits_for > 0)
                continue;
            if (schedule->tasks[follower].payload != NULL) {
                heap_push(schedule, follower);
                continue;
            }
            if (depth == capacity) {
                capacity = capacity == 0 ? 16 : capacity * 2;
                stack = mem_resize(stack, capacity * sizeof *stack);
            }
            stack[depth++] = follower;
        }
        if (depth == 0)
            break;
        done = stack[--depth];
    }
    mem_free(stack);
}

static int by_relation(const void *a, const void *b)
{
    const Task *x = *(Task *const *)a, *y = *(Task *const *)b;
    return (x->relation > y->relation) - (x->relation < y->relation);
}

static void weigh_relations(Schedule *schedule)
{
    AUTO(mem_free) Task **sorted = mem_alloc((schedule->count + 1) * sizeof *sorted);
    for (size_t i = 0; i < schedule->count; i++)
        sorted[i] = &schedule->tasks[i];
    qsort(sorted, schedule->count, sizeof *sorted, by_relation);
    for (size_t first = 0, next; first < schedule->count; first = next) {
        int64_t sum = 0;
        for (next = first;
             next < schedule->count && sorted[next]->relation == sorted[first]->relation;)
            sum += sorted[next++]->weight;
        for (size_t i = first; i < next; i++)
            sorted[i]->standing = sorted[i]->relation == SCHEDULE_FREE ? sorted[i]->weight : sum;
    }
}

void schedule_open(Schedule *schedule)
{
    weigh_relations(schedule);
    schedule->ready = mem_alloc((schedule->count + 1) * sizeof *schedule->ready);
    schedule->aside = mem_alloc((schedule->count + 1) * sizeof *schedule->aside);
    pthread_mutex_lock(&schedule->mutex);
    /* Which tasks wait for nothing is fixed first: completing a meeting point changes others. */
    size_t *free_tasks = mem_alloc((schedule->count + 1) * sizeof *free_tasks);
    size_t count = 0;
    for (size_t i = 0; i < schedule->count; i++)
        if (schedule->tasks[i].waits_for == 0)
            free_tasks[count++] = i;
    for (size_t i = 0; i < count; i++) {
        if (schedule->tasks[free_tasks[i]].payload != NULL)
            heap_push(schedule, free_tasks[i]);
        else
            complete(schedule, free_tasks[i]);
    }
    mem_free(free_tasks);
    pthread_mutex_unlock(&schedule->mutex);
}

/* The heaviest ready task whose relation is free; one that leaves jobs to rows, if there is. */
static bool pick(Schedule *schedule, size_t *task)
{
    size_t set_aside = 0, spare = 0;
    bool found = false, has_spare = false;
    while (schedule->ready_count > 0 && !found) {
        size_t candidate = heap_pop(schedule);
        const Task *t = &schedule->tasks[candidate];
        bool possible = !is_blocked(schedule, t) && !is_crowded(schedule, t);
        found = possible && !is_one_build_too_many(schedule, t);
        if (found) {
            *task = candidate;
        } else if (possible && !has_spare) {
            has_spare = true;
            spare = candidate;
        } else {
            schedule->aside[set_aside++] = candidate;
        }
    }
    if (has_spare && found)
        heap_push(schedule, spare);
    else if (has_spare)
        *task = spare;
    while (set_aside > 0)
        heap_push(schedule, schedule->aside[--set_aside]);
    return found || has_spare;
}

bool schedule_take(Schedule *schedule, size_t *task, void **payload)
{
    pthread_mutex_lock(&schedule->mutex);
    bool found = false;
    while (!is_over(schedule) && !(found = pick(schedule, task)))
        pthread_cond_wait(&schedule->changed, &schedule->mutex);
    if (found) {
        occupy(schedule, &schedule->tasks[*task]);
        *payload = schedule->tasks[*task].payload;
    }
    pthread_mutex_unlock(&schedule->mutex);
    return found;
}

/* So many at the end of a load are left that nobody waits long for the last who took some. */
static size_t fair_part(size_t ready, size_t takers)
{
    return ready / (2 * takers);
}

bool schedule_take_some(Schedule *schedule, size_t most, size_t takers, size_t *tasks,
                        void **payloads, size_t *count)
{
    *count = 0;
    pthread_mutex_lock(&schedule->mutex);
    while (!is_over(schedule) && !pick(schedule, &tasks[0]))
        pthread_cond_wait(&schedule->changed, &schedule->mutex);
    if (!is_over(schedule)) {
        const int class = schedule->tasks[tasks[0]].class;
        size_t part = class > 0 ? fair_part(schedule->ready_classed + 1, takers) : 1;
        *count = 1;
        while (*count < most && *count < part && schedule->ready_count > 0 &&
               schedule->tasks[schedule->ready[0]].class == class &&
               !is_blocked(schedule, &schedule->tasks[schedule->ready[0]]))
            tasks[(*count)++] = heap_pop(schedule);
        for (size_t i = 0; i < *count; i++) {
            occupy(schedule, &schedule->tasks[tasks[i]]);
            payloads[i] = schedule->tasks[tasks[i]].payload;
        }
    }
    pthread_mutex_unlock(&schedule->mutex);
    return *count > 0;
}

void schedule_finish(Schedule *schedule, size_t task)
{
    pthread_mutex_lock(&schedule->mutex);
    release(schedule, &schedule->tasks[task]);
    complete(schedule, task);
    pthread_cond_broadcast(&schedule->changed);
    pthread_mutex_unlock(&schedule->mutex);
}

void schedule_put_back(Schedule *schedule, size_t task)
{
    pthread_mutex_lock(&schedule->mutex);
    release(schedule, &schedule->tasks[task]);
    heap_push(schedule, task);
    pthread_cond_broadcast(&schedule->changed);
    pthread_mutex_unlock(&schedule->mutex);
}

void schedule_stop(Schedule *schedule)
{
    pthread_mutex_lock(&schedule->mutex);
    schedule->stopped = true;
    pthread_cond_broadcast(&schedule->changed);
    pthread_mutex_unlock(&schedule->mutex);
}

bool schedule_wait(Schedule *schedule, int64_t ms)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t ns = end.tv_nsec + ms % 1000 * 1000000;
    end.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    end.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&schedule->mutex);
    int waited = 0;
    while (!is_over(schedule) && waited == 0)
        waited = pthread_cond_timedwait(&schedule->changed, &schedule->mutex, &end);
    bool over = is_over(schedule);
    pthread_mutex_unlock(&schedule->mutex);
    return over;
}
