#!/bin/sh
# The server that tests/e2e/test_kill.c stops and starts (tests/harness/dying.c runs this).
#
#     sh tests/harness/dying.sh run            starts one, prints its folder, removes it at the end
#                                              of standard input
#     sh tests/harness/dying.sh restart DATA   stops at once the one with this data folder, starts it
set -eu
. "$(dirname "$0")/../../cmake/cluster.sh"

case $1 in
run)
    # whoever started this may be killed: then the input ends, and all else is no reason to stop
    trap '' HUP INT TERM PIPE
    trap cluster_stop EXIT
    cluster_folder pgzm-dying
    cluster_start dying 5434 trust fsync=off
    echo "$cluster_dir"
    exec >/dev/null
    cat >/dev/null
    ;;
restart)
    cluster_dir=$(dirname "$2")
    control() {
        cluster_as "$(cluster_bin)/pg_ctl" -D "$1" -w -t 60 "$2" "$3" "$4" >>"$cluster_dir/control.log" 2>&1 </dev/null
    }
    control "$2" stop -m immediate
    control "$2" start -l "$cluster_dir/dying.log"
    ;;
esac
