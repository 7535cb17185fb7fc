#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct making {
    bool wanted, sync;
    mode_t mode;
};

static int open_next(int dir, const char *name, const struct making *making)
{
    int fd = openat(dir, name, DIRECTORY);

    if (fd >= 0 || errno != ENOENT || !making->wanted)
        return fd;
    if (mkdirat(dir, name, making->mode) != 0 && errno != EEXIST)
        return -1;
    if (making->sync && fsync(dir) != 0 && errno != EINVAL)
        return -1;
    return openat(dir, name, DIRECTORY);
}

static int descend(int root, const char *path, const struct making *making)
{
    int fd = openat(root, ".", DIRECTORY);
    char name[NAME_MAX + 1];

    while (fd >= 0 && *path) {
        size_t len = strcspn(path, "/");
        int next = -1, errnum;

        errno = ENAMETOOLONG;
        if (len < sizeof(name)) {
            memcpy(name, path, len);
            name[len] = '\0';
            next = open_next(fd, name, making);
        }
        errnum = errno;
        close(fd);
        errno = errnum;
        fd = next;
        path += len + (path[len] == '/');
    }
    return fd;
}

int open_beneath(int root, const char *path)
{
    return descend(root, path, &(struct making){.wanted = false});
}

int make_beneath(int root, const char *path, unsigned mode, bool sync)
{
    return descend(root, path, &(struct making){.wanted = true, .sync = sync, .mode = mode});
}
