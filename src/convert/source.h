/*
 * The steps before the stream that a conversion and an inspection have in common.
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

/* May, or must, the reader look for further checkpoints behind the first tail? */
enum legacy_checkpoints source_checkpoints(const struct convert_options *options,
                                           const struct in_file *file,
                                           const struct envelope *envelope);

/* Temporary files of the legacy reader; opened before the sandbox, and rarely used. */
struct source_spools {
    struct spool store, spool;
};

void source_open_spools(struct source_spools *spools, const struct convert_options *options,
                        const struct in_file *file);
void source_close_spools(struct source_spools *spools);

/* Options for reading a stream of this kind, for output in libxl's or libxc's format. */
struct legacy_options source_reader(const struct convert_options *options,
                                    const struct in_file *file, const struct envelope *envelope,
                                    const struct legacy_kind *kind, bool libxl,
                                    struct source_spools *spools);

/*
 * Enters the sandbox, where only the input and the n fds in also (at most 8) stay open. finishes:
 * in this process, in_file_finish() and in_file_is_unchanged() will be called.
 */
bool source_enter_sandbox(const struct in_file *file, bool finishes, const int *also, size_t n,
                          const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * How far may a v2 stream be read? An inherited fd is not read beyond END: its owner may read on
 * there, as XAPI's suspend-image-viewer does.
 */
enum v2_extent source_extent(const char *in);

/* Fails where the envelope and the v2 stream in it do not match. */
bool source_check_v2(struct cls_input *in, const struct envelope *envelope, enum v2_stream stream,
                     struct cls_error *err) CLS_MUST_CHECK;

/* Collects the facts of the configuration that an xl header holds, if there is one. */
void source_xl_facts(const struct envelope *envelope, struct limits_facts *facts);

/* Fills the guest type of an xl container from its configuration; text: NULL, or len bytes. */
void source_config_guest(struct envelope *envelope, const char *text, size_t len, bool json);

/*
 * Detects width and guest type of the legacy stream at which in is, and consumes nothing: from its
 * structure, from the user's options (given; 0 and GUEST_UNKNOWN: none), and from the envelope.
 * Fails where it is no legacy stream, and names what it is; and where stream and envelope
 * contradict each other and given does not decide.
 */
bool source_kind(struct cls_input *in, const struct legacy_kind *given,
                 const struct envelope *envelope, const struct cls_log *log,
                 struct legacy_kind *kind, struct cls_error *err) CLS_MUST_CHECK;

#endif
