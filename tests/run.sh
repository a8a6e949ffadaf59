#!/bin/sh
# Runs the tests: installs what is missing, builds, starts throw-away servers, runs ctest.
#
#     sh tests/run.sh              all tests
#     sh tests/run.sh NAME...      those whose ctest name begins with a NAME:
#                                  base schema copy engine cli e2e cases live kill dumped
#                                  bench tsan regression format includes readme install
#     sh tests/run.sh matrix       from one version of PostgreSQL to another, all pairs of them;
#                                  matrix-12-18 is one pair, matrix-12-18-dumped through a dump
#
# Servers of other versions are fetched once, into servers/ of the build folder. With
# TEST_VERSIONS_PGHOST set they are taken from there instead (port 6012 for version 12, and so on).
#
# With TEST_PGHOST set (and TEST_PGPORT, TEST_PGUSER, TEST_PGPASSWORD as needed) the tests use that
# server, as a superuser, instead of one of their own. TEST_PGBIN: the folder of another PostgreSQL's
# programs. PGZM_BUILD: where to build, by default build/.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
build=${PGZM_BUILD:-$top/build}

. cmake/cluster.sh
. tests/harness/versions.sh
ctest_pid=
fetch_pid=
finish() {
    [ -z "$fetch_pid" ] || kill "$fetch_pid" 2>/dev/null || true
    [ -z "$ctest_pid" ] || kill -TERM "-$ctest_pid" 2>/dev/null || true
    cluster_stop
    # what tests/engine/test_extensionrows.c leaves where servers look for extensions
    rm -f "$("$(cluster_bin)/pg_config" --sharedir 2>/dev/null)"/extension/pgzmtest_rows* || true
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

sh cmake/setup.sh tests

step() {
    printf '== %s\n' "$*"
}

# compile FOLDER COMPILER BUILD-TYPE SANITIZERS TESTS(ON|OFF) [TARGET...]
compile() {
    folder=$1 compiler=$2 type=$3 sanitize=$4 tests=$5
    shift 5
    if ! { cmake -G Ninja -S "$top" -B "$folder" -DCMAKE_C_COMPILER="$compiler" \
        -DCMAKE_BUILD_TYPE="$type" -DPGZM_SANITIZE="$sanitize" -DPGZM_TESTS="$tests" \
        -DPGZM_WERROR=ON -DPGZM_SODIUM="${sodium:-AUTO}" &&
        cmake --build "$folder" ${*:+--target "$@"}; } >"$cluster_dir/build.log" 2>&1; then
        tail -n 80 "$cluster_dir/build.log"
        echo "the build in $folder failed" >&2
        exit 1
    fi
}

# What the wanted tests need: programs of one folder only, or everything; pairs of versions.
whole=yes
targets=
pairs=
others=yes
if [ $# -gt 0 ]; then
    whole=
    others=
    for name in "$@"; do
        case $name in
        matrix*) pairs=yes ;;
        *) others=yes ;;
        esac
        case $name in
        base | schema | copy | engine | cli) targets="$targets test_$name" ;;
        format | includes) targets="$targets pgzm_base" ;;
        matrix*) targets="$targets test_e2e" ;;
        *) whole=yes ;;
        esac
    done
fi
[ -z "$whole" ] || targets=all

# The servers do most of the work here, and much of that is to make and remove files, of databases
# above all. In memory that costs a fraction of what it costs on disk: their folder is there if there
# is room for all. Programs of other versions may have to go there, too.
in_memory() {
    [ -w /dev/shm ] && ! grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts || return 1
    free=$(df -Pk /dev/shm | awk 'END { print $4 }')
    available=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
    [ "$limit" = max ] || [ "$((limit / 1024))" -ge "$available" ] || available=$((limit / 1024))
    [ "$free" -ge 8388608 ] && [ "$available" -ge 12582912 ]
}

if [ -z "${TMPDIR:-}" ] && in_memory 2>/dev/null; then
    cluster_folder pgzm-tests /dev/shm
    export TEST_DATABASE_STRATEGY=file_copy
else
    cluster_folder pgzm-tests
fi
# What is fetched comes while the compiler runs. When that fails versions_start tries again.
if { [ $# = 0 ] || [ -n "$pairs" ]; } && [ -z "${TEST_VERSIONS_PGHOST:-}" ] &&
    versions_supported >/dev/null; then
    # shellcheck disable=SC2046 # several versions
    versions_fetch "$build/servers" $(echo "$*" | grep -o 'matrix-[0-9-]*' | grep -o '[0-9]*' |
        sort -u) >"$cluster_dir/fetch.log" 2>&1 &
    fetch_pid=$!
fi
step "building with gcc, AddressSanitizer and UndefinedBehaviorSanitizer"
# shellcheck disable=SC2086 # several targets
compile "$build/asan" gcc Debug address,undefined ON $targets
if [ -n "$whole$pairs" ]; then
    step "building with gcc"
    compile "$build" gcc RelWithDebInfo "" OFF
fi
if [ -n "$whole" ]; then
    step "building with gcc and ThreadSanitizer"
    sodium=OFF # one build must do without
    compile "$build/tsan" gcc RelWithDebInfo thread OFF pgzm-copy
    sodium=
fi
if [ $# = 0 ]; then
    step "building with clang"
    compile "$build/clang" clang Debug "" ON # its warnings are the same, and it is not run
fi

if [ -z "${TEST_PGHOST:-}" ]; then
    step "starting servers: $("$(cluster_bin)/postgres" --version)"
    cluster_start trusting 5432 trust fsync=off
    TEST_PGHOST=$cluster_dir TEST_PGPORT=5432 TEST_PGUSER=postgres
    export TEST_PGHOST TEST_PGPORT TEST_PGUSER
else
    step "using the server at TEST_PGHOST=$TEST_PGHOST"
fi
# A second server that asks for passwords and has a small lock table, for the tests that are about
# them.
cluster_start asking 5433 scram-sha-256 fsync=off max_connections=32 max_locks_per_transaction=24
TEST_SCRAM_PGHOST=$cluster_dir TEST_SCRAM_PGPORT=5433 TEST_SCRAM_PGUSER=postgres
TEST_SCRAM_PGPASSWORD=$(cat "$cluster_dir/asking.password")
export TEST_SCRAM_PGHOST TEST_SCRAM_PGPORT TEST_SCRAM_PGUSER TEST_SCRAM_PGPASSWORD
# A third one that tests stop and start as they like.
cluster_start dying 5434 trust fsync=off
export TEST_KILL_PGHOST="$cluster_dir" TEST_KILL_PGPORT=5434 TEST_KILL_PGDATA="$cluster_dir/dying"

# The commands that the tests drive.
export TEST_COMMAND="$build/asan/pgzm-copy" TEST_COMMAND_PLAIN="$build/pgzm-copy"
export TEST_COMMAND_TSAN="$build/tsan/pgzm-copy"
unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGOPTIONS
unset SOURCE_DATABASE_URL DEST_DATABASE_URL DATABASE_URL PRESERVED_TABLES

only=
for name in "$@"; do
    only="$only${only:+|}^$name"
done

# run ARGUMENT...: ctest, in a session of its own, so that all of it can be stopped at once.
run() {
    setsid ctest --test-dir "$build/asan" --output-on-failure --timeout 600 "$@" \
        ${only:+-R "$only"} &
    ctest_pid=$!
    result=0
    wait "$ctest_pid" || result=$?
    ctest_pid=
    [ "$result" = 0 ] || exit "$result"
}

if [ -n "$others" ]; then
    step "running the tests"
    run --no-tests=error -LE matrix -j 2
fi

# Pairs of versions come last, and only when all else is well: they take longest.
[ $# != 0 ] || pairs=yes
if [ -z "$pairs" ] || { [ -z "${TEST_VERSIONS_PGHOST:-}" ] && ! versions_supported; }; then
    exit 0
fi
if [ -z "${TEST_VERSIONS_PGHOST:-}" ]; then
    versions=$(ctest --test-dir "$build/asan" -N -L matrix ${only:+-R "$only"} |
        grep -o 'matrix-[0-9-]*' | grep -o '[0-9]*' | sort -u)
    [ -z "$fetch_pid" ] || wait "$fetch_pid" || true
    fetch_pid=
    # shellcheck disable=SC2086 # several versions
    step "starting servers of other versions:" $versions
    # shellcheck disable=SC2086 # several versions
    versions_start "$build/servers" $versions
    export TEST_VERSIONS_PGHOST="$cluster_dir"
fi
step "running the tests between versions"
run --no-tests=error -L matrix -j 3
