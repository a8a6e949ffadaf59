#!/bin/sh
# What a swap costs, and how long applications wait for it:
#
#     sh bench/swap.sh [--runs N] [TABLES...]          default: 3 runs, 10 100 1000 tables
#
# For each number a source and a destination with so many tables of three indexes and a serial each,
# prepared once; every run works on copies of that destination, so all begin alike:
#   bare     one DO block of the statements that are needed and nothing else (ALTER TABLE ... SET
#            SCHEMA, live ones out and shadow ones in), in a session that is warm, with its commit
#   swap     the transaction of `pgzm-copy swap` without load, as the program reports it, and the time
#            that the tables in use were locked
#   wait     the longest statement of 8 clients that run 600 transactions a second on ten of the tables
#            (bench/swapload.c) while the command swaps, and while it rolls back; "at rest": the longest
#            while nothing happens, for as long
# Milliseconds; the servers write to disk as usual. Printed for each number of tables: medians and, in
# parentheses, the best; the ratio swap / bare of both. The exponent is the slope of a line through the
# logarithms: 1 is linear.
set -eu
cd "$(dirname "$0")/.."
. bench/common.sh

runs=3
if [ "${1:-}" = --runs ]; then
    runs=$2
    shift 2
fi
[ $# -gt 0 ] || set -- 10 100 1000

bench_begin pgzm-swap demo pgzm-copy pgzm-swapload
cluster_start dest 5432 trust shared_buffers=256MB max_wal_size=4GB
chmod 755 "$cluster_dir"
at="host=$cluster_dir port=5432 user=postgres"

in_database() { # in_database NAME STATEMENT...
    database=$1
    shift
    sql "$at dbname=$database" "$@"
}
copy_of() { # copy_of TEMPLATE NAME
    in_database postgres "DROP DATABASE IF EXISTS $2" "CREATE DATABASE $2 TEMPLATE $1" CHECKPOINT
}
program() { # program COMMAND [ARGUMENT]... : its result in $cluster_dir/result
    if ! "$build/pgzm-copy" "$@" --json >"$cluster_dir/result" 2>"$cluster_dir/errors"; then
        cat "$cluster_dir/errors" "$cluster_dir/result" >&2
        exit 1
    fi
}
number() { # number KEY: of the result's swap; 0 where the program does not say
    tr -d '\n ' <"$cluster_dir/result" | sed 's/.*"swap":{\([^}]*\)}.*/\1/' |
        sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" | grep . || echo 0
}
tables() { # tables COUNT ROWS: a script
    i=1
    while [ "$i" -le "$1" ]; do
        echo "CREATE TABLE t_$i (id serial PRIMARY KEY, a int, b text, c int NOT NULL DEFAULT 0);
              INSERT INTO t_$i (a, b) SELECT i, 'row ' || i FROM generate_series(1, $2) i;
              CREATE INDEX t_${i}_a ON t_$i (a); CREATE INDEX t_${i}_b ON t_$i (b);"
        i=$((i + 1))
    done
}

# The bare block on a database of that name: ms.
bare() {
    schema=$(in_database "$1" "SELECT shadow || ' ' || backup FROM pgzm.schema")
    {
        echo "SELECT count(*) FROM pg_class, pg_attribute WHERE attrelid = pg_class.oid;"
        echo "CREATE SCHEMA ${schema#* };"
        printf '\\timing on\nDO $$ BEGIN\n'
        i=1
        while [ "$i" -le "$2" ]; do
            echo "ALTER TABLE public.t_$i SET SCHEMA ${schema#* };"
            echo "ALTER TABLE ${schema% *}.t_$i SET SCHEMA public;"
            i=$((i + 1))
        done
        echo 'END $$;'
    } | "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$at dbname=$1" |
        sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
}

# The longest wait in ms of clients of database DATABASE while a command runs.
under_load() { # under_load DATABASE COMMAND [ARGUMENT]...
    database=$1
    shift
    mkfifo "$cluster_dir/until"
    "$build/pgzm-swapload" "$cluster_dir/load" 600 "$at dbname=$database" <"$cluster_dir/until" &
    load=$!
    exec 3>"$cluster_dir/until"
    sleep 2 # until the server's statistics know which tables are in use
    "$@" >"$cluster_dir/log"
    sleep 0.5
    exec 3>&-
    wait "$load"
    rm "$cluster_dir/until"
    awk '{ if ($2 != 0) { print "statements failed: " $0 > "/dev/stderr"; exit 1 } print $3 }' \
        "$cluster_dir/load"
}

# "12.3 (11.9)": the median and the least of the numbers on standard input.
summary() {
    sort -n | awk '{ v[NR] = $1 }
        END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
              printf "%.1f (%.1f)", m, v[1] }'
}

row() {
    printf '%6s %17s %17s %17s %13s %15s %15s %15s\n' "$@"
}
printf 'PostgreSQL %s, %s processors, %s runs\n' "$(in_database postgres 'SHOW server_version')" \
    "$(getconf _NPROCESSORS_ONLN)" "$runs"
row tables bare swap locked 'swap/bare' 'wait swap' 'wait rollback' 'wait at rest'
for n in "$@"; do
    in_database postgres "DROP DATABASE IF EXISTS source" "DROP DATABASE IF EXISTS prepared" \
        "CREATE DATABASE source TEMPLATE template0" "CREATE DATABASE prepared TEMPLATE template0"
    for database in source prepared; do
        tables "$n" 100 | "$bin/psql" -X -q -1 -v ON_ERROR_STOP=1 -d "$at dbname=$database"
        in_database "$database" 'VACUUM ANALYZE'
    done
    program prepare --jobs 2 --source "$at dbname=source" --dest "$at dbname=prepared"
    for name in bare swap locked ratio forth back rest; do : >"$cluster_dir/$name"; done
    run=1
    while [ "$run" -le "$runs" ]; do
        copy_of prepared bare
        bare bare "$n" >"$cluster_dir/one"
        cat "$cluster_dir/one" >>"$cluster_dir/bare"
        copy_of prepared swapped
        program swap --dest "$at dbname=swapped"
        took=$(number transaction_ms)
        [ "$took" != 0 ] || took=$(number locked_ms)
        echo "$took" >>"$cluster_dir/swap"
        number locked_ms >>"$cluster_dir/locked"
        echo "$took $(cat "$cluster_dir/one")" | awk '{ print $1 / $2 }' >>"$cluster_dir/ratio"
        copy_of prepared loaded
        under_load loaded sleep 1 >>"$cluster_dir/rest"
        under_load loaded program swap --dest "$at dbname=loaded" >>"$cluster_dir/forth"
        in_database postgres CHECKPOINT
        under_load loaded program rollback --latest --dest "$at dbname=loaded" >>"$cluster_dir/back"
        run=$((run + 1))
    done
    for name in bare swap locked ratio forth back rest; do
        eval "$name=\$(summary <\"\$cluster_dir/$name\")"
    done
    # shellcheck disable=SC2154 # set by eval
    row "$n" "$bare" "$swap" "$locked" "$(summary <"$cluster_dir/ratio" | sed 's/\.0*$//')" \
        "$forth" "$back" "$rest"
    echo "$n ${bare%% *} ${swap%% *}" >>"$cluster_dir/table"
done
awk '{ n++
       for (i = 2; i <= NF; i++) {
           x = log($1); y = log($i > 0 ? $i : 0.01)
           sx[i] += x; sy[i] += y; sxx[i] += x * x; sxy[i] += x * y
       } fields = NF }
     END { if (n < 2) exit
           printf "exponent"
           for (i = 2; i <= fields; i++)
               printf " %s %.2f", i == 2 ? "bare" : "swap",
                      (n * sxy[i] - sx[i] * sy[i]) / (n * sxx[i] - sx[i] * sx[i])
           print "" }' "$cluster_dir/table"
