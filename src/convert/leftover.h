#ifndef CONVERT_LEFTOVER_H
#define CONVERT_LEFTOVER_H

#include "legacy/reader.h"

#define LEFTOVER_STEP 65536 /* bytes to read at once */

/* The bytes behind a stream. */
struct leftover {
    uint64_t size;
    bool is_data; /* not all of them are zeros, which dd and tapes pad files with */
    bool more;    /* there are more, which were not read */
};

void leftover_add(struct leftover *left, const uint8_t *bytes, size_t n);

/*
 * Fails if there is data; the message has way_out, which says how to convert without it. Warns of
 * padding. in is at the end of the stream.
 */
bool leftover_judge(const struct leftover *left, const struct cls_input *in, const char *way_out,
                    const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * To be called when reader, which has these options, has read the stream in in to its end. *skip:
 * the rest is not part of the save: behind a stream within a container or an incomplete checkpoint
 * that was dropped, if the qemu record is left in the input, or if a further checkpoint follows,
 * which the options exclude (with a warning). Otherwise checks the rest of a regular file that was
 * opened by name (by_name) as leftover_judge() does, without moving the fd. Does nothing for other
 * inputs; in_file_look_behind() checks those that are compressed.
 */
bool leftover_check(struct cls_input *in, const struct legacy_reader *reader,
                    const struct legacy_options *options, bool by_name, bool *skip,
                    const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

#endif
