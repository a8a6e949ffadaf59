#include "engine/moves.h"

#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"

enum { COMES, PHASE, STATEMENT, OID, LOCKS, PROBLEM };

static void add(MovesList *list, size_t most, const char *text, Arena *arena)
{
    if (list->items == NULL)
        list->items = arena_alloc(arena, most * sizeof *list->items);
    list->items[list->count++] = arena_strdup(arena, text);
}

/* Objects that were dropped or moved by others since. */
static bool refuse(const PGresult *result, const char *direction, Error *err)
{
    for (int i = 0; i < PQntuples(result); i++)
        if (!PQgetisnull(result, i, PROBLEM)) {
            error_set(err, ERROR_STATE, "%s", PQgetvalue(result, i, PROBLEM));
            return strcmp(direction, "swap") == 0
                       ? error_hint(err, "Put it back, or run pgzm-copy abort and prepare again.")
                       : error_hint(err, "Put it back, then run this command again.");
        }
    return true;
}

static bool query(Run *run, const char *direction, const Heat *heat, PGresult **result, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id), direction,
                                  heat_busiest(heat, run->arena),
                                  heat->tables <= MOVES_LOCK_ALL_TABLES ? "t" : "f"};
    return (run_nested_loops(run, false, err) &&
            conn_query(run->dest, run_sql("moves", conn_version(run->dest)), 4, values, result,
                       err) &&
            run_nested_loops(run, true, err)) ||
           error_wrap(err, "making the statements of the %s", direction);
}

bool moves_read(Run *run, const char *direction, const Heat *heat, Moves *moves, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!query(run, direction, heat, &result, err) || !refuse(result, direction, err))
        return false;
    size_t most = (size_t)PQntuples(result);
    AUTO(str_clear) Str hot = STR_INIT;
    *moves = (Moves){0};
    for (int i = 0; i < PQntuples(result); i++) {
        int phase = atoi(PQgetvalue(result, i, PHASE));
        bool is_hot = phase > 3;
        if (!PQgetisnull(result, i, STATEMENT))
            add(&moves->statements[phase - 1], most, PQgetvalue(result, i, STATEMENT), run->arena);
        if (!PQgetisnull(result, i, LOCKS))
            add(is_hot ? &moves->hot_locks : &moves->cold_locks, most, PQgetvalue(result, i, LOCKS),
                run->arena);
        if (is_hot && !PQgetisnull(result, i, OID))
            str_addf(&hot, "%s%s", hot.len > 0 ? "," : "{", PQgetvalue(result, i, OID));
        moves->tables += PQgetvalue(result, i, COMES)[0] == 't';
    }
    str_add(&hot, hot.len > 0 ? "}" : "{}");
    moves->hot = arena_strdup(run->arena, str_text(&hot));
    return true;
}

const char *moves_cold_lock(const Moves *moves, Arena *arena)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < moves->cold_locks.count; i++) {
        str_add(&s, i == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
        str_add(&s, moves->cold_locks.items[i]);
    }
    if (s.len > 0)
        str_add(&s, " IN ACCESS EXCLUSIVE MODE NOWAIT");
    return arena_strdup(arena, str_text(&s));
}

static void show(Run *run, const Moves *moves, int phase)
{
    const MovesList *list = &moves->statements[phase - 1];
    for (size_t i = 0; i < list->count; i++)
        run_plan(run, list->items[i]);
}

static void show_with_path(Run *run, const Moves *moves, int phase, const char *path)
{
    if (moves->statements[phase - 1].count == 0)
        return;
    run_plan(run,
             arena_printf(run->arena, "SET LOCAL search_path = %s", path[0] != '\0' ? path : "''"));
    show(run, moves, phase);
    run_plan(run, "SET LOCAL search_path = ''");
}

void moves_show(Run *run, const Moves *moves, const char *direction, const char *path)
{
    const char *lock = moves_cold_lock(moves, run->arena);
    run_plan(run, "BEGIN");
    if (lock[0] != '\0')
        run_plan(run, lock);
    show(run, moves, 1);
    show(run, moves, 2);
    show_with_path(run, moves, 3, path);
    for (size_t i = 0; i < moves->hot_locks.count; i++)
        run_plan(run, arena_printf(run->arena, "LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT",
                                   moves->hot_locks.items[i]));
    show(run, moves, 4);
    show(run, moves, 5);
    show_with_path(run, moves, 6, path);
    show(run, moves, 7);
    run_plan(run, arena_printf(run->arena, "UPDATE pgzm.migration SET state = '%s' WHERE id = %lld",
                               strcmp(direction, "swap") == 0 ? STATE_SWAPPED : STATE_ROLLED_BACK,
                               (long long)run->id));
    run_plan(run, "COMMIT");
}
