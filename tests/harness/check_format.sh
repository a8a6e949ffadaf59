#!/bin/sh
# Fails when clang-format would change a file, and says which lines.
#     sh tests/harness/check_format.sh TOP
cd "$1" || exit 1
find base schema copy engine cli bench tests \( -name '*.c' -o -name '*.h' \) -type f | sort |
    xargs clang-format --dry-run --Werror
