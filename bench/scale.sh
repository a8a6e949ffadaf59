#!/bin/sh
# How the time for a schema grows with the number of its tables:
#
#     sh bench/scale.sh [TABLES...]          default: 1000 3000 10000
#
# For each number a source with so many small tables of two indexes and some rows (bench/generate.c)
# and an empty destination, then `pgzm-copy prepare` once. Printed: seconds of reading both catalogs and
# comparing (preflight), of making and rehearsing the schema, of rows and indexes, of all; client CPU
# seconds and the most memory the client held. The exponent is the slope of a line through the
# logarithms: 1 is linear.
set -eu
cd "$(dirname "$0")/.."
. cmake/cluster.sh
[ $# -gt 0 ] || set -- 1000 3000 10000

trap cluster_stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

build=${PGZM_BUILD:-$PWD/build}
sh cmake/setup.sh demo
cluster_folder pgzm-scale
if ! { cmake -G Ninja -S . -B "$build" -DPGZM_TESTS=OFF &&
    cmake --build "$build" --target pgzm-copy pgzm-generate pgzm-measure; } \
    >"$cluster_dir/build.log" 2>&1; then
    cat "$cluster_dir/build.log" >&2
    exit 1
fi
unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGOPTIONS
unset SOURCE_DATABASE_URL DEST_DATABASE_URL DATABASE_URL PRESERVED_TABLES
bin=$(cluster_bin)
# The generator works in one transaction, and the source's tables are all locked for reading.
cluster_start source 5432 trust fsync=off max_wal_size=4GB max_locks_per_transaction=1024
cluster_start dest 5433 trust fsync=off max_wal_size=4GB max_locks_per_transaction=256
source="host=$cluster_dir port=5432 user=postgres dbname=scale"
dest="host=$cluster_dir port=5433 user=postgres dbname=scale"

# Milliseconds of the phase NAME in the JSON on standard input.
phase() {
    tr -d '\n ' | sed -n "s/.*{[^{}]*\"ms\":\([0-9]*\)[^{}]*\"name\":\"$1\"[^{}]*}.*/\1/p
                          s/.*{[^{}]*\"name\":\"$1\"[^{}]*\"ms\":\([0-9]*\)[^{}]*}.*/\1/p" | head -n 1
}

printf '%8s %10s %10s %10s %10s %8s %10s\n' tables 'preflight' 'schema' 'copy' 'all' 'CPU' 'memory kB'
for tables in "$@"; do
    for port in 5432 5433; do
        "$bin/dropdb" --if-exists -h "$cluster_dir" -p $port -U postgres scale 2>/dev/null
        "$bin/createdb" -h "$cluster_dir" -p $port -U postgres -T template0 scale
    done
    "$build/pgzm-generate" --size 2 --tables "$tables" "$source" >/dev/null
    "$bin/psql" -X -q -d "$source" -c 'VACUUM ANALYZE' -c CHECKPOINT
    if ! "$build/pgzm-measure" "$cluster_dir/took" "$build/pgzm-copy" prepare --json --jobs 2 \
        --source "$source" --dest "$dest" >"$cluster_dir/result" 2>"$cluster_dir/errors"; then
        cat "$cluster_dir/errors" >&2
        exit 1
    fi
    read -r wall cpu memory <"$cluster_dir/took"
    for name in preflight schema copy; do
        eval "$name=\$(phase $name <\"\$cluster_dir/result\")"
    done
    # shellcheck disable=SC2154 # set by eval
    awk -v n="$tables" -v a="$preflight" -v b="$schema" -v c="$copy" -v w="$wall" -v u="$cpu" \
        -v m="$memory" 'BEGIN { printf "%8d %10.2f %10.2f %10.2f %10.2f %8.2f %10d\n",
                                n, a / 1000, b / 1000, c / 1000, w, u, m }' |
        tee -a "$cluster_dir/table"
done
awk '{ n++
       for (i = 2; i <= NF; i++) {
           x = log($1); y = log($i > 0 ? $i : 0.01)
           sx[i] += x; sy[i] += y; sxx[i] += x * x; sxy[i] += x * y
       } fields = NF }
     END { if (n < 2) exit
           printf "%8s", "exponent"
           for (i = 2; i <= fields; i++)
               printf (i == 6 ? " %8.2f" : " %10.2f"),
                      (n * sxy[i] - sx[i] * sy[i]) / (n * sxx[i] - sx[i] * sx[i])
           print "" }' "$cluster_dir/table"
