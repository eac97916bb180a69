#include "store/die.h"

#include <stdio.h>
#include <unistd.h>

#define EXIT_NOT_OURS 70

void tcn_store_die(const char *why)
{
    char line[512];
    int len = snprintf(line, sizeof line, "tocsin: store: %s; exit %d\n", why, EXIT_NOT_OURS);

    if (len >= (int)sizeof line)
        len = (int)sizeof line - 1;
    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        _exit(EXIT_NOT_OURS);
    _exit(EXIT_NOT_OURS);
}
