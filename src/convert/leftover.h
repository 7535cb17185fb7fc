#ifndef CONVERT_LEFTOVER_H
#define CONVERT_LEFTOVER_H

#include "legacy/reader.h"

/* The bytes behind a stream. */
struct leftover {
    uint64_t size;
    bool is_data; /* not all of them are zeros, as what dd and tapes pad files with */
    bool more;    /* there are more, that were not looked at */
};

void leftover_add(struct leftover *left, const uint8_t *bytes, size_t n);

/*
 * Fails where there is data, and names the way to convert without it; padding gets a warning. in
 * stands at the end of the stream.
 */
bool leftover_judge(const struct leftover *left, const struct cls_input *in, const char *way_out,
                    const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * After reader, with these options, came to the end of its stream in in: where that is a regular
 * file that is ours as a whole (by_name), as leftover_judge(). A further checkpoint, which was not
 * wanted then, gets a warning. Reads without moving the fd. Nothing is looked at in other inputs,
 * behind a stream within a container or with a qemu record that is left for others, and behind an
 * incomplete checkpoint that was dropped.
 */
bool leftover_check(struct cls_input *in, const struct legacy_reader *reader,
                    const struct legacy_options *options, bool by_name, const struct cls_log *log,
                    struct cls_error *err) CLS_MUST_CHECK;

#endif
