#include "measure.h"

#include <errno.h>
#include <stdlib.h>

#include "base/page_type.h"
#include "base/pfn_set.h"
#include "legacy/reader.h"
#include "repaired.h"

struct measuring {
    struct repaired repaired;
    struct pfn_set pfns;
};

/* Counts the pages that a restore populates. */
static void count_pages(struct measuring *m, const struct image_pages *pages)
{
    for (uint32_t i = 0; i < pages->count; i++) {
        unsigned type = pages->entries[i] >> 28;

        if (type != PFINFO_XTAB && type != PFINFO_BROKEN)
            (void)pfn_set_add(&m->pfns, pages->entries[i] & 0x0fffffff);
    }
    m->repaired.facts.populated = m->pfns.count;
}

static bool take_items(struct measuring *m, struct legacy_reader *reader, struct cls_error *err)
{
    struct image_item item;

    do {
        if (!repaired_next(&m->repaired, reader, &item, err))
            return false;
        if (item.kind == IMAGE_PAGES)
            count_pages(m, &item.pages);
    } while (item.kind != IMAGE_END);
    return !m->pfns.no_memory || cls_fail_errno(err, ENOMEM, "cannot note which pages were seen");
}

bool measure(struct conversion *c, struct limits_facts *facts, struct cls_error *err)
{
    struct legacy_kind given = {c->options->width, c->options->guest}, kind = {0};
    struct cls_watch *watch = c->in.watch;
    struct measuring m = {0};
    struct legacy_reader *reader = NULL;
    struct legacy_options options;
    uint64_t start = c->in.offset;
    bool ok;

    repaired_init(&m.repaired, c->options);
    ok = source_kind(&c->in, &given, &c->envelope, NULL, &kind, err);
    if (ok) {
        c->in.watch = NULL; /* the progress is that of the conversion */
        options = source_reader(c->options, &c->in_file, &c->envelope, &kind, true, &c->spools);
        options.compact = false;
        reader = legacy_reader_new(&c->in, &options, NULL, err);
        ok = reader && take_items(&m, reader, err);
        legacy_reader_free(reader);
        c->in.watch = watch;
    }
    *facts = m.repaired.facts;
    repaired_release(&m.repaired);
    pfn_set_free(&m.pfns);
    return ok && cls_input_seek(&c->in, start, err);
}
