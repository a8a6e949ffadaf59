#!/bin/sh
# Fails when a lower folder includes a higher one: base <- schema <- copy <- engine <- cli. copy/
# sees nothing of schema/ but model.h; nothing sees tests/ or bench/; bench/ sees all but tests/.
#     sh tests/harness/check_includes.sh TOP
cd "$1" || exit 1
result=0

# check FOLDER PATTERN: rooted includes in FOLDER must match the pattern.
check() {
    wrong=$(grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$1"/*.[ch] 2>/dev/null |
        grep -vE "\"($2)\"")
    [ -z "$wrong" ] && return
    printf '%s may not include this:\n%s\n' "$1/" "$wrong"
    result=1
}

name='[a-z0-9_]+\.h'
own="sql_files.h|version.h"
check base "base/$name"
check schema "(base|schema)/$name|schema/($own)"
check copy "(base|copy)/$name|schema/model\.h"
check engine "(base|schema|copy|engine)/$name|engine/($own)"
# The command is one client of the public interface.
check cli "(base|cli)/$name|engine/pgzm\.h|cli/($own)"
check bench "(base|schema|copy|engine|cli|bench)/$name"
exit $result
