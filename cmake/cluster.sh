# Throw-away PostgreSQL servers for the demo and the tests: functions to be sourced by sh scripts.
#
#     . cmake/cluster.sh
#     cluster_folder pgzm-demo [PARENT]   # sets $cluster_dir, a new temporary folder
#     cluster_start NAME PORT AUTH [SETTING=VALUE ...]
#     cluster_stop                        # stops all servers and removes the folder
#
# Each server listens on a unix socket in $cluster_dir only, runs as an unprivileged user
# (PostgreSQL refuses root) and trusts every local user unless AUTH says scram-sha-256; then the
# superuser postgres has the password in $cluster_dir/NAME.password. The caller sets the traps.

# The folder of initdb and postgres: $TEST_PGBIN, else the newest one installed.
cluster_bin() {
    if [ -n "${TEST_PGBIN:-}" ]; then
        echo "$TEST_PGBIN"
        return
    fi
    for program in $(ls -d /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb 2>/dev/null |
        sort -t/ -k5 -rV) $(command -v initdb || true); do
        if [ -x "$program" ]; then
            dirname "$program"
            return
        fi
    done
    echo "no PostgreSQL server is installed here" >&2
    return 1
}

# Runs a command as the user that owns the servers.
cluster_as() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
        return
    fi
    if id postgres >/dev/null 2>&1; then cluster_user=postgres; else cluster_user=nobody; fi
    (cd / && HOME="$cluster_dir" setpriv --reuid="$cluster_user" \
        --regid="$(id -g "$cluster_user")" --clear-groups "$@")
}

cluster_folder() {
    cluster_dir=$(mktemp -d "${2:-${TMPDIR:-/tmp}}/$1.XXXXXX")
    # The longest name of a unix socket is 107 bytes.
    if [ ${#cluster_dir} -gt 80 ]; then
        rmdir "$cluster_dir"
        cluster_dir=$(mktemp -d "/tmp/$1.XXXXXX")
    fi
    chmod 755 "$cluster_dir"
    cluster_names=
    if [ "$(id -u)" = 0 ]; then
        chown "$(id -u postgres 2>/dev/null || id -u nobody)" "$cluster_dir"
    fi
}

cluster_start() {
    cluster_name=$1 cluster_port=$2 cluster_auth=$3
    shift 3
    cluster_path=$(cluster_bin) || return 1
    cluster_data=$cluster_dir/$cluster_name
    cluster_password=
    if [ "$cluster_auth" != trust ]; then
        cluster_password=--pwfile=$cluster_dir/$cluster_name.password
        head -c 18 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$cluster_dir/$cluster_name.password"
        chmod 644 "$cluster_dir/$cluster_name.password"
    fi
    # shellcheck disable=SC2086 # no password file is no argument
    if ! cluster_as "$cluster_path/initdb" -D "$cluster_data" -U postgres --auth="$cluster_auth" \
        $cluster_password --encoding=UTF8 --locale=C --no-sync >"$cluster_dir/$cluster_name.initdb" 2>&1
    then
        cat "$cluster_dir/$cluster_name.initdb" >&2
        return 1
    fi
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$cluster_dir'"
        echo "port = $cluster_port"
        echo "wal_level = logical"
        echo "max_connections = 200"
        echo "max_locks_per_transaction = 256"
        for setting in "$@"; do
            echo "${setting%%=*} = '${setting#*=}'"
        done
    } | cluster_as sh -c "cat >>'$cluster_data/postgresql.conf'"
    cluster_names="$cluster_names $cluster_name"
    if ! cluster_as "$cluster_path/pg_ctl" -D "$cluster_data" -l "$cluster_dir/$cluster_name.log" \
        -w -t 60 start >"$cluster_dir/$cluster_name.start" 2>&1; then
        cat "$cluster_dir/$cluster_name.start" "$cluster_dir/$cluster_name.log" >&2
        return 1
    fi
}

cluster_stop() {
    [ -n "${cluster_dir:-}" ] || return 0
    for cluster_name in $cluster_names; do
        cluster_as "$(cluster_bin)/pg_ctl" -D "$cluster_dir/$cluster_name" -m immediate -w -t 30 stop \
            >/dev/null 2>&1 || true
    done
    rm -rf "$cluster_dir"
    cluster_dir=
}
