#include "convert/convert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "configure.h"
#include "read_back.h"
#include "run.h"

/* Async-signal-safe. What can't be written now, the reader is beyond caring for. */
static void pay_start(struct convert_cleanup *cleanup)
{
    uint8_t start[V2_LIBXL_START];
    ssize_t ignored;

    if (!cleanup->owes_start)
        return;
    cleanup->owes_start = 0;
    v2_libxl_start(start);
    ignored = write(cleanup->start_fd, start, sizeof(start));
    (void)ignored;
}

bool convert_abandon(struct convert_cleanup *cleanup)
{
    const struct convert_cleanup *also = cleanup->also;

    if (cleanup->committed)
        return false;
    if (cleanup->has_file)
        unlinkat(cleanup->dir_fd, cleanup->file, 0);
    if (also && also->has_file)
        unlinkat(also->dir_fd, also->file, 0);
    pay_start(cleanup);
    return true;
}

/*
 * From here on, whatever the input may do to us, it gets at no file but those that are open. What
 * reading its envelope takes must be loaded before.
 */
static bool enter_sandbox(struct conversion *c, struct cls_error *err)
{
    struct sandbox_place places[2];
    size_t count = 0;

    if (!envelope_prepare(&c->in, err) || !configure_prepare(c, err))
        return false;
    places[count++] = out_file_sandbox(&c->out_file);
    if (c->options->write_config) {
        places[count] = out_file_sandbox(&c->config.file);
        places[count++].may_remove = true; /* should the output get no name */
    }
    return c->options->no_sandbox || sandbox_enter(places, count, c->log, err);
}

static bool run_hook(const struct conversion *c, struct cls_error *err)
{
    const struct convert_hook *hook = c->options->hook;

    return !hook || hook->before_commit(hook->ctx, in_file_raw(&c->in_file), c->out_file.fd,
                                        c->out.offset, err);
}

/* Everything was written: both files get their names, or neither. */
static bool commit(struct conversion *c, struct cls_error *err)
{
    struct out_file *config = c->options->write_config ? &c->config.file : NULL;

    return (!config || config_file_write(&c->config, &c->configuration.written, err)) &&
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
    c->in_file = IN_FILE_NONE;
    c->out_file.fd = c->out_file.dir_fd = c->config.file.fd = c->config.file.dir_fd = -1;
    cls_output_init(&c->out, -1, NULL, NULL);
    ok = open_ends(c, watch, err);
    if (ok) {
        ok = enter_sandbox(c, err) && run(c, err);
        ok = in_file_finish(&c->in_file, &c->in,
                            envelope_is_delimited(&c->envelope) || c->rest_dropped, ok, log, err) &&
             (!options->verify || read_back(c, err)) && run_hook(c, err) &&
             in_file_is_unchanged(&c->in_file, c->in_name, err) && commit(c, err);
        if (c->in_file.decompress.failed && c->facts.input == CONVERT_INPUT_OTHER)
            c->facts.input = CONVERT_INPUT_UNREADABLE;
    }
    if (!ok)
        pay_start(cleanup);
    if (c->in.offset > c->in_file.start)
        c->facts.bytes_in = c->in.offset - c->in_file.start;
    c->facts.bytes_out = c->out.offset;
    c->facts.spool_missed =
        c->spools.store.missed && c->options->ends && c->options->ends->no_spool;
    if (facts)
        *facts = c->facts;
    close_ends(c);
    free(c);
    return ok;
}
