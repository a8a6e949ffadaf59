#!/bin/sh
# Compares pgzm-copy with pg_dump and pg_restore, side by side on this machine:
#
#     sh bench/run.sh [--size MB] [--tables N] [--jobs N] [--runs N]
#
# --size: heap of the large tables (default 200); --tables: small tables besides (200); --jobs: of
# either tool (2); --runs: of each tool (3).
#
# Two throw-away servers, one source database (bench/generate.c), a new and empty destination
# database for each run, the tools in turns and the first one alternating. What is timed ends alike:
# rows, indexes, constraints and statistics are there. That is `pgzm-copy start` on one hand; on the
# other pg_dump -Fd, uncompressed since that is faster here, then pg_restore and vacuumdb -Z, all
# with the same number of jobs. Clients and both servers share the machine's processors, and the
# files of pg_dump its disk, so the ratio says more than the seconds do.
set -eu
cd "$(dirname "$0")/.."
. cmake/cluster.sh

size=200 tables=200 jobs=2 runs=3
usage() {
    echo "usage: sh bench/run.sh [--size MB] [--tables N] [--jobs N] [--runs N]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $2 in
    '' | *[!0-9]*) usage ;;
    esac
    case $1 in
    --size) size=$2 ;;
    --tables) tables=$2 ;;
    --jobs) jobs=$2 ;;
    --runs) runs=$2 ;;
    *) usage ;;
    esac
    shift 2
done
if [ "$runs" = 0 ] || [ "$jobs" = 0 ]; then usage; fi

trap cluster_stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

build=${PGZM_BUILD:-$PWD/build}
sh cmake/setup.sh demo
cluster_folder pgzm-bench
if ! { cmake -G Ninja -S . -B "$build" -DPGZM_TESTS=OFF &&
    cmake --build "$build" --target pgzm-copy pgzm-generate; } >"$cluster_dir/build.log" 2>&1; then
    cat "$cluster_dir/build.log" >&2
    exit 1
fi

unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGOPTIONS
unset SOURCE_DATABASE_URL DEST_DATABASE_URL DATABASE_URL PRESERVED_TABLES
bin=$(cluster_bin)
cluster_start source 5432 trust shared_buffers=256MB max_wal_size=4GB
cluster_start dest 5433 trust shared_buffers=256MB max_wal_size=4GB
source="host=$cluster_dir port=5432 user=postgres dbname=bench"
dest="host=$cluster_dir port=5433 user=postgres dbname=bench"

sql() { # sql CONNINFO STATEMENT
    "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$1" -c "$2"
}
create_database() { # create_database PORT
    "$bin/dropdb" --if-exists -h "$cluster_dir" -p "$1" -U postgres bench 2>/dev/null
    "$bin/createdb" -h "$cluster_dir" -p "$1" -U postgres -T template0 bench
}

create_database 5432
"$build/pgzm-generate" --size "$size" --tables "$tables" "$source"
sql "$source" CHECKPOINT
holds=$(sql "$source" "SELECT count(*) || ' tables, ' ||
    pg_size_pretty(pg_database_size(current_database())) FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace")
printf 'source: %s; PostgreSQL %s; %s processors; %s jobs\n' "$holds" \
    "$(sql "$source" 'SHOW server_version')" "$(getconf _NPROCESSORS_ONLN)" "$jobs"

# All rows of all tables, counted; the same on both sides or the run does not count.
rows="SELECT sum((xpath('/row/n/text()', query_to_xml(
    format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text::bigint)
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
indexes="SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = indrelid
    WHERE indisvalid AND relnamespace = 'public'::regnamespace"
expected="$(sql "$source" "$rows") $(sql "$source" "$indexes")"

run_pgzm() {
    "$build/pgzm-copy" start --quiet --jobs "$jobs" --source "$source" --dest "$dest"
}
run_dump() {
    "$bin/pg_dump" -Fd -Z 0 -j "$jobs" -f "$cluster_dir/dump" -d "$source" &&
        "$bin/pg_restore" -j "$jobs" -d "$dest" "$cluster_dir/dump" &&
        "$bin/vacuumdb" -q -Z -j "$jobs" -d "$dest"
}

# Seconds of processor time that all children so far have used. `times` counts those of the shell
# that runs it, so it must not be in a pipe.
children_cpu() {
    times >"$cluster_dir/times"
    awk 'NR == 2 { split($1, u, /[ms]/); split($2, s, /[ms]/)
                   printf "%.2f", u[1] * 60 + u[2] + s[1] * 60 + s[2] }' "$cluster_dir/times"
}

printf '\n%4s  %-22s %10s %14s\n' run tool 'wall s' 'client CPU s'
measure() { # measure RUN TOOL FUNCTION
    create_database 5433
    rm -rf "$cluster_dir/dump"
    sql "$dest" CHECKPOINT
    children_cpu >"$cluster_dir/cpu"
    cpu_before=$(cat "$cluster_dir/cpu")
    wall_before=$(date +%s.%N)
    if ! "$3" >"$cluster_dir/out" 2>&1; then
        cat "$cluster_dir/out" >&2
        echo "run $1 of $2 failed" >&2
        exit 1
    fi
    wall_after=$(date +%s.%N)
    children_cpu >"$cluster_dir/cpu"
    found="$(sql "$dest" "$rows") $(sql "$dest" "$indexes")"
    if [ "$found" != "$expected" ]; then
        echo "run $1 of $2: rows and indexes are $found instead of $expected" >&2
        exit 1
    fi
    awk -v run="$1" -v tool="$2" -v from="$wall_before" -v to="$wall_after" -v c0="$cpu_before" \
        -v c1="$(cat "$cluster_dir/cpu")" 'BEGIN {
            printf "%4d  %-22s %10.2f %14.2f\n", run, tool, to - from, c1 - c0 }' |
        tee -a "$cluster_dir/results"
}

run=1
while [ "$run" -le "$runs" ]; do
    order="pgzm dump"
    [ $((run % 2)) = 1 ] || order="dump pgzm"
    for tool in $order; do
        case $tool in
        pgzm) measure "$run" pgzm-copy run_pgzm ;;
        dump) measure "$run" pg_dump+pg_restore run_dump ;;
        esac
    done
    run=$((run + 1))
done

# Medians, and how many times as long and as much the other one takes.
sort -k 2,2 -k 3,3n "$cluster_dir/results" | awk '
    function median(values, n) {
        return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
    }
    function sorted(values, n,    i, j, t) {
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && values[j - 1] > values[j]; j--) {
                t = values[j]; values[j] = values[j - 1]; values[j - 1] = t
            }
    }
    $2 == "pgzm-copy" { a[++na] = $3; ac[na] = $4 }
    $2 != "pgzm-copy" { b[++nb] = $3; bc[nb] = $4 }
    END {
        sorted(a, na); sorted(ac, na); sorted(b, nb); sorted(bc, nb)
        printf "\nmedian  %-20s %10.2f %14.2f\n", "pgzm-copy", median(a, na), median(ac, na)
        printf "median  %-20s %10.2f %14.2f\n", "pg_dump+pg_restore", median(b, nb), median(bc, nb)
        printf "ratio   %-20s %10.2f %14.2f\n", "(pgzm-copy is 1)", median(b, nb) / median(a, na),
            median(bc, nb) / (median(ac, na) > 0 ? median(ac, na) : 0.01)
    }'
