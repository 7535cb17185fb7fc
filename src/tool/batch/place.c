#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void place_begin(struct place *place)
{
    place->in = (struct tree){.root = place->in_root, .fd = -1};
    place->out = (struct tree){.root = place->out_root, .fd = -1};
    place->dir = NULL;
    place->in_dir = place->out_dir = -1;
}

void place_free(struct place *place)
{
    tree_free(&place->in);
    tree_free(&place->out);
    free(place->dir);
    place->dir = NULL;
    place->in_dir = place->out_dir = -1;
}

static bool is_current(const struct place *place, const char *path, size_t len)
{
    return place->dir && strlen(place->dir) == len && memcmp(place->dir, path, len) == 0;
}

bool place_too_deep(const struct place *place, const char *path, struct cls_error *err)
{
    return tree_is_too_deep(path) &&
           !cls_fail(err, CLS_USAGE, "more than %d directory levels, skipped: %s/%s",
                     TREE_DEPTH_MAX, place->in_label, path);
}

static bool fail_open(const struct place *place, struct cls_error *err)
{
    cls_fail_errno(err, errno, "cannot open %s/%s", place->in_label, place->dir);
    (void)place_too_deep(place, place->dir, err);
    return false;
}

bool place_enter(struct place *place, const char *path, bool reopen, const char **name,
                 struct cls_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    bool ok;

    *name = slash ? slash + 1 : path;
    if (is_current(place, path, len) && !reopen)
        return true;
    free(place->dir);
    place->dir = strndup(path, len);
    if (!place->dir)
        return cls_fail_errno(err, ENOMEM, "cannot open a directory");
    place->in_dir = tree_enter(&place->in, place->dir, NULL);
    place->out_dir = place->in_dir < 0 ? -1 : tree_enter(&place->out, place->dir, NULL);
    ok = place->in_dir >= 0 || fail_open(place, err);
    if (!ok) {
        free(place->dir);
        place->dir = NULL;
    }
    return ok;
}

bool place_make(struct place *place, struct cls_error *err)
{
    struct stat st;
    mode_t mode = 0700;
    bool name_taken;

    if (place->out_dir >= 0)
        return true;
    /* Users who cannot read the input directory must not be able to read the output directory. */
    if (fstat(place->in_dir, &st) == 0)
        mode |= st.st_mode & 0777;
    place->out_dir = tree_enter(&place->out, place->dir,
                                &(struct tree_mkdir){.mode = mode, .sync = place->sync});
    if (place->out_dir >= 0)
        return true;
    name_taken = errno == ENOTDIR || errno == ELOOP;
    cls_fail_errno(err, errno, "cannot make the directory %s/%s", place->out_label, place->dir);
    if (name_taken)
        err->status = CLS_USAGE; /* like a directory in place of an output file */
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
