#include "report_reasons.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789abcdefABCDEF"

/* Length of the number at text, in the format "%llu" or "0x%llx"; 0: there is none. */
static size_t number_length(const char *text)
{
    if (text[0] == '0' && text[1] == 'x' && strspn(text + 2, DIGITS) > 0)
        return 2 + strspn(text + 2, DIGITS);
    return strspn(text, "0123456789");
}

static char *replace_numbers(const struct cls_error *why)
{
    char text[sizeof(why->place) + sizeof(why->reason) + 2], *out, *end;

    snprintf(text, sizeof(text), "%s%s%s", why->place, *why->place ? ": " : "", why->reason);
    out = end = malloc(strlen(text) + 1);
    for (const char *from = text; out && *from;) {
        size_t n = number_length(from);
        bool inside = from > text && isalnum((unsigned char)from[-1]);

        if (n > 0 && !inside) {
            *end++ = 'N';
            from += n;
        } else {
            *end++ = *from++;
        }
    }
    if (out)
        *end = '\0';
    return out;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct reason *)a)->text, ((const struct reason *)b)->text);
}

static int by_files(const void *a, const void *b)
{
    const struct reason *x = a, *y = b;

    return x->files != y->files ? (x->files < y->files) - (x->files > y->files) : by_text(a, b);
}

/* Returns a reason for each failed or unreadable row, sorted by text. */
static struct reason *collect(const struct report *report, size_t *count)
{
    struct reason *all = calloc(report->count + 1, sizeof(*all));

    *count = 0;
    for (size_t i = 0; all && i < report->count; i++) {
        const struct row *row = &report->rows[i];
        struct reason *r = &all[*count];

        if (row->result < ROW_UNREADABLE || !row->why)
            continue;
        *r = (struct reason){.text = replace_numbers(row->why), .example = row, .files = 1};
        *count += r->text != NULL;
    }
    if (*count > 0)
        qsort(all, *count, sizeof(*all), by_text);
    return all;
}

size_t report_reasons(const struct report *report, struct reason *reasons, size_t max)
{
    size_t count, kinds = 0;
    struct reason *all = collect(report, &count);

    for (size_t i = 0; i < count; i++) {
        if (kinds > 0 && strcmp(all[kinds - 1].text, all[i].text) == 0) {
            all[kinds - 1].files++;
            free(all[i].text);
        } else {
            all[kinds++] = all[i];
        }
    }
    if (kinds > 0)
        qsort(all, kinds, sizeof(*all), by_files);
    for (size_t i = max; i < kinds; i++)
        free(all[i].text);
    if (kinds > max)
        kinds = max;
    if (kinds > 0)
        memcpy(reasons, all, kinds * sizeof(*all));
    free(all);
    return kinds;
}
