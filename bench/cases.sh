# The cases of bench/run.sh, to be sourced by it: DATASET or DATASET-N, where N is megabytes, of
# `tables` their number. Cases of one dataset and several N give an exponent.
# shellcheck shell=sh disable=SC2034,SC2154 # variables are those of bench/run.sh

# The cases of a run, when none are named. Those of many files come before others delete any.
cases_default() { # cases_default SIZE QUICK
    if [ -n "$2" ]; then
        echo tables-20 tables-60 narrow wide toast mixed partitioned skewed stream-2 stream-4
        return
    fi
    echo tables-1000 tables-2000 tables-3000 tables-10000 narrow wide toast
    echo "stream-$(($1 / 4 + 1)) stream-$(($1 / 2 + 1)) stream-$1 mixed partitioned skewed"
}

# Sets what the generator is asked for: $dataset, $megabytes, $tables, and $number and $unit, in
# which the case is counted.
case_split() { # case_split CASE SIZE QUICK
    dataset=${1%%-*} megabytes=$2 tables=2000
    if [ -n "$3" ]; then tables=20; fi
    case $1 in
    *-*[!0-9]* | *-) return 1 ;;
    tables-*) tables=${1#*-} ;;
    *-*) megabytes=${1#*-} ;;
    esac
    case $dataset in
    tables) megabytes=0 number=$tables unit=tables ;;
    mixed) tables=$((tables / 2)) number=$megabytes unit=MB ;;
    narrow | wide | toast | partitioned | skewed | stream) number=$megabytes unit=MB ;;
    *) return 1 ;;
    esac
}

# Who takes part. Growth alone needs no copies by other means, some of which take minutes.
case_contenders() { # case_contenders CASE
    case $1 in
    tables-1000) echo pgzm dump ;;
    tables-3000 | tables-10000) echo pgzm ;;
    stream*) echo pgzm psql pgcopydb pgcopydb-binary ;;
    *) echo pgzm dump psql pgcopydb pgcopydb-binary floor ;;
    esac
}

# ext4 is slow to make a file while it passes over the inodes of those deleted in the last five
# minutes: what a run of many files leaves stays until all is over. A run would else pay for the
# database that was dropped before it.
case_keeps() { # case_keeps CASE
    case $1 in
    tables*) ;;
    *) return 1 ;;
    esac
}

# The length of all rows in binary COPY.
case_wire_bytes() { # case_wire_bytes CONNINFO
    sql "$1" "SELECT c.oid::regclass FROM pg_class c WHERE relkind = 'r'
              AND relnamespace = 'public'::regnamespace" |
        while read -r table; do
            "$bin/psql" -X -q -d "$1" -c "COPY $table TO STDOUT (FORMAT binary)"
        done | wc -c
}
