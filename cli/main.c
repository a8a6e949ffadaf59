/* The command pgzm-copy. */
#include "cli/command.h"

#ifdef __GLIBC__
#include <malloc.h>

/* What is large goes back to the system when it is freed: catalogs' answers and models come and go,
 * and each would find no room where the one before it was. glibc raises the bound by itself. */
enum { LARGE_BYTES = 128 << 10 };
#endif

int main(int argc, char **argv)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
    return command_run(argc, argv);
}
