#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beneath.h"

void place_leave(struct place *place)
{
    if (place->in_dir >= 0)
        close(place->in_dir);
    if (place->out_dir >= 0)
        close(place->out_dir);
    free(place->dir);
    place->dir = NULL;
    place->in_dir = place->out_dir = -1;
}

static bool is_here(const struct place *place, const char *path, size_t len)
{
    return place->dir && strlen(place->dir) == len && memcmp(place->dir, path, len) == 0;
}

bool place_enter(struct place *place, const char *path, const char **name, struct cls_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    *name = slash ? slash + 1 : path;
    if (is_here(place, path, len))
        return true;
    place_leave(place);
    place->dir = strndup(path, len);
    if (!place->dir)
        return cls_fail_errno(err, ENOMEM, "cannot open a directory");
    place->in_dir = open_beneath(place->in_root, place->dir);
    if (place->in_dir < 0) {
        cls_fail_errno(err, errno, "cannot open %s/%s", place->in_label, place->dir);
        place_leave(place);
        return false;
    }
    place->out_dir = open_beneath(place->out_root, place->dir);
    return true;
}

bool place_make(struct place *place, struct cls_error *err)
{
    struct stat st;
    mode_t mode = 0700;
    bool in_the_way;

    if (place->out_dir >= 0)
        return true;
    /* Who may not look into the old directory may not look into the new one. */
    if (fstat(place->in_dir, &st) == 0)
        mode |= st.st_mode & 0777;
    place->out_dir = make_beneath(place->out_root, place->dir, mode, place->sync);
    if (place->out_dir >= 0)
        return true;
    in_the_way = errno == ENOTDIR || errno == ELOOP;
    cls_fail_errno(err, errno, "cannot make the directory %s/%s", place->out_label, place->dir);
    if (in_the_way)
        err->status = CLS_USAGE; /* as a name in the way of a file */
    return false;
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

bool place_is_up_to_date(const struct place *place, const char *name, const struct stat *in)
{
    struct stat out;

    return place->out_dir >= 0 && fstatat(place->out_dir, name, &out, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(out.st_mode) && !is_older(&out.st_mtim, &in->st_mtim);
}
