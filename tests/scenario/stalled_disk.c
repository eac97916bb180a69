/* Loaded before a program (LD_PRELOAD), it makes the disk stall: nothing becomes durable while another process has the lock
 * (flock) of the file that STALLED_DISK names. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

static int gate = -1;

__attribute__((constructor)) static void open_gate(void)
{
    const char *path = getenv("STALLED_DISK");

    if (!path || (gate = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        abort();
}

static void pass(void)
{
    flock(gate, LOCK_SH);
    flock(gate, LOCK_UN);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    pass();
    return (int)syscall(SYS_fsync, fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    pass();
    return (int)syscall(SYS_fdatasync, fd);
}
