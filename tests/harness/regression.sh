#!/bin/sh
# sh tests/harness/regression.sh TEST_E2E: migrates PostgreSQL's own regression-test database, which
# holds some object of nearly every kind in odd shapes, to an empty one, and compares.
#
# The tests that make it come with PostgreSQL's source package: fetched once with apt-get into the
# build folder (PGZM_BUILD), for the version that is installed or the newest one that is still there.
# They run in a server of their own.
set -eu
program=$1
cd "$(dirname "$0")/../.."
. cmake/cluster.sh

trap cluster_stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
unset TEST_PGBIN PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGOPTIONS
cluster_folder pgzm-regression
bin=$(cluster_bin)
major=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
kept=${PGZM_BUILD:-$PWD/build}/regression-$major

die() {
    echo "regression: $*" >&2
    exit 1
}

# The source package, with lists of its own: the machine's are left as they are.
fetch_source() {
    command -v apt-get >/dev/null 2>&1 || die "apt-get is missing: it fetches the source package"
    lists=$cluster_dir/apt
    mkdir -p "$lists/lists/partial" "$cluster_dir/source"
    # Both formats of sources; deb becomes deb-src.
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^deb\(-src\)\{0,1\} /deb-src /p' >"$lists/some.list"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -e "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$lists/$(basename "$file")"
    done
    mkdir "$lists/parts"
    mv "$lists"/*.list "$lists"/*.sources "$lists/parts/" 2>/dev/null || true
    options="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$lists/parts
             -o Dir::State::lists=$lists/lists -o APT::Sandbox::User=root"
    # shellcheck disable=SC2086 # several options
    apt-get $options update >"$cluster_dir/apt.log" 2>&1 || true
    installed=$(dpkg-query -W -f '${source:Version}' "postgresql-$major" 2>/dev/null || true)
    # shellcheck disable=SC2086
    for version in $installed $(apt-cache $options showsrc "postgresql-$major" 2>/dev/null |
        sed -n 's/^Version: //p' | sort -rV); do
        (cd "$cluster_dir/source" && apt-get $options source --tar-only \
            "postgresql-$major=$version" >>"$cluster_dir/apt.log" 2>&1) && return
    done
    cat "$cluster_dir/apt.log" >&2
    die "the source package postgresql-$major cannot be fetched"
}

# Only the tests are unpacked; their C functions are built against the installed server's headers.
make_tests() {
    headers=$("$bin/pg_config" --includedir-server 2>/dev/null || true)
    [ -e "${headers:-/none}/postgres.h" ] || die "the headers of PostgreSQL $major are missing"
    fetch_source
    mkdir -p "$kept.new"
    tar -xf "$cluster_dir"/source/*.orig.tar.* -C "$kept.new" --strip-components=4 \
        --wildcards '*/src/test/regress/*'
    ${CC:-cc} -O1 -fPIC -shared -w -I"$headers" -o "$kept.new/regress.so" "$kept.new/regress.c"
    mv "$kept.new" "$kept"
}

if [ ! -e "$kept/regress.so" ]; then
    rm -rf "$kept" "$kept.new"
    make_tests
fi
cp -r "$kept" "$cluster_dir/regress"
mkdir "$cluster_dir/out"
if [ "$(id -u)" = 0 ]; then
    chown -R "$(id -u postgres 2>/dev/null || id -u nobody)" "$cluster_dir/regress" "$cluster_dir/out"
fi
cluster_start regression 5432 trust fsync=off max_prepared_transactions=10

runner=$(dirname "$("$bin/pg_config" --pgxs)")/../test/regress/pg_regress
[ -x "$runner" ] || die "pg_regress is missing"
expected=
if "$runner" --help | grep -q -- --expecteddir; then expected=--expecteddir=$cluster_dir/regress; fi
# Some of its tests fail with other clients or libraries; what matters is the database that they make.
cluster_as "$runner" --bindir="$bin" --inputdir="$cluster_dir/regress" $expected \
    --outputdir="$cluster_dir/out" --dlpath="$cluster_dir/regress" \
    --schedule="$cluster_dir/regress/parallel_schedule" --host="$cluster_dir" --port=5432 \
    --user=postgres --max-connections=8 >"$cluster_dir/regress.log" 2>&1 || true
tables=$("$bin/psql" -X -A -t -h "$cluster_dir" -U postgres -d regression -c \
    "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384") || tables=0
if [ "$tables" -lt 400 ]; then
    tail -n 40 "$cluster_dir/regress.log" >&2
    die "only $tables tables were made"
fi
echo "the regression-test database of PostgreSQL $major: $tables tables"

export TEST_PGHOST="$cluster_dir" TEST_PGPORT=5432 TEST_PGUSER=postgres TEST_REGRESSION=regression
if [ -n "${TEST_COMMAND_PLAIN:-}" ]; then export TEST_COMMAND="$TEST_COMMAND_PLAIN"; fi
sh tests/harness/sanitized.sh "$program" --jobs 1 --filter 'server_regression/*'
