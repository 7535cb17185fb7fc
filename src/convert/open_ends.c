#include <errno.h>
#include <stdio.h>

#include "base/move.h"
#include "configure.h"

/*
 * libxl, at the other end, crashes if the first bytes of the stream never come. From now on they
 * are written even after a failure, unless an envelope is found, whose head comes first.
 */
static void note_start_due(struct conversion *c)
{
    if (c->options->format != CONVERT_FORMAT_LIBXL || c->options->need_xl ||
        !out_file_is_straight(&c->out_file) || S_ISREG(c->out_file.st.st_mode))
        return;
    c->cleanup->start_fd = c->out_file.fd;
    c->cleanup->start_due = c->out_file.fd >= 0;
}

/* The output is as long as the input but for some headers. */
static uint64_t expected_size(const struct conversion *c)
{
    uint64_t size = (uint64_t)c->in_file.st.st_size;

    if (out_file_is_straight(&c->out_file) || !in_file_is_regular(&c->in_file) ||
        size < c->in_file.start || c->options->compact)
        return 0;
    return size - c->in_file.start;
}

static bool not_regular(const struct conversion *c, struct cls_error *err)
{
    return cls_fail(err, CLS_USAGE, "--replace needs a regular file, but %s is not one",
                    c->out_name);
}

static bool resolve_named(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;

    convert_display_name(o->out, false, c->out_name, sizeof(c->out_name));
    if (!out_file_resolve(&c->out_file, o->out, c->out_name, o->no_clobber, c->cleanup, err))
        return false;
    note_start_due(c);
    if (o->sparse && out_file_is_straight(&c->out_file))
        return cls_fail(err, CLS_USAGE, "--sparse needs a named regular file as output, not %s",
                        c->out_name);
    /* Before the input is opened: a FIFO would be waited for. */
    if (o->replace && out_file_is_straight(&c->out_file))
        return not_regular(c, err);
    return in_file_open(&c->in_file, o->in, err);
}

static bool resolve_open(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;

    snprintf(c->out_name, sizeof(c->out_name), "%s", o->out);
    return in_file_take(&c->in_file, o->ends->in_fd, !o->copy, o->in, err) &&
           out_file_resolve_at(&c->out_file, o->ends->out_dir, o->ends->out_name, c->out_name,
                               o->no_clobber, c->cleanup, err);
}

static void keep(struct conversion *c, const char *why)
{
    (void)cls_fail(&c->irreplaceable, CLS_USAGE, "%s %s (--force replaces it)", c->in_file.name,
                   why);
}

/* Notes why the input must not be replaced. That is an error only if the input is a save. */
static bool look_before_replacing(struct conversion *c, struct cls_error *err)
{
    const struct stat *st = &c->in_file.st;

    if (!S_ISREG(st->st_mode) || !out_file_is(&c->out_file, st))
        return not_regular(c, err);
    c->out_file.replaces = true;
    c->out_file.st = *st; /* as it was before anything was read */
    if (c->options->force)
        return true;
    if (in_file_is_compressed(&c->in_file))
        keep(c, "is compressed, but the converted save would not be");
    else if (st->st_nlink > 1)
        keep(c, "has other hard links, which would keep the old content");
    else if (!(st->st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)))
        keep(c, "is read-only");
    return true;
}

bool open_ends(struct conversion *c, struct cls_watch *watch, struct cls_error *err)
{
    const struct convert_options *o = c->options;
    struct cls_move_options move = {.sparse = o->sparse, .durable = !o->no_sync};

    if (!(o->ends ? resolve_open(c, err) : resolve_named(c, err)))
        return false;
    if (o->replace && !look_before_replacing(c, err))
        return false;
    if (!o->replace && out_file_is(&c->out_file, &c->in_file.st))
        return cls_fail(err, CLS_USAGE, "input and output are the same file: %s and %s",
                        c->in_file.name, c->out_name);
    if (o->compact && !in_file_is_regular(&c->in_file))
        return cls_fail(err, CLS_USAGE,
                        "--compact needs a regular file as input, but %s is not one",
                        c->in_file.name);
    if (o->verify && !read_back_prepare(c, err))
        return false;
    if (in_file_is_compressed(&c->in_file) && !o->copy && !out_file_is_straight(&c->out_file) &&
        !in_file_prepare_again(&c->in_file, err)) /* see leave_out_given_back() */
        return false;
    if (!out_file_open(&c->out_file, err))
        return false;
    source_open_spools(&c->spools, o, &c->in_file);
    if (o->copy && !c->out_file.exists && fchmod(c->out_file.fd, c->in_file.st.st_mode & 0777) != 0)
        return cls_fail_errno(err, errno, "cannot set the mode of %s", c->out_name);
    note_start_due(c);
    if (!configure_open(c, err))
        return false;
    in_file_begin(&c->in_file, &c->in, o->max_input, watch);
    cls_output_init(&c->out, c->out_file.fd, c->out_name, watch);
    move.expected = expected_size(c);
    cls_move_prepare(&c->in, &c->out, &move, c->log);
    return true;
}

void close_ends(struct conversion *c)
{
    cls_input_release(&c->in);
    cls_output_release(&c->out);
    envelope_free(&c->envelope);
    source_close_spools(&c->spools);
    pfn_set_free(&c->given_back);
    in_file_close(&c->in_file);
    out_file_close(&c->out_file);
    repaired_release(&c->repaired);
    configure_end(c);
}
