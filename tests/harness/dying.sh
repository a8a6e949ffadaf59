#!/bin/sh
# The server that tests/e2e/test_kill.c and test_crash.c stop and start (tests/harness/dying.c runs
# this).
#
#     sh tests/harness/dying.sh run [SETTING=VALUE ...]  starts one, prints its folder, removes it at
#                                              the end of standard input
#     sh tests/harness/dying.sh restart DATA   stops at once the one with this data folder, starts it
#     sh tests/harness/dying.sh kill DATA      the same with SIGKILL for every process of it
set -eu
. "$(dirname "$0")/../../cmake/cluster.sh"

case $1 in
run)
    # whoever started this may be killed: then the input ends, and all else is no reason to stop
    trap '' HUP INT TERM PIPE
    trap cluster_stop EXIT
    cluster_folder pgzm-dying
    shift
    cluster_start dying 5434 trust fsync=off "$@"
    echo "$cluster_dir"
    exec >/dev/null
    cat >/dev/null
    ;;
restart | kill)
    cluster_dir=$(dirname "$2")
    control() {
        cluster_as "$(cluster_bin)/pg_ctl" -D "$1" -w -t 60 "$2" "$3" "$4" >>"$cluster_dir/control.log" 2>&1 </dev/null
    }
    if [ "$1" = kill ]; then
        postmaster=$(head -n 1 "$2/postmaster.pid")
        kill -STOP "$postmaster" # it starts no further ones
        others=$(sed -n 's/^Pid:[[:space:]]*//p' \
            $(grep -l "^PPid:[[:space:]]*$postmaster\$" /proc/[0-9]*/status 2>/dev/null))
        # shellcheck disable=SC2086 # several numbers
        kill -KILL "$postmaster" $others 2>/dev/null || true # one may have ended by itself
        for process in $postmaster $others; do
            while kill -0 "$process" 2>/dev/null; do sleep 0.02; done
        done
    else
        control "$2" stop -m immediate
    fi
    control "$2" start -l "$cluster_dir/dying.log"
    ;;
esac
