#!/bin/sh
# sh tests/harness/matrix.sh TEST_E2E SOURCE DEST [FILTER]: the migrations of tests/e2e and
# tests/cases from one version of PostgreSQL to another.
#
# TEST_VERSIONS_PGHOST: where the servers listen, each on port 6000 + version (tests/run.sh starts
# them). TEST_COMMAND_PLAIN: the command, built for speed.
set -eu
if [ -z "${TEST_VERSIONS_PGHOST:-}" ]; then
    echo "no servers of other versions: run sh tests/run.sh matrix" >&2
    exit 77
fi
export TEST_SOURCE_PGHOST="$TEST_VERSIONS_PGHOST" TEST_SOURCE_PGPORT=$((6000 + $2))
export TEST_PGHOST="$TEST_VERSIONS_PGHOST" TEST_PGPORT=$((6000 + $3)) TEST_PGUSER=postgres
if [ -n "${TEST_COMMAND_PLAIN:-}" ]; then export TEST_COMMAND="$TEST_COMMAND_PLAIN"; fi
exec sh "$(dirname "$0")/sanitized.sh" "$1" --jobs 1 --filter \
    "${4:-server_@(cases|versions)/*}"
