# What a result depends on besides the programs, to be sourced by bench/run.sh: lines of a name, a tab
# and words.
# shellcheck shell=sh disable=SC2034,SC2154 # variables are those of bench/run.sh

machine_facts() {
    printf 'date\t%s\n' "$(date -u +%Y-%m-%d)"
    printf 'pgzm-copy\t%s\n' "$("$build/pgzm-copy" --version | head -n 1)"
    commit=$(git -c safe.directory='*' rev-parse --short HEAD 2>/dev/null || true)
    [ -z "$commit" ] || printf 'commit\t%s\n' "$commit"
    if contender_installed pgcopydb; then
        printf 'pgcopydb\t%s\n' "$(pgcopydb --version 2>/dev/null | head -n 1)"
    fi
    printf 'pg_dump\t%s\n' "$("$bin/pg_dump" --version)"
    model=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
    printf 'processors\t%s, %s\n' "$(getconf _NPROCESSORS_ONLN)" "${model:-$(uname -m)}"
    printf 'memory\t%s\n' "$(awk '$1 == "MemTotal:" { printf "%.1f GB", $2 / 1e6 }' /proc/meminfo)"
    printf 'kernel\t%s\n' "$(uname -sr)"
    printf 'file system\t%s\n' "$(df -T "$cluster_dir" | awk 'NR == 2 { print $2 }')"
    printf 'options\t%s\n' "$1"
    printf 'jobs\t%s\n' "$jobs"
}

server_facts() { # server_facts NAME CONNINFO
    printf '%s\tPostgreSQL %s\n' "$1" "$(sql "$2" 'SHOW server_version')"
    printf '%s settings\t%s\n' "$1" "$(sql "$2" "SELECT string_agg(name || ' = ' ||
        current_setting(name), ', ' ORDER BY name) FROM pg_settings
        WHERE source = 'configuration file' AND name NOT IN ('listen_addresses', 'port', 'DateStyle',
        'unix_socket_directories', 'default_text_search_config', 'log_timezone', 'TimeZone',
        'lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time', 'dynamic_shared_memory_type')")"
}
