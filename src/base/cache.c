#include "cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#define WINDOW  ((uint64_t)64 * 1024 * 1024)
#define SAMPLES 8

/* An output below this share of the memory stays in the cache, for the restore that follows. */
#define LARGE_SHARE 4

static uint64_t memory_size(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
}

/*
 * Is most of the next window in the cache? Half of the samples must be: the first ones may be there
 * because of read-ahead.
 */
static bool is_cached(int fd, uint64_t start)
{
    uint64_t step = WINDOW / SAMPLES;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *map =
        mmap(NULL, WINDOW, PROT_READ, MAP_SHARED, fd, (off_t)(start - start % page));
    unsigned char resident = 1;
    int cached = 0;

    if (map == MAP_FAILED)
        return true;
    for (uint64_t at = step / 2; at < WINDOW; at += step)
        if (mincore(map + at - at % page, page, &resident) != 0 || (resident & 1))
            cached++;
    munmap(map, WINDOW);
    return cached > SAMPLES / 2;
}

static void begin_input_window(struct cls_input *in)
{
    in->window.start = in->offset;
    in->window.end = in->offset + WINDOW;
    in->window.keep = is_cached(in->fd, in->offset);
}

void cache_prepare(struct cls_input *in, struct cls_output *out, bool durable)
{
    struct stat st;

    if (in->is_regular && fd_stat(in->fd, &st) == 0 && (uint64_t)st.st_size > in->offset + WINDOW)
        begin_input_window(in);
    out->window = (struct cls_window){.start = out->offset, .end = UINT64_MAX, .keep = durable};
    if (fd_stat(out->fd, &st) == 0 && S_ISREG(st.st_mode))
        out->window.end = out->offset + WINDOW;
}

static void drop_input(struct cls_input *in)
{
    const struct cls_window *w = &in->window;

    if (in->offset < w->end)
        return;
    if (!w->keep)
        (void)posix_fadvise(in->fd, (off_t)w->start, (off_t)(in->offset - w->start),
                            POSIX_FADV_DONTNEED);
    begin_input_window(in);
}

/* Each window is written back when it is complete, and dropped when the next one is. */
static void drop_output(struct cls_output *out)
{
    struct cls_window *w = &out->window;
    off_t first = (off_t)out->file_start, before = (off_t)w->start;
    bool large;

    if (out->offset < w->end)
        return;
    large = out->offset > memory_size() / LARGE_SHARE;
    if (large || w->keep)
        (void)sync_file_range(out->fd, first + before, (off_t)out->offset - before,
                              SYNC_FILE_RANGE_WRITE);
    if (large) {
        (void)sync_file_range(out->fd, first, before,
                              SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                  SYNC_FILE_RANGE_WAIT_AFTER);
        (void)posix_fadvise(out->fd, first, before, POSIX_FADV_DONTNEED);
    }
    w->start = out->offset;
    w->end = out->offset + WINDOW;
}

void cache_drop(struct cls_input *in, struct cls_output *out)
{
    drop_input(in);
    drop_output(out);
}
