#!/bin/sh
# Fails when README.md does not hold what the command prints about itself, or when its call chain
# names a function that is not in the file it says.
#     sh tests/harness/check_readme.sh TOP COMMAND
set -u
cd "$1" || exit 1
command=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
result=0

# block MADE-BY: what README.md has between that marker and the end marker.
block() {
    awk -v marker="<!-- made by: $1 -->" '
        $0 == "<!-- end -->" { inside = 0 }
        inside && !/^```/
        $0 == marker { inside = 1 }' README.md
}

# same WHAT: $folder/readme and $folder/command are alike.
same() {
    if [ ! -s "$folder/command" ] || ! diff "$folder/readme" "$folder/command"; then
        echo "README.md (<) and the command (>) differ: $1" >&2
        result=1
    fi
}

block "pgzm-copy --generate readme" >"$folder/readme"
"$command" --generate readme >"$folder/command" || result=1
same "options"

block "pgzm-copy --help" >"$folder/readme"
"$command" --help | awk '/^[A-Z]/ { inside = 0 } inside && NF; /^Exit status:/ { inside = 1 }' \
    >"$folder/command"
same "exit codes"

awk '/^main  / { inside = 1 } /^```/ { inside = 0 } inside { print $1, $2 }' README.md \
    >"$folder/chain"
if [ "$(wc -l <"$folder/chain")" -lt 10 ]; then
    echo "README.md has no call chain" >&2
    result=1
fi
while read -r name file; do
    # a definition: its return type stands before it, or its line begins with it
    if ! grep -qE "^([A-Za-z].*[ *])?$name\(" "$file"; then
        echo "README.md: there is no $name in $file" >&2
        result=1
    fi
done <"$folder/chain"
exit "$result"
