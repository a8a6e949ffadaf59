#!/bin/sh
# One contender's way from the source to an empty destination and the end state that all reach: rows,
# indexes, validated constraints, statistics, CHECKPOINT.
#
#     sh bench/contender.sh NAME        names: see bench/contenders.sh
#
# bench/run.sh calls it with these variables: BENCH_SOURCE and BENCH_DEST, connection strings;
# BENCH_JOBS; BENCH_WORK, an empty folder that the servers may write to; BENCH_COMMAND, pgzm-copy. The
# programs of PostgreSQL stand first in PATH.
set -eu

source_sql() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$BENCH_SOURCE" "$@"
}
dest_sql() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$BENCH_DEST" "$@"
}

# Tables that hold rows, the largest first.
tables() {
    source_sql -c "SELECT oid::regclass FROM pg_class WHERE relkind = 'r'
                   AND relnamespace = 'public'::regnamespace ORDER BY pg_table_size(oid) DESC, oid"
}

# The schema by sections of pg_dump -s: what has to be there before the rows, and all the rest.
schema() {
    pg_dump -Fc -s -f "$BENCH_WORK/schema" -d "$BENCH_SOURCE"
    pg_restore --section=pre-data -d "$BENCH_DEST" "$BENCH_WORK/schema"
}
indexes() {
    pg_restore --section=post-data -j "$BENCH_JOBS" -d "$BENCH_DEST" "$BENCH_WORK/schema"
}
finish() {
    dest_sql -c CHECKPOINT
}
analyze() {
    vacuumdb -q -Z -j "$BENCH_JOBS" -d "$BENCH_DEST"
}

run_pgzm() {
    "$BENCH_COMMAND" start --json --jobs "$BENCH_JOBS" --source "$BENCH_SOURCE" \
        --dest "$BENCH_DEST" >"$BENCH_WORK/result"
}

# Uncompressed, which is faster where the disk is not the limit.
run_dump() {
    pg_dump -Fd -Z 0 -j "$BENCH_JOBS" -f "$BENCH_WORK/dump" -d "$BENCH_SOURCE"
    pg_restore -j "$BENCH_JOBS" -d "$BENCH_DEST" "$BENCH_WORK/dump"
    analyze
}

run_psql() {
    schema
    tables | xargs -d '\n' -n 1 -P "$BENCH_JOBS" sh "$0" pair
    indexes
    analyze
}
run_pair() { # run_pair TABLE
    source_sql -c "COPY $1 TO STDOUT (FORMAT binary)" |
        dest_sql -c "COPY $1 FROM STDIN (FORMAT binary)"
}

# It analyzes by itself. No table is split, as is its default.
run_pgcopydb() { # run_pgcopydb [OPTION...]
    pgcopydb clone --source "$BENCH_SOURCE" --target "$BENCH_DEST" --dir "$BENCH_WORK/pgcopydb" \
        --table-jobs "$BENCH_JOBS" --index-jobs "$BENCH_JOBS" "$@"
}

# What the servers cannot do without: no client sees a row, and no table has a connection of its own.
run_floor() {
    schema
    tables | awk -v jobs="$BENCH_JOBS" -v work="$BENCH_WORK" '
        { file = "\047" work "/rows." NR "\047"
          print "COPY " $0 " TO " file " (FORMAT binary);" >(work "/out." NR % jobs)
          print "BEGIN; TRUNCATE " $0 "; COPY " $0 " FROM " file " (FORMAT binary, FREEZE); COMMIT;" \
              >(work "/in." NR % jobs) }'
    for script in "$BENCH_WORK"/out.*; do source_sql -f "$script" & done
    wait
    for script in "$BENCH_WORK"/in.*; do dest_sql -f "$script" & done
    wait
    indexes
    analyze
}

case $1 in
pair)
    run_pair "$2"
    exit
    ;;
pgcopydb-binary) run_pgcopydb --use-copy-binary ;;
pgzm | dump | psql | pgcopydb | floor) "run_$1" ;;
*)
    echo "no contender is called $1" >&2
    exit 2
    ;;
esac
finish
