#!/bin/sh
# Installs a build into a temporary folder and uses the library from there as a stranger would: by
# its pkg-config file, from C and C++, shared and static; nothing but pgzm_... is exported.
#     sh tests/harness/check_install.sh BUILD-FOLDER
# With TEST_COMMAND_PLAIN set the build in its folder is taken: one without sanitizers.
set -eu
build=${TEST_COMMAND_PLAIN:+${TEST_COMMAND_PLAIN%/*}}
build=${build:-$1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build" --prefix "$folder" >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$folder" -name libpgzm.pc)")
export PKG_CONFIG_PATH
library=$(pkg-config --variable=libdir libpgzm)
cat >"$folder/use.c" <<'C'
#include <pgzm.h>
#include <stdio.h>

int main(void)
{
    Pgzm *pgzm = pgzm_new();
    PgzmStatus status = pgzm_set(pgzm, PGZM_JOBS, "many");
    printf("%s %d %s\n", pgzm_version(), (int)status, pgzm_error_message(pgzm));
    pgzm_free(pgzm);
    return status == PGZM_USAGE ? 0 : 1;
}
C
cd "$folder"
# shellcheck disable=SC2046 # several words are meant
{
    cc -Wall -Wextra -Werror -o shared use.c $(pkg-config --cflags --libs libpgzm)
    LD_LIBRARY_PATH=$library ./shared
    cc -Wall -Wextra -Werror -o static use.c $(pkg-config --cflags libpgzm) \
        "$library/libpgzm.a" -lpthread -lm \
        $(pkg-config --libs $(sed -n 's/^Requires.private: //p' "$PKG_CONFIG_PATH/libpgzm.pc"))
    ./static
    c++ -Wall -Wextra -Werror -x c++ -o plusplus use.c $(pkg-config --cflags --libs libpgzm)
    LD_LIBRARY_PATH=$library ./plusplus
}
"$folder/bin/pgzm-copy" --version
foreign=$(nm -D --defined-only "$library/libpgzm.so" | awk '{print $3}' |
    grep -v '^pgzm_' || true)
if [ -n "$foreign" ]; then
    printf 'exported besides pgzm_...:\n%s\n' "$foreign"
    exit 1
fi
