#include "store/die.h"

#include "sys/log.h"
#include <unistd.h>

#define EXIT_NO_FURTHER 70

/* The one line that a store logs itself: nobody comes to hear of it otherwise. */
void tcn_store_die(const char *why)
{
    tcn_log(TCN_LOG_ERROR, "store", why, "exit", "70", NULL);
    _exit(EXIT_NO_FURTHER);
}
