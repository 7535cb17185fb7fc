#include "path_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool path_list_add(struct path_list *list, char *path, const struct shard *shard,
                   struct cls_error *err)
{
    char **grown;

    if (!path)
        return cls_fail_errno(err, ENOMEM, "cannot list the files");
    if (!shard_has(shard, path)) {
        free(path);
        return true;
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 1024;
        grown = reallocarray(list->paths, list->capacity, sizeof(*grown));
        if (!grown) {
            free(path);
            return cls_fail_errno(err, ENOMEM, "cannot list the files");
        }
        list->paths = grown;
    }
    list->paths[list->count++] = path;
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void path_list_sort(struct path_list *list)
{
    size_t unique = 0;

    if (list->count > 0)
        qsort(list->paths, list->count, sizeof(*list->paths), compare);
    for (size_t i = 0; i < list->count; i++) {
        if (unique > 0 && strcmp(list->paths[unique - 1], list->paths[i]) == 0)
            free(list->paths[i]);
        else
            list->paths[unique++] = list->paths[i];
    }
    list->count = unique;
}

void path_list_free(struct path_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (struct path_list){0};
}

/*
 * Normalises a path ("./a//b" to "a/b"). Returns NULL if it is empty, absolute or contains "..".
 * To be freed.
 */
static char *normalise_path(const char *path)
{
    char *clean = malloc(strlen(path) + 1), *end = clean;

    if (!clean || *path == '/') {
        free(clean);
        return NULL;
    }
    while (*path) {
        size_t len = strcspn(path, "/");

        if (len == 2 && memcmp(path, "..", 2) == 0) {
            free(clean);
            return NULL;
        }
        if (len > 0 && !(len == 1 && *path == '.')) {
            if (end > clean)
                *end++ = '/';
            memcpy(end, path, len);
            end += len;
        }
        path += len + (path[len] == '/');
    }
    *end = '\0';
    if (end == clean) {
        free(clean);
        return NULL;
    }
    return clean;
}

static bool add_listed(struct path_list *list, const char *path, const struct shard *shard,
                       struct cls_error *err)
{
    char *clean;

    if (*path == '\0')
        return true;
    clean = normalise_path(path);
    if (!clean)
        return cls_fail(err, CLS_USAGE, "--files-from: %s is not a path in the input directory",
                        path);
    return path_list_add(list, clean, shard, err);
}

/* Reads the whole file; NULL and errno on failure. The buffer has a spare byte after *len. */
static char *read_file(FILE *in, size_t *len)
{
    size_t size = 0, got;
    char *text = NULL;

    *len = 0;
    do {
        char *grown = realloc(text, (size = 2 * size + 4096));

        if (!grown)
            break;
        text = grown;
        got = fread(text + *len, 1, size - *len - 1, in);
        *len += got;
        if (got < size - (*len - got) - 1 && !ferror(in))
            return text;
    } while (!ferror(in));
    free(text);
    return NULL;
}

bool path_list_read(struct path_list *list, const char *file, const struct shard *shard,
                    struct cls_error *err)
{
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    char *text = NULL, separator;
    size_t len;
    bool ok = true;

    if (in)
        text = read_file(in, &len);
    if (!text)
        cls_fail_errno(err, errno, "cannot read the list %s", file);
    if (in && in != stdin)
        fclose(in);
    if (!text)
        return false;
    separator = memchr(text, '\0', len) ? '\0' : '\n';
    for (char *path = text; ok && path < text + len;) {
        char *end = memchr(path, separator, (size_t)(text + len - path));

        if (!end)
            end = text + len;
        *end = '\0';
        ok = add_listed(list, path, shard, err);
        path = end + 1;
    }
    free(text);
    if (ok)
        path_list_sort(list);
    return ok;
}
