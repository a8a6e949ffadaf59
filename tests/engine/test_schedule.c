#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/schedule.h"

static char payload; /* any address that is not NULL */

static size_t take(Schedule *schedule)
{
    size_t task = (size_t)-1;
    void *got = NULL;
    cr_assert(schedule_take(schedule, &task, &got));
    cr_assert_eq(got, &payload);
    return task;
}

static void expect_over(Schedule *schedule)
{
    size_t task;
    void *got;
    cr_assert(schedule_wait(schedule, 0));
    cr_assert_not(schedule_take(schedule, &task, &got));
}

Test(schedule, is_over_at_once_when_it_is_empty)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    schedule_open(schedule);
    expect_over(schedule);
    schedule_free(NULL);
}

Test(schedule, gives_the_heaviest_first_and_equals_in_their_order)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    static const int64_t weights[] = {5, 9, 1, 9, 7, 5, -3, 0};
    static const size_t expected[] = {1, 3, 4, 0, 5, 2, 7, 6};
    for (size_t i = 0; i < LENGTH(weights); i++)
        cr_assert_eq(schedule_add(schedule, &payload, weights[i], SCHEDULE_FREE, false), i);
    schedule_open(schedule);
    for (size_t i = 0; i < LENGTH(expected); i++)
        cr_assert_eq(take(schedule), expected[i]);
    cr_assert_not(schedule_wait(schedule, 0));
    for (size_t i = 0; i < LENGTH(expected); i++)
        schedule_finish(schedule, expected[i]);
    expect_over(schedule);
}

/* The parts of one relation, though each is lighter, and what reads them, before another one. */
Test(schedule, gives_the_tasks_of_the_heaviest_relation_first)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    size_t alone = schedule_add(schedule, &payload, 25, SCHEDULE_FREE, false);
    size_t whole = schedule_add(schedule, &payload, 30, 1, false);
    size_t first = schedule_add(schedule, &payload, 9, 2, false);
    size_t second = schedule_add(schedule, &payload, 10, 2, false);
    size_t build = schedule_add(schedule, &payload, 19, 2, false);
    schedule_need(schedule, build, first);
    schedule_need(schedule, build, second);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), second);
    cr_assert_eq(take(schedule), first);
    cr_assert_eq(take(schedule), whole); /* the build is not ready */
    schedule_finish(schedule, first);
    schedule_finish(schedule, second);
    cr_assert_eq(take(schedule), build);
    cr_assert_eq(take(schedule), alone);
}

Test(schedule, gives_a_task_only_after_all_its_needs)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    size_t last = schedule_add(schedule, &payload, 100, SCHEDULE_FREE, false);
    size_t a = schedule_add(schedule, &payload, 2, SCHEDULE_FREE, false);
    size_t b = schedule_add(schedule, &payload, 1, SCHEDULE_FREE, false);
    size_t other = schedule_add(schedule, &payload, 0, SCHEDULE_FREE, false);
    schedule_need(schedule, last, a);
    schedule_need(schedule, last, b);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), a);
    cr_assert_eq(take(schedule), b);
    schedule_finish(schedule, b);
    cr_assert_eq(take(schedule), other);
    schedule_finish(schedule, a);
    cr_assert_eq(take(schedule), last);
}

Test(schedule, passes_meeting_points_by_itself)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    size_t first = schedule_add(schedule, &payload, 1, SCHEDULE_FREE, false);
    size_t previous = first;
    for (int i = 0; i < 50000; i++) { /* a chain that a recursion would not survive */
        size_t point = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false);
        schedule_need(schedule, point, previous);
        previous = point;
    }
    size_t last = schedule_add(schedule, &payload, 9, SCHEDULE_FREE, false);
    schedule_need(schedule, last, previous);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), first);
    schedule_finish(schedule, first);
    cr_assert_eq(take(schedule), last);
    schedule_finish(schedule, last);
    expect_over(schedule);
}

Test(schedule, passes_meeting_points_that_need_nothing)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    size_t a = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false);
    size_t b = schedule_add(schedule, NULL, 0, SCHEDULE_FREE, false);
    size_t task = schedule_add(schedule, &payload, 0, SCHEDULE_FREE, false);
    schedule_need(schedule, b, a);
    schedule_need(schedule, task, b);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), task);
    schedule_finish(schedule, task);
    expect_over(schedule);
}

Test(schedule, keeps_others_off_a_relation_while_a_task_has_it_alone)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    size_t alone = schedule_add(schedule, &payload, 9, 1, true);
    size_t shared = schedule_add(schedule, &payload, 8, 1, false);
    size_t elsewhere = schedule_add(schedule, &payload, 1, 2, true);
    size_t anywhere = schedule_add(schedule, &payload, 0, SCHEDULE_FREE, true);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), alone);
    cr_assert_eq(take(schedule), elsewhere);
    cr_assert_eq(take(schedule), anywhere);
    schedule_finish(schedule, alone);
    cr_assert_eq(take(schedule), shared);
}

Test(schedule, waits_for_all_sharers_before_it_gives_a_relation_alone)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    size_t one = schedule_add(schedule, &payload, 9, 1, false);
    size_t two = schedule_add(schedule, &payload, 8, 1, false);
    size_t alone = schedule_add(schedule, &payload, 7, 1, true);
    size_t elsewhere = schedule_add(schedule, &payload, 1, 2, false);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), one);
    cr_assert_eq(take(schedule), two);
    cr_assert_eq(take(schedule), elsewhere);
    schedule_finish(schedule, two);
    schedule_finish(schedule, one);
    cr_assert_eq(take(schedule), alone);
}

/* ---- several at once ------------------------------------------------------------------- */

static size_t take_some(Schedule *schedule, size_t most, size_t takers, size_t *tasks)
{
    void *got[32];
    size_t count = 0;
    cr_assert(schedule_take_some(schedule, most, takers, tasks, got, &count));
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(got[i], &payload);
    return count;
}

Test(schedule, gives_tasks_of_one_class_several_at_once)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    for (size_t i = 0; i < 32; i++)
        schedule_class(schedule, schedule_add(schedule, &payload, 9, SCHEDULE_FREE, false), 1);
    size_t big = schedule_add(schedule, &payload, 10, SCHEDULE_FREE, false);
    schedule_class(schedule, schedule_add(schedule, &payload, 8, SCHEDULE_FREE, false), 2);
    schedule_open(schedule);
    size_t got[32];
    cr_assert_eq(take_some(schedule, 32, 1, got), 1); /* without a class: by itself */
    cr_assert_eq(got[0], big);
    cr_assert_eq(take_some(schedule, 8, 1, got), 8); /* the most */
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(got[i], i);
    cr_assert_eq(take_some(schedule, 32, 2, got), 6); /* half of each taker's share of 25 */
    for (size_t left = 18; left > 0;)
        left -= take_some(schedule, 32, 1, got); /* never one of the other class */
    cr_assert_eq(take_some(schedule, 32, 1, got), 1);
    cr_assert_eq(got[0], 33);
}

Test(schedule, gives_one_taker_what_others_may_not_do_meanwhile)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    for (size_t i = 0; i < 4; i++) /* pairs on two relations */
        schedule_class(schedule, schedule_add(schedule, &payload, 9, 1 + i / 2 % 2, true), 1);
    for (size_t i = 0; i < 4; i++)
        schedule_class(schedule, schedule_add(schedule, &payload, 8, 3 + (Oid)i, true), 1);
    size_t after = schedule_add(schedule, &payload, 0, 1, false);
    schedule_need(schedule, after, 0);
    schedule_open(schedule);
    size_t got[32];
    cr_assert_eq(take_some(schedule, 2, 1, got), 2);
    cr_assert_eq(got[0], 0);
    cr_assert_eq(got[1], 1);
    schedule_finish(schedule, 0); /* the other one still has the relation */
    cr_assert_eq(take_some(schedule, 2, 1, got), 2);
    cr_assert_eq(got[0], 2);
    schedule_finish(schedule, 1);
    cr_assert_eq(take(schedule), after);
}

static void *take_once(void *context)
{
    size_t task;
    void *got;
    return schedule_take(context, &task, &got) ? context : NULL;
}

/* ---- sharing --------------------------------------------------------------------------- */

Test(schedule, gives_one_relation_to_eight_at_most)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    for (int i = 0; i < 12; i++)
        schedule_add(schedule, &payload, 100, 1, false);
    size_t light = schedule_add(schedule, &payload, 1, 2, false);
    schedule_share(schedule, 10);
    schedule_open(schedule);
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(take(schedule), i);
    cr_assert_eq(take(schedule), light);
    /* the ninth waits though it is ready */
    schedule_finish(schedule, light);
    pthread_t waiting;
    cr_assert_eq(pthread_create(&waiting, NULL, take_once, schedule), 0);
    cr_assert_not(schedule_wait(schedule, 50));
    schedule_finish(schedule, 1);
    void *got = NULL;
    pthread_join(waiting, &got);
    cr_assert_eq(got, schedule);
}

Test(schedule, does_not_let_builds_starve_rows)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    for (Oid i = 0; i < 4; i++)
        schedule_build(schedule, schedule_add(schedule, &payload, 100, 1 + i, false));
    size_t rows = schedule_add(schedule, &payload, 1, 9, false);
    schedule_share(schedule, 2);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), 0);
    cr_assert_eq(take(schedule), rows);
    cr_assert_eq(take(schedule), 1); /* no rows wait any more */
    schedule_finish(schedule, 0);
    schedule_finish(schedule, 1);
    cr_assert_eq(take(schedule), 2);
}

Test(schedule, gives_nothing_more_once_it_is_stopped)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    size_t running = schedule_add(schedule, &payload, 9, 1, true);
    schedule_add(schedule, &payload, 1, 1, true);
    schedule_open(schedule);
    cr_assert_eq(take(schedule), running);
    pthread_t waiting[3];
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&waiting[i], NULL, take_once, schedule), 0);
    int64_t start = clock_monotonic_ms();
    cr_assert_not(schedule_wait(schedule, 50));
    cr_assert_geq(clock_monotonic_ms() - start, 49);
    schedule_stop(schedule);
    for (size_t i = 0; i < 3; i++) {
        void *got = schedule;
        pthread_join(waiting[i], &got);
        cr_assert_null(got);
    }
    expect_over(schedule);
    schedule_finish(schedule, running); /* the one that ran may still say so */
}

/* ---- many threads, any graph ----------------------------------------------------------- */

enum { TASKS = 1500, THREADS = 8, RELATIONS = 12 };

typedef struct Item {
    size_t needs[4];
    size_t need_count;
    Oid relation;
    bool exclusive, point;
    atomic_int taken, finished;
} Item;

typedef struct Graph {
    Schedule *schedule;
    Item items[TASKS];
    atomic_int sharers[RELATIONS + 1], owners[RELATIONS + 1];
    atomic_int faults;
} Graph;

/* True when all that a task needs is finished; through meeting points, which nobody takes. */
static bool is_due(Graph *graph, size_t task)
{
    const Item *item = &graph->items[task];
    for (size_t i = 0; i < item->need_count; i++) {
        Item *need = &graph->items[item->needs[i]];
        if (need->point ? !is_due(graph, item->needs[i]) : atomic_load(&need->finished) != 1)
            return false;
    }
    return true;
}

static void fault_if(Graph *graph, bool wrong)
{
    if (wrong)
        atomic_fetch_add(&graph->faults, 1);
}

static void *work(void *context)
{
    Graph *graph = context;
    size_t task;
    void *got;
    while (schedule_take(graph->schedule, &task, &got)) {
        Item *item = &graph->items[task];
        fault_if(graph, got != item);
        fault_if(graph, atomic_fetch_add(&item->taken, 1) != 0);
        fault_if(graph, !is_due(graph, task));
        if (item->relation != SCHEDULE_FREE) {
            atomic_int *mine =
                item->exclusive ? &graph->owners[item->relation] : &graph->sharers[item->relation];
            int before = atomic_fetch_add(mine, 1);
            fault_if(graph, item->exclusive && before != 0);
            fault_if(graph, item->exclusive && atomic_load(&graph->sharers[item->relation]) != 0);
            fault_if(graph, !item->exclusive && atomic_load(&graph->owners[item->relation]) != 0);
            for (volatile int spin = 0; spin < 200; spin++)
                ;
            atomic_fetch_sub(mine, 1);
        }
        atomic_store(&item->finished, 1);
        schedule_finish(graph->schedule, task);
    }
    return NULL;
}

static void build(Graph *graph, unsigned seed)
{
    graph->schedule = schedule_new();
    for (size_t i = 0; i < TASKS; i++) {
        Item *item = &graph->items[i];
        item->point = rand_r(&seed) % 8 == 0;
        item->relation =
            item->point ? SCHEDULE_FREE : (Oid)((unsigned)rand_r(&seed) % (RELATIONS + 1));
        item->exclusive = rand_r(&seed) % 3 == 0;
        schedule_add(graph->schedule, item->point ? NULL : item, rand_r(&seed) % 1000,
                     item->relation, item->exclusive);
        size_t wanted = i == 0 ? 0 : (size_t)rand_r(&seed) % 4;
        /* points to near ones only: is_due above must not walk the whole graph */
        for (size_t k = 0; k < wanted; k++) {
            size_t back = (size_t)rand_r(&seed) % (i < 40 ? i : 40) + 1;
            item->needs[item->need_count++] = i - back;
            schedule_need(graph->schedule, i, i - back);
        }
    }
    schedule_open(graph->schedule);
}

Test(schedule, runs_every_task_of_any_graph_once_and_after_its_needs, .timeout = 60)
{
    for (unsigned seed = 1; seed <= 12; seed++) {
        Graph *graph = mem_alloc(sizeof *graph);
        build(graph, seed);
        pthread_t threads[THREADS];
        for (size_t i = 0; i < THREADS; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, work, graph), 0);
        cr_assert(schedule_wait(graph->schedule, 50000), "seed %u: stuck", seed);
        for (size_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(graph->faults, 0, "seed %u: %d faults", seed, graph->faults);
        for (size_t i = 0; i < TASKS; i++)
            cr_assert_eq(graph->items[i].taken, graph->items[i].point ? 0 : 1, "seed %u task %zu",
                         seed, i);
        schedule_free(graph->schedule);
        mem_free(graph);
    }
}
