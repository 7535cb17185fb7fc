/*
 * Simulates a disk on which fsync() takes 5 ms. To be preloaded:
 *   gcc -shared -fPIC -o slow_fsync.so tests/bench/slow_fsync.c
 *   LD_PRELOAD=./slow_fsync.so convert-legacy-stream -i OLD -o NEW -q [-j 2]
 */
#include <time.h>

int fsync(int fd)
{
    const struct timespec delay = {.tv_nsec = 5000000};

    (void)fd;
    return nanosleep(&delay, NULL);
}
