# The head of the scripts in bench/, to be sourced by them from the top folder:
#
#     . bench/common.sh
#     bench_begin NAME MODE TARGET...     # traps, packages, programs: $build, $bin, $cluster_dir
#     sql CONNINFO STATEMENT...
#
# MODE is one of cmake/setup.sh. PGZM_BUILD is where to build (default build/); BENCH_PROGRAMS a folder
# with programs that are built already, and then nothing is installed either.
# shellcheck shell=sh
. cmake/cluster.sh

bench_begin() {
    bench_name=$1 bench_mode=$2
    shift 2
    trap cluster_stop EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    build=${BENCH_PROGRAMS:-${PGZM_BUILD:-$PWD/build}}
    [ -n "${BENCH_PROGRAMS:-}" ] || sh cmake/setup.sh "$bench_mode"
    cluster_folder "$bench_name"
    if [ -z "${BENCH_PROGRAMS:-}" ] && ! {
        cmake -G Ninja -S . -B "$build" -DPGZM_TESTS=OFF &&
            cmake --build "$build" --target "$@"
    } >"$cluster_dir/build.log" 2>&1; then
        cat "$cluster_dir/build.log" >&2
        exit 1
    fi
    unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGOPTIONS
    unset SOURCE_DATABASE_URL DEST_DATABASE_URL DATABASE_URL PRESERVED_TABLES
    bin=$(cluster_bin)
}

sql() { # sql CONNINFO STATEMENT...
    sql_conninfo=$1
    shift
    for sql_statement in "$@"; do
        PGOPTIONS="-c client_min_messages=warning" "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
            -d "$sql_conninfo" -c "$sql_statement"
    done
}
