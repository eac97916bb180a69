/* A disk in memory under SQLite that loses power when it is told to. It keeps for each file what was synced and the
 * calls since then. After sqlite.org/testing.html, "crash testing": drop, tear and keep what was not synced. */
#ifndef TCN_TESTS_TORTURE_CRASH_DISK_H
#define TCN_TESTS_TORTURE_CRASH_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct crash_plan {
    uint64_t
        at; /* the call (write, sync, truncate, delete) during which power is lost; 0 = never */
    uint64_t seed; /* what becomes of the unsynced */
    bool lies;     /* syncs do nothing: a disk that must be found out */
};

/* Installs the disk as SQLite's default and loads the files of folder whose names begin with stem; what they hold
 * counts as synced. */
void crash_disk_install(const char *folder, const char *stem, const struct crash_plan *plan);
/* Calls counted so far. */
uint64_t crash_disk_calls(void);
/* Power is lost now: writes what is left into the folder. The process must end after it. */
void crash_disk_lose_power(void);
/* Called by the disk at plan.at, after it has written the folder. Does not return. */
extern void (*crash_disk_on_crash)(void);

#endif
