#!/bin/sh
# Installs what is missing to build, to run the demo, the tests or the comparisons:
#
#     sh cmake/setup.sh build|demo|tests|bench
#
# Looks for each tool or library itself, not for a package, so nothing is installed where everything
# is there already, wherever it came from. Installing needs Debian's (or Ubuntu's) apt-get, and root
# or sudo. Debian's own database cluster is not created: the servers of the demo and of the tests
# live in a temporary folder.
set -eu

missing=
extra= # what tests and comparisons go without where it cannot be had

tool() { # tool COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

library() { # library PKG-CONFIG-NAME PACKAGE
    pkg-config --exists "$1" 2>/dev/null || missing="$missing $2"
}

# The headers of the server that is or will be installed: the regression tests of PostgreSQL bring
# functions in C.
headers() {
    for file in /usr/include/postgresql/*/server/postgres.h \
        "$(pg_config --includedir-server 2>/dev/null || true)/postgres.h"; do
        [ -e "$file" ] && return
    done
    major=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -t/ -k5 -rV | head -n 1 |
        cut -d/ -f5)
    missing="$missing postgresql-server-dev-${major:-all}"
}

server() {
    command -v initdb >/dev/null 2>&1 && return
    for program in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb; do
        [ -x "$program" ] && return
    done
    missing="$missing postgresql postgresql-contrib"
}

# An extension with types and operators of its own, for one test. Debian's package names the version
# of Debian's server.
postgis() {
    for file in /usr/share/postgresql/*/extension/postgis.control; do
        [ ! -e "$file" ] || return 0
    done
    case "$missing " in
    *" postgresql "*) extra=postgresql-postgis ;;
    *)
        newest=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -t/ -k5 -rV | head -n 1 |
            cut -d/ -f5)
        [ -z "$newest" ] || extra=postgresql-$newest-postgis-3
        ;;
    esac
}

build() {
    tool cc build-essential
    tool cmake cmake
    tool ninja ninja-build
    tool pkg-config pkg-config
    library libpq libpq-dev
    library libzstd libzstd-dev
    library jansson libjansson-dev
    library libxxhash libxxhash-dev
}

case ${1:-} in
build) build ;;
demo) build && server ;;
bench)
    build && server
    command -v pgcopydb >/dev/null 2>&1 || extra=pgcopydb
    ;;
tests)
    build && server
    headers
    library criterion libcriterion-dev
    library libsodium libsodium-dev # the program can do without, for encrypted dumps
    tool clang clang
    tool clang-format clang-format
    tool strace strace
    tool setpriv util-linux
    # servers of other versions are packages of npm's registry
    [ "$(uname -m)" != x86_64 ] || tool npm npm
    postgis
    ;;
*)
    echo "usage: sh cmake/setup.sh build|demo|tests|bench" >&2
    exit 2
    ;;
esac
[ -n "$missing$extra" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    [ -n "$missing" ] || exit 0
    echo "missing here, by the names of their Debian packages:$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        [ -n "$missing" ] || exit 0
        echo "missing packages:$missing" >&2
        echo "HINT: Install them, or run this as root or where sudo is there." >&2
        exit 1
    }
    as_root=sudo
fi

echo "== installing:$missing${extra:+ $extra}"
log=$(mktemp)
policy=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
trap '$as_root rm -f "$policy"; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
case $missing in
*postgresql*)
    $as_root mkdir -p "${policy%/*}"
    echo "create_main_cluster = false" | $as_root tee "$policy" >/dev/null
    ;;
esac
packages() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@" </dev/null >>"$log" 2>&1
}
# shellcheck disable=SC2086 # the list of packages is meant to be split
if ! { $as_root apt-get update </dev/null >"$log" 2>&1 && packages $missing; }; then
    [ -n "$missing" ] || exit 0
    tail -n 40 "$log" >&2
    echo "installing the packages failed:$missing" >&2
    exit 1
fi
if [ -n "$extra" ] && ! packages "$extra"; then
    echo "without $extra: it cannot be installed here"
fi
