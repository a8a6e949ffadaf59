#!/bin/sh
# Compares pgzm-copy with other ways to copy a database, side by side on this machine:
#
#     sh bench/run.sh [--size MB] [--runs N] [--jobs N] [--only CASE...] [--contenders NAME...]
#                     [--out FOLDER] [--quick]
#
#   --size MB          of the large tables with their TOAST, about (default 500)
#   --runs N           of each contender (default 3)
#   --jobs N           of each contender (default 2)
#   --only CASE...     DATASET or DATASET-N: see bench/cases.sh; `pgzm-generate` lists the datasets
#   --contenders ...   pgzm dump psql pgcopydb pgcopydb-binary floor: see bench/contenders.sh
#   --out FOLDER       writes RESULTS.md, results.json and chart.svg there, again after each case
#   --quick            a few megabytes, one run: to see that all of it works
#
# Two throw-away servers. For each case one source database; for each run a new and empty destination
# database; the contenders in turns, every second round in the opposite order. What is timed ends
# alike: rows, indexes, validated constraints, statistics, CHECKPOINT. Afterwards a sum over all rows
# and the definitions are compared with the source's: a run that differs does not count, and the exit
# code is 1. Clients and both servers share the machine, so the ratios say more than the seconds;
# each is the median of those within one round.
set -eu
cd "$(dirname "$0")/.."
. bench/common.sh
. bench/cases.sh
. bench/contenders.sh
. bench/machine.sh

usage() {
    sed -n '4,14s/^# \{0,1\}//p' bench/run.sh >&2
    exit 2
}
given="$*"
size=500 runs=3 jobs=2 only='' contenders='' out='' quick=''
while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
    --quick)
        quick=yes size=4 runs=1
        continue
        ;;
    --size | --runs | --jobs | --out | --only | --contenders) [ $# -gt 0 ] || usage ;;
    *) usage ;;
    esac
    case $option in
    --size | --runs | --jobs)
        case $1 in
        '' | *[!0-9]* | 0) usage ;;
        esac
        ;;
    esac
    case $option in
    --size) size=$1 ;;
    --runs) runs=$1 ;;
    --jobs) jobs=$1 ;;
    --out) out=$1 ;;
    --only | --contenders)
        list=
        while [ $# -gt 0 ]; do
            case $1 in
            --*) break ;;
            esac
            list="$list $1"
            shift
        done
        if [ "$option" = --only ]; then only=$list; else contenders=$list; fi
        continue
        ;;
    esac
    shift
done
for name in ${only:=$(cases_default "$size" "$quick")}; do
    case_split "$name" "$size" "$quick" || usage
done
for name in $contenders; do
    contender_exists "$name" || usage
done
if [ -n "$out" ]; then
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
fi

bench_begin pgzm-bench bench pgzm-copy pgzm-generate pgzm-measure pgzm-summarize
results=$cluster_dir/results
mkdir "$results"
: >"$results/failures"
# Autovacuum would come at other moments in each run. pg_dump and the source's readers lock each
# table, the swap locks each relation.
for port in 5432 5433; do
    name=source
    [ $port = 5432 ] || name=dest
    cluster_start $name $port trust shared_buffers=512MB maintenance_work_mem=256MB \
        max_wal_size=8GB checkpoint_timeout=30min autovacuum=off max_locks_per_transaction=1024
done
chmod 755 "$cluster_dir"
source='' dest='' scratch='' databases=0 folders=0
postmasters="--postmaster $(cluster_as head -n 1 "$cluster_dir/source/postmaster.pid")"
postmasters="$postmasters --postmaster $(cluster_as head -n 1 "$cluster_dir/dest/postmaster.pid")"

# A new database, $database. The one before is dropped, unless what is there stays until the end. A
# session of the last run may still be about to end.
bench_database() { # bench_database PORT CONNINFO-OF-THE-LAST
    tries=0
    until case_keeps "$case" || [ -z "$2" ] ||
        "$bin/dropdb" -h "$cluster_dir" -p "$1" -U postgres "${2##*dbname=}" 2>"$cluster_dir/drop"; do
        tries=$((tries + 1))
        if [ "$tries" = 50 ]; then
            cat "$cluster_dir/drop" >&2
            return 1
        fi
        sleep 0.2
    done
    databases=$((databases + 1))
    database="host=$cluster_dir port=$1 user=postgres dbname=bench_$databases"
    "$bin/createdb" -h "$cluster_dir" -p "$1" -U postgres -T template0 "${database##*dbname=}"
}

# An empty folder that everybody may write to, $scratch, likewise.
bench_folder() {
    case_keeps "$case" || [ -z "$scratch" ] || rm -rf "$scratch"
    folders=$((folders + 1)) scratch=$cluster_dir/scratch.$folders
    mkdir "$scratch"
    chmod 777 "$scratch"
}

# The source of a case, what it holds, and what a destination has to hold.
bench_source() { # bench_source CASE
    case_split "$1" "$size" "$quick"
    bench_database 5432 "$source"
    source=$database
    "$build/pgzm-generate" --size "$megabytes" --tables "$tables" "$dataset" "$source"
    "$bin/psql" -X -q -A -t -d "$source" -f bench/state.sql >"$cluster_dir/expected"
    wire=0
    if [ "$dataset" = stream ]; then wire=$(case_wire_bytes "$source"); fi
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$dataset" "$number" "$unit" \
        "$(sql "$source" "SELECT format(E'%s\t%s\t%s', count(*), sum(greatest(reltuples, 0))::bigint,
            sum(pg_table_size(oid))) FROM pg_class WHERE relkind = 'r'
            AND relnamespace = 'public'::regnamespace")" "$wire" >>"$results/cases"
}

reversed() {
    turned=
    for word in "$@"; do turned="$word $turned"; done
    echo "$turned"
}

{
    machine_facts "${given:-(none)}"
    server_facts source "host=$cluster_dir port=5432 user=postgres dbname=postgres"
    server_facts destination "host=$cluster_dir port=5433 user=postgres dbname=postgres"
} >"$results/facts"
cat "$results/facts"
printf '\n%-14s %-16s %3s %10s %10s %10s %10s %10s\n' case contender run 'wall s' 'client CPU' \
    'server CPU' 'memory MB' 'WAL MB'
for case in $only; do
    bench_source "$case"
    taking=
    for name in ${contenders:-$(case_contenders "$case")}; do
        if contender_installed "$name"; then taking="$taking $name"; fi
    done
    run=1
    while [ "$run" -le "$runs" ]; do
        # shellcheck disable=SC2086 # a list of names
        [ $((run % 2)) = 1 ] && order=$taking || order=$(reversed $taking)
        for name in $order; do
            contender_run "$case" "$name" "$run" || true
        done
        run=$((run + 1))
    done
    [ -z "$out" ] || "$build/pgzm-summarize" --out "$out" "$results" >/dev/null
done
echo
"$build/pgzm-summarize" ${out:+--out "$out"} "$results"
if [ -s "$results/failures" ]; then
    echo "runs that do not count: $(wc -l <"$results/failures")" >&2
    exit 1
fi
