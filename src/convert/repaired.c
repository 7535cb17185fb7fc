#include "repaired.h"

void repaired_init(struct repaired *repaired, const struct convert_options *options)
{
    *repaired = (struct repaired){0};
    repair_init(&repaired->repair, &options->repair, &options->host);
    limits_facts_init(&repaired->facts);
}

void repaired_release(struct repaired *repaired)
{
    limits_hold_free(&repaired->hold);
}

static bool repair_held(struct repaired *m, struct image_item *item, struct cls_error *err)
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

bool repaired_next(struct repaired *m, struct legacy_reader *reader, struct image_item *item,
                   struct cls_error *err)
{
    if (m->has_pending) {
        *item = m->pending;
        m->has_pending = false;
    } else if (!legacy_reader_next(reader, item, err) || !repair_held(m, item, err)) {
        return false;
    }
    limits_facts_item(&m->facts, item);
    return true;
}
