#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pool_log(const struct pool *pool, const char *path, enum cls_log_level level, const char *text)
{
    struct messages messages = *pool->messages;
    char *name;

    if (asprintf(&name, "%s/%s", pool->place.in_label, path) < 0)
        return;
    messages.subject = name;
    messages_log(&messages, level, text);
    free(name);
}

static void print_failure(const struct pool *pool, const struct row *row)
{
    struct messages messages = *pool->messages;
    char *name;

    if (asprintf(&name, "%s/%s", pool->place.in_label, row->path) < 0)
        return;
    messages.subject = name;
    messages_error(&messages, row->why);
    free(name);
}

/*
 * The path is copied instead of moved: freed parts of the list would be consolidated again by the
 * allocator of each process that is forked later.
 */
bool pool_report(struct pool *pool, const char *path, struct row *row, struct cls_error *err)
{
    row->path = strdup(path);
    if (!row->path)
        return cls_fail_errno(err, ENOMEM, "cannot report on the files");
    if (row->why && row->result >= ROW_UNREADABLE)
        print_failure(pool, row);
    else if (row->why)
        pool_log(pool, row->path, CLS_LOG_INFO, row->why->reason);
    return reports_add(pool->reports, row, err);
}
