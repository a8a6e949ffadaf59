# The contenders of bench/run.sh, to be sourced by it. What each does is in bench/contender.sh.
#
#     pgzm             pgzm-copy start, the swap included
#     dump             pg_dump -Fd -j, pg_restore -j, vacuumdb -Z
#     psql             pg_dump -s in sections; a psql | psql of binary COPY for each table, as many at a
#                      time as there are jobs; vacuumdb -Z. No snapshot is shared.
#     pgcopydb         pgcopydb clone, if installed
#     pgcopydb-binary  the same with --use-copy-binary, where its version has that
#     floor            the rows by COPY to a file and from it within the servers, binary; the rest as
#                      psql has it
# shellcheck shell=sh disable=SC2034,SC2154 # variables are those of bench/run.sh

contender_exists() { # contender_exists NAME
    case $1 in
    pgzm | dump | psql | pgcopydb | pgcopydb-binary | floor) ;;
    *) return 1 ;;
    esac
}

contender_installed() { # contender_installed NAME
    case $1 in
    pgcopydb) command -v pgcopydb >/dev/null 2>&1 ;;
    pgcopydb-binary)
        command -v pgcopydb >/dev/null 2>&1 &&
            pgcopydb clone --help 2>&1 | grep -q -e --use-copy-binary
        ;;
    esac
}

# From the empty destination to the end state, measured; adds a line to $results/runs. 1: it failed.
contender_run() { # contender_run CASE CONTENDER RUN
    bench_folder
    bench_database 5433 "$dest" || exit 1
    dest=$database
    sql "$source" CHECKPOINT
    sql "$dest" CHECKPOINT
    wal_before=$(sql "$dest" "SELECT pg_current_wal_insert_lsn()")
    # shellcheck disable=SC2086 # two words for each server
    if ! BENCH_SOURCE=$source BENCH_DEST=$dest BENCH_JOBS=$jobs BENCH_WORK=$scratch \
        BENCH_COMMAND=$build/pgzm-copy PATH=$bin:$PATH "$build/pgzm-measure" "$cluster_dir/took" \
        $postmasters sh bench/contender.sh "$2" >"$cluster_dir/out" 2>&1; then
        tail -n 20 "$cluster_dir/out" >&2
        contender_fails "$1" "$2" "$3" "it failed"
        return 1
    fi
    wal=$(sql "$dest" "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$wal_before')")
    "$bin/psql" -X -q -A -t -d "$dest" -f bench/state.sql >"$cluster_dir/found" 2>&1
    if ! diff "$cluster_dir/expected" "$cluster_dir/found" >"$cluster_dir/differences"; then
        head -n 10 "$cluster_dir/differences" >&2
        contender_fails "$1" "$2" "$3" "rows, indexes or constraints are not the source's"
        return 1
    fi
    read -r wall client memory server <"$cluster_dir/took"
    result=-
    if [ -s "$scratch/result" ]; then
        result=$results/$1.$2.$3.json
        cp "$scratch/result" "$result"
    fi
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$wall" "$client" "$server" \
        "$memory" "$wal" "$result" >>"$results/runs"
    printf '%-14s %-16s %3d %10.2f %10.2f %10.2f %10d %10d\n' "$1" "$2" "$3" "$wall" "$client" \
        "$server" $((memory / 1024)) $((wal / 1000000))
}

contender_fails() { # contender_fails CASE CONTENDER RUN REASON
    echo "$1, $2, run $3: $4" >&2
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$results/failures"
}
