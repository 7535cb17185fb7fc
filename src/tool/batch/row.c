#include "row.h"

#include <stdio.h>
#include <stdlib.h>

const char *row_result_name(enum row_result result)
{
    static const char *const names[ROW_RESULTS] = {
        [ROW_CONVERTED] = "converted",   [ROW_UP_TO_DATE] = "up-to-date",
        [ROW_ALREADY_V2] = "already-v2", [ROW_OTHER] = "other",
        [ROW_UNREADABLE] = "unreadable", [ROW_FAILED] = "failed",
    };

    return names[result];
}

const char *row_result_label(enum row_result result)
{
    return result == ROW_UP_TO_DATE   ? "up to date"
           : result == ROW_ALREADY_V2 ? "already v2"
                                      : row_result_name(result);
}

void row_repairs(const struct row *row, char *buf, size_t size)
{
    size_t used = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < LIMITS_REPAIRS && used < size; i++)
        if (row->repaired >> i & 1)
            used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
                                     limits_repair_name(1u << i));
}

void row_explain(struct row *row, const struct cls_error *err)
{
    if (!row->why)
        row->why = malloc(sizeof(*row->why));
    if (row->why)
        *row->why = *err;
}

void row_free(struct row *row)
{
    free(row->path);
    free(row->why);
    row->path = NULL;
    row->why = NULL;
}

void row_totals_add(struct row_totals *totals, const struct row *row)
{
    totals->rows++;
    totals->results[row->result]++;
    totals->copied += row->copied;
    totals->usec += row->usec;
    if (row->result == ROW_FAILED)
        totals->statuses[row->status]++;
    if (row->result != ROW_CONVERTED)
        return;
    if (row->judged)
        totals->verdicts[row->verdict]++;
    totals->bytes_in += row->bytes_in;
    totals->bytes_out += row->bytes_out;
    for (unsigned i = 0; i < 16; i++)
        totals->pages[i] += row->pages[i];
}

enum cls_status row_totals_status(const struct row_totals *totals)
{
    if (totals->statuses[CLS_SYSTEM] > 0)
        return CLS_SYSTEM;
    /* A failure with CLS_USAGE (a name is taken) also counts as CLS_BAD_INPUT. */
    return totals->results[ROW_FAILED] + totals->results[ROW_UNREADABLE] > 0 ? CLS_BAD_INPUT
                                                                             : CLS_OK;
}
