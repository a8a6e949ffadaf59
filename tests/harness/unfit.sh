#!/bin/sh
# Two servers that preflight has something to say about, for tests/e2e/test_unfit_server.c: one with
# dangerous settings and few connections, and its standby.
#
#     sh tests/harness/unfit.sh     starts them, prints their folder, removes it at the end of
#                                   standard input; ports 5435 and 5436
set -eu
. "$(dirname "$0")/../../cmake/cluster.sh"

# whoever started this may be killed: then the input ends, and all else is no reason to stop
trap '' HUP INT TERM PIPE
trap cluster_stop EXIT
cluster_folder pgzm-unfit
cluster_start unfit 5435 trust fsync=off full_page_writes=off autovacuum=off max_connections=14 \
    max_prepared_transactions=2 max_wal_size=32MB min_wal_size=32MB \
    synchronous_commit=local synchronous_standby_names=nobody
# a copy of a server that is shut down is a base backup; not every installation has pg_basebackup
control() {
    cluster_as "$(cluster_bin)/pg_ctl" -D "$cluster_dir/$1" -l "$cluster_dir/$1.log" -w -t 60 "$2" \
        -m fast >>"$cluster_dir/control.log" 2>&1 </dev/null
}
control unfit stop
cluster_as cp -a "$cluster_dir/unfit" "$cluster_dir/standby"
printf '%s\n' 'port = 5436' 'hot_standby_feedback = off' 'max_standby_streaming_delay = 30s' \
    "primary_conninfo = 'host=$cluster_dir port=5435 user=postgres'" |
    cluster_as sh -c "cat >>'$cluster_dir/standby/postgresql.conf'"
cluster_as touch "$cluster_dir/standby/standby.signal"
cluster_names="$cluster_names standby"
control unfit start
control standby start
echo "$cluster_dir"
exec >/dev/null
cat >/dev/null
