#include "convert/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "base/sandbox.h"
#include "configure.h"

/* Async-signal-safe. Errors are ignored: the process is about to exit. */
static void write_due_start(struct convert_cleanup *cleanup)
{
    uint8_t start[V2_LIBXL_START];
    ssize_t ignored;

    if (!cleanup->start_due)
        return;
    cleanup->start_due = 0;
    v2_libxl_start(start);
    ignored = write(cleanup->start_fd, start, sizeof(start));
    (void)ignored;
}

bool convert_abandon(struct convert_cleanup *cleanup)
{
    const struct convert_cleanup *also = cleanup->also;

    if (cleanup->committed)
        return false;
    if (cleanup->child) {
        kill(cleanup->child, SIGKILL);
        (void)waitpid(cleanup->child, NULL, 0);
    }
    if (cleanup->has_file)
        unlinkat(cleanup->dir_fd, cleanup->file, 0);
    if (also && also->has_file)
        unlinkat(also->dir_fd, also->file, 0);
    write_due_start(cleanup);
    return true;
}

/* From here on the input can reach no file but the open ones, even if it takes the process over. */
static bool enter_sandbox(const struct conversion *c, struct cls_error *err)
{
    const int also[] = {c->out_file.fd,     c->out.own[0],      c->out.own[1], c->config.fd,
                        c->spools.store.fd, c->spools.spool.fd, c->keep_fd};

    return c->options->no_sandbox ||
           source_enter_sandbox(&c->in_file, !c->is_apart, also, sizeof(also) / sizeof(also[0]),
                                c->log, err);
}

/*
 * Only the end of the stream lists the pages that the guest gave back while it was saved. Where the
 * input can be read twice, and the output is a file without a name yet, the conversion is run once
 * more without them.
 */
static bool leave_out_given_back(struct conversion *c, struct cls_error *err)
{
    if (c->given_back.count == 0)
        return true;
    if (!in_file_can_go_back(&c->in_file) || out_file_is_straight(&c->out_file)) {
        cls_warn(c->log,
                 "pages that the guest released during the save remain in the new save: %" PRIu64
                 " (a conversion from file to file omits them)",
                 c->given_back.count);
        pfn_set_free(&c->given_back);
        return true;
    }
    cls_info(c->log, "converting again without pages that the guest released: %" PRIu64,
             c->given_back.count);
    if (ftruncate(c->out_file.fd, (off_t)c->out.file_start) != 0)
        return cls_fail_errno(err, errno, "cannot write %s", c->out_name);
    return run_again(c, false, err);
}

/* All that the input may take over: up to the last byte of the output, which has no name yet. */
static bool work(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;
    bool ok = envelope_prepare(&c->in, err) && configure_prepare(c, err) && enter_sandbox(c, err) &&
              run(c, err);

    ok =
        in_file_look_behind(&c->in_file, &c->in,
                            envelope_is_delimited(&c->envelope) || c->skip_rest, ok, c->log, err) &&
        leave_out_given_back(c, err) && (!o->verify || read_back(c, err)) &&
        configure_write(c, err);
    if (!ok)
        write_due_start(c->cleanup);
    c->facts.spool_missed = c->spools.store.missed && o->ends && o->ends->no_spool;
    return ok;
}

static bool is_to_be_named(const struct conversion *c)
{
    return !out_file_is_straight(&c->out_file) ||
           (c->options->write_config && !out_file_is_straight(&c->config));
}

static bool run_hook(const struct conversion *c, struct cls_error *err)
{
    const struct convert_hook *hook = c->options->hook;

    return !hook ||
           hook->before_commit(hook->ctx, c->in_file.raw, c->out_file.fd, c->out.offset, err);
}

/* After the last byte: names both files, or neither. Nothing is parsed here. */
static bool commit(struct conversion *c, struct cls_error *err)
{
    struct out_file *config = c->options->write_config ? &c->config : NULL;

    return run_hook(c, err) && in_file_is_unchanged(&c->in_file, err) &&
           out_file_commit(&c->out_file, config, !c->options->no_sync, err);
}

bool convert_stream(const struct convert_options *options, const struct cls_log *log,
                    struct cls_watch *watch, struct convert_cleanup *cleanup,
                    struct convert_facts *facts, struct cls_error *err)
{
    struct conversion *c = calloc(1, sizeof(*c));
    bool ok;

    if (!c)
        return cls_fail_errno(err, ENOMEM, "cannot start");
    c->options = options;
    c->log = log;
    c->cleanup = cleanup;
    c->keep_fd = options->keep_fd;
    c->in_file = IN_FILE_NONE;
    c->out_file.fd = c->out_file.dir_fd = c->config.fd = c->config.dir_fd = -1;
    cls_output_init(&c->out, -1, NULL, NULL);
    ok = open_ends(c, watch, err);
    if (ok) {
        ok = is_to_be_named(c) && sandbox_is_built() && !options->no_sandbox
                 ? apart_run(c, work, watch, err)
                 : work(c, err);
        ok = in_file_finish(&c->in_file, c->in.offset, ok, err) && commit(c, err);
        if (c->in_file.runs[0].failed && c->facts.input == CONVERT_INPUT_OTHER)
            c->facts.input = CONVERT_INPUT_UNREADABLE;
    }
    if (!ok)
        write_due_start(cleanup);
    if (c->in.offset > c->in_file.start)
        c->facts.bytes_in = c->in.offset - c->in_file.start;
    c->facts.bytes_out = c->out.offset;
    c->facts.name_taken = c->out_file.name_taken;
    if (facts)
        *facts = c->facts;
    close_ends(c);
    free(c);
    return ok;
}
