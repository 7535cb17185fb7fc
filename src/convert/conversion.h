/*
 * The state of a conversion.
 */
#ifndef CONVERT_CONVERSION_H
#define CONVERT_CONVERSION_H

#include "base/move.h"
#include "config/text.h"
#include "convert/convert.h"
#include "convert/in_file.h"
#include "convert/out_file.h"
#include "envelope/envelope.h"
#include "repaired.h"
#include "source.h"
#include "v2/writer.h"

#define NAME_SHOWN 256

/* The configurations that a conversion writes; made once. */
struct configuration {
    bool made;
    struct config_text written; /* by --write-config */
    struct config_text carried; /* in the new header; no bytes: that of the old one, if any */
    bool carried_json;
};

struct conversion {
    const struct convert_options *options;
    const struct cls_log *log;
    struct convert_cleanup *cleanup;
    struct in_file in_file;
    struct out_file out_file;
    struct source_spools spools;
    struct out_file config; /* of --write-config */
    struct convert_cleanup config_cleanup;
    struct config_text given; /* by --config FILE */
    struct configuration configuration;
    struct envelope envelope;
    bool skip_rest;            /* what follows the stream is not part of the save */
    struct pfn_set given_back; /* pages that the guest gave back; once known they are left out */
    struct cls_input in;
    struct cls_output out;
    struct repaired repaired;
    struct v2_writer writer;
    struct legacy_options reader;
    bool relabelled;
    bool is_apart; /* this is the child process, which only parses */
    int keep_fd;   /* stays open in the sandbox; 0: none */
    struct convert_facts facts;
    struct cls_error irreplaceable; /* why a save must not be replaced; status CLS_OK: it may be */
    char out_name[NAME_SHOWN], config_name[NAME_SHOWN];
};

/* Opens both ends; close with close_ends(), also after a failure. */
bool open_ends(struct conversion *c, struct cls_watch *watch, struct cls_error *err) CLS_MUST_CHECK;
void close_ends(struct conversion *c);

/*
 * run.c: reads the whole save and writes the whole new one. Both ends are open and at the start;
 * the library that the envelope needs is loaded. Fills facts, envelope, reader and writer.
 */
bool run(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Seeks both ends back to the start and runs the conversion once more, without logging. compare:
 * with an output that compares. Data behind the stream is not checked again.
 */
bool run_again(struct conversion *c, bool compare, struct cls_error *err) CLS_MUST_CHECK;

/*
 * For --verify, before anything is read and the sandbox is entered: a compressed input needs a
 * second decompressor. CLS_USAGE where one of the two ends cannot be read again.
 */
bool read_back_prepare(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/*
 * After a successful run(): syncs the output (unless --no-sync) and drops it from the page cache,
 * verifies it, and runs the conversion once more with an output that compares. Both fds are behind
 * the stream afterwards, as before. Errors are CLS_SYSTEM: the input was sound before, so that it
 * changed, a disk or memory is faulty, or this program is.
 */
bool read_back(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

#endif
