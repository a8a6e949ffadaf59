#!/bin/sh
# Shows the main job: migrates a web shop into an older version of itself, which is live.
#
#     sh cli/demo.sh              run, show, clean up
#     sh cli/demo.sh --keep       leave the servers running at the end
#     sh cli/demo.sh --stop DIR   stop servers that were kept
#
# Installs and builds what is missing. Everything else happens in a temporary folder: two PostgreSQL
# servers on sockets there, and clients that use the destination all the time. Exits with 1 when the
# migration failed or a client saw an error. DEMO_SCALE: how large the shop is, by default 50.
set -eu
cd "$(dirname "$0")/.."
. cmake/cluster.sh

keep=
case ${1:-} in
'') ;;
--keep) keep=yes ;;
--stop)
    cluster_dir=${2:?"the folder of the servers is missing"}
    [ -f "$cluster_dir/demo" ] || {
        echo "no servers of the demo in $cluster_dir" >&2
        exit 1
    }
    cluster_names="source dest"
    cluster_stop
    exit 0
    ;;
*)
    echo "usage: sh cli/demo.sh [--keep | --stop DIR]" >&2
    exit 2
    ;;
esac

clients=
finish() {
    [ -z "$clients" ] || kill "$clients" 2>/dev/null || true
    cluster_stop
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

bold= plain=
if [ -t 1 ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
title() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}
say() {
    printf '   %s\n' "$*"
}

build=${PGZM_BUILD:-$PWD/build}
scale=${DEMO_SCALE:-50}

title "1. Packages and build"
sh cmake/setup.sh demo
cluster_folder pgzm-demo
touch "$cluster_dir/demo"
if ! { cmake -G Ninja -S . -B "$build" -DPGZM_TESTS=OFF &&
    cmake --build "$build" --target pgzm-copy; } >"$cluster_dir/build.log" 2>&1; then
    cat "$cluster_dir/build.log"
    exit 1
fi
command=$build/pgzm-copy
say "$("$command" --version) is built"

title "2. Two servers in $cluster_dir"
bin=$(cluster_bin)
cluster_start source 5432 trust
cluster_start dest 5433 trust
say "both $("$bin/postgres" --version)"

unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGOPTIONS
unset SOURCE_DATABASE_URL DEST_DATABASE_URL DATABASE_URL PRESERVED_TABLES
source="host=$cluster_dir port=5432 user=postgres dbname=shop"
dest="host=$cluster_dir port=5433 user=postgres dbname=shop"
sql() { # sql CONNINFO STATEMENT
    "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$1" -c "$2"
}
fill() { # fill PORT CONNINFO FILE
    "$bin/createdb" -h "$cluster_dir" -p "$1" -U postgres -T template0 shop
    PGOPTIONS="-c shop.scale=$scale" "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d "$2" -f "$3" -o /dev/null
}
objects="SELECT count(*) FILTER (WHERE relkind IN ('r', 'p')) || ' tables, '
    || count(*) FILTER (WHERE relkind IN ('v', 'm')) || ' views, '
    || count(*) FILTER (WHERE relkind IN ('i', 'I')) || ' indexes'
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname !~ '^(pg_|pgzm)' AND nspname <> 'information_schema'"
size="SELECT pg_size_pretty(pg_database_size(current_database()))"

title "3. A web shop in both: the new one, and the old one that is live"
fill 5432 "$source" tests/fixture/shop_source.sql
fill 5433 "$dest" tests/fixture/shop_dest.sql
say "source:      $(sql "$source" "$objects"), $(sql "$source" "$size")"
say "destination: $(sql "$dest" "$objects"), $(sql "$dest" "$size")"

counts() { # counts CONNINFO: a line "name|rows" for each table shown below
    for table in users sessions user_notes products orders order_lines categories; do
        printf '%s|%s\n' "$table" "$(sql "$1" "SELECT CASE WHEN to_regclass('public.$table') IS NULL
            THEN '-' ELSE (xpath('/row/n/text()', query_to_xml(
                'SELECT count(*) AS n FROM public.$table', false, true, '')))[1]::text END")"
    done
}
counts "$source" >"$cluster_dir/source.counts"

title "4. Clients read and write users and sessions of the destination from now on"
mkdir "$cluster_dir/clients"
people=$((150 * scale))
cat >"$cluster_dir/clients/read.sql" <<SQL
\set n random(1, $people)
SELECT u.name, s.started_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.id = :n;
SQL
cat >"$cluster_dir/clients/write.sql" <<SQL
\set n random(1, $people)
UPDATE sessions SET last_seen = now() WHERE id = md5('live session' || :n)::uuid;
INSERT INTO sessions (id, user_id) VALUES (md5(random()::text || clock_timestamp())::uuid, :n);
SQL
cat >"$cluster_dir/clients/join.sql" <<SQL
\set n random(1, 1000000000)
INSERT INTO users (email, name) VALUES ('new-' || :n || '-' || :client_id || clock_timestamp(), 'New');
UPDATE users SET newsletter = NOT newsletter WHERE id = 1 + :n % $people;
SQL
(
    cd "$cluster_dir/clients"
    PGOPTIONS="-c role=shop_app" exec "$bin/pgbench" -n -M prepared -c 4 -j 2 -R 400 -T 86400 -l \
        -f read.sql@5 -f write.sql@4 -f join.sql@1 \
        -h "$cluster_dir" -p 5433 -U postgres shop
) >"$cluster_dir/clients.out" 2>&1 &
clients=$!
sleep 2
kill -0 "$clients" 2>/dev/null || {
    cat "$cluster_dir/clients.out"
    exit 1
}
say "4 sessions with prepared statements, 400 transactions a second, as the role shop_app"
counts "$dest" >"$cluster_dir/before.counts"

title "5. The migration"
say "pgzm-copy start --source \"$source\" \\"
say "                --dest \"$dest\" \\"
say "                --preserved-tables users,sessions"
echo
failed=0
"$command" start --source "$source" --dest "$dest" --preserved-tables users,sessions || failed=$?

sleep 2
# The alarm that ends a run of pgbench in time: it stops and sums up.
errors=0
kill -ALRM "$clients" 2>/dev/null || true
wait "$clients" || errors=1
clients=

title "6. What the clients saw"
sed -n 's/^number of transactions actually processed: */   transactions: /p
    s/^number of failed transactions: */   failed:       /p
    s/^latency average = /   on average:   /p
    /error/s/^/   /p' "$cluster_dir/clients.out"
cat "$cluster_dir"/clients/pgbench_log.* | awk '
    $3 > longest { longest = $3 }
    END { printf "   longest:      %.0f ms\n", longest / 1000 }'
if [ "$errors" != 0 ] || grep -q 'error:' "$cluster_dir/clients.out"; then
    errors=1
    say "A client saw an error."
    tail -n 20 "$cluster_dir/clients.out"
else
    say "No client saw an error."
fi

title "7. What to look at"
counts "$dest" >"$cluster_dir/after.counts"
printf '   %-14s%12s%12s%12s\n' "rows of" "source" "dest before" "dest now"
paste -d '|' "$cluster_dir/source.counts" "$cluster_dir/before.counts" "$cluster_dir/after.counts" |
    while IFS='|' read -r table new _ old _ now; do
        case $table in
        users | sessions) note="kept, and in step with the clients" ;;
        user_notes) note="only the destination has it: it stays" ;;
        *) note="from the source" ;;
        esac
        printf '   %-14s%12s%12s%12s   %s\n' "$table" "$new" "$old" "$now" "$note"
    done
if [ "$failed" = 0 ]; then
    echo
    say "The old objects are still there, as a backup: pgzm-copy rollback --latest --dest ..."
fi
title "   pgzm-copy status"
"$command" status --dest "$dest" || failed=$?
title "   pgzm-copy list"
"$command" list --dest "$dest" || failed=$?

if [ -n "$keep" ]; then
    trap - EXIT
    title "The servers are still running"
    say "source:      $bin/psql \"$source\""
    say "destination: $bin/psql \"$dest\""
    say "go back:     $command rollback --latest --dest \"$dest\""
    say "stop them:   sh cli/demo.sh --stop $cluster_dir"
fi
echo
if [ "$failed" != 0 ] || [ "$errors" != 0 ]; then
    say "The demo failed (migration: exit code $failed; client errors: $errors)."
    exit 1
fi
say "Done."
