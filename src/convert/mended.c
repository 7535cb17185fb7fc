#include "mended.h"

void mended_init(struct mended *mended, const struct convert_options *options)
{
    *mended = (struct mended){0};
    repair_init(&mended->repair, &options->repair, &options->host);
    limits_facts_init(&mended->facts);
}

void mended_release(struct mended *mended)
{
    limits_hold_free(&mended->hold);
}

static bool mend(struct mended *m, struct image_item *item, struct cls_error *err)
{
    struct image_item before;
    bool has_before;

    if (!limits_hold(&m->hold, item, err) ||
        !repair_item(&m->repair, &m->hold, item, &before, &has_before, err))
        return false;
    if (has_before) {
        m->pending = *item;
        m->has_pending = true;
        *item = before;
    }
    return true;
}

bool mended_next(struct mended *m, struct legacy_reader *reader, struct image_item *item,
                 struct cls_error *err)
{
    if (m->has_pending) {
        *item = m->pending;
        m->has_pending = false;
    } else if (!legacy_reader_next(reader, item, err) || !mend(m, item, err)) {
        return false;
    }
    limits_facts_item(&m->facts, item);
    return true;
}
