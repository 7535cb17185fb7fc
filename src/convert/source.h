/*
 * What a conversion and an inspection have in common on their way to the stream.
 */
#ifndef CONVERT_SOURCE_H
#define CONVERT_SOURCE_H

#include "convert/convert.h"
#include "convert/in_file.h"
#include "envelope/envelope.h"
#include "legacy/detect.h"
#include "legacy/reader.h"
#include "v2/verify.h"

/* Does libxl's format follow from the options and the envelope? Else it is libxc's. */
bool source_is_libxl(const struct convert_options *options, const struct envelope *envelope);

/* How far beyond the first tail may be read? */
enum legacy_checkpoints source_checkpoints(const struct convert_options *options,
                                           const struct in_file *file,
                                           const struct envelope *envelope);

/* What the legacy reader may put aside: opened while files can be; mostly never used. */
struct source_spools {
    struct spool store, spool;
};

void source_open_spools(struct source_spools *spools, const struct convert_options *options,
                        const struct in_file *file);
void source_close_spools(struct source_spools *spools);

/* How a stream of this kind is to be read towards libxl's, or libxc's, format. */
struct legacy_options source_reader(const struct convert_options *options,
                                    const struct in_file *file, const struct envelope *envelope,
                                    const struct legacy_kind *kind, bool libxl,
                                    struct source_spools *spools);

/*
 * From here on, whatever the input does to this process, it gets at no file but the input's and the
 * n in also (at most 8). finishes: in_file_finish() and in_file_is_unchanged() are to be called.
 */
bool source_enter_sandbox(const struct in_file *file, bool finishes, const int *also, size_t n,
                          const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/* How far is the v2 stream IN ours? Who passes a number goes on reading there, as XAPI's
 * suspend-image-viewer does. */
enum v2_extent source_extent(const char *in);

/* An envelope must say what is inside, or its toolstack does the wrong thing with it. */
bool source_check_v2(struct cls_input *in, const struct envelope *envelope, enum v2_stream stream,
                     struct cls_error *err) CLS_MUST_CHECK;

/*
 * Width and guest type of the legacy stream at which in stands, of which nothing is consumed: from
 * its structure, from what the caller was told (0 and GUEST_UNKNOWN: nothing), and from what its
 * envelope says of the guest. Fails, and says what it is, where it is no legacy stream; and where
 * the envelope's word contradicts the stream and the caller doesn't say who is right.
 */
bool source_kind(struct cls_input *in, const struct legacy_kind *told,
                 const struct envelope *envelope, const struct cls_log *log,
                 struct legacy_kind *kind, struct cls_error *err) CLS_MUST_CHECK;

#endif
