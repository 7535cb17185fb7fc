#include "conversion.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "convert/verify.h"

bool read_back_prepare(struct conversion *c, struct cls_error *err)
{
    const struct out_file *out = &c->out_file;

    if (out_file_is_straight(out) && !(out->inherited && S_ISREG(out->st.st_mode)))
        return cls_fail(err, CLS_USAGE, "--verify reads the output again, but %s is not a file",
                        out->display);
    if (out->inherited && (fcntl(out->fd, F_GETFL) & O_ACCMODE) != O_RDWR)
        return cls_fail(err, CLS_USAGE,
                        "--verify reads the output again, but %s is open for writing only",
                        out->display);
    return in_file_prepare_again(&c->in_file, err);
}

/*
 * Turns an error about the content of an end, which was sound when it was read before, into one of
 * the system. Always returns false.
 */
static bool blame(const char *name, struct cls_error *err)
{
    struct cls_error e = *err;

    if (!e.about_input)
        return false;
    return cls_fail(err, CLS_SYSTEM, "%s, read again: byte 0x%" PRIx64 ": %s: %s", name, e.offset,
                    e.place, e.reason);
}

/* Drops the output from the page cache, so that it is read from the disk. */
static bool forget_cached(const struct conversion *c, struct cls_error *err)
{
    if (c->options->no_sync)
        return true;
    if (fsync(c->out_file.fd) != 0)
        return cls_fail_errno(err, errno, "cannot sync %s", c->out_name);
    (void)posix_fadvise(c->out_file.fd, 0, 0, POSIX_FADV_DONTNEED);
    return true;
}

/* Verifies the new stream. A copy may be any file. */
static bool verify(const struct conversion *c, struct cls_error *err)
{
    uint64_t start = c->out.file_start;
    struct envelope envelope = {0};
    struct v2_summary summary;
    struct cls_input in;
    bool ok;

    if (c->options->copy)
        return true;
    cls_input_init_at(&in, c->out_file.fd, c->out_name, start, NULL);
    ok = verify_input(&in, VERIFY_AUTO, V2_TO_THE_LAST_BYTE, &envelope, NULL, NULL, &summary, err);
    envelope_free(&envelope);
    cls_input_release(&in);
    return ok || blame(c->out_name, err);
}

/* The conversion once more, with an output that compares. */
static bool compare(struct conversion *c, struct cls_error *err)
{
    const struct convert_facts facts = c->facts;
    uint64_t in_end = c->in.offset, out_end = c->out.offset;
    bool ok = run_again(c, true, err) || blame(c->in_file.name, err);

    if (ok && c->in.offset != in_end)
        ok = cls_fail(err, CLS_SYSTEM,
                      "%s was modified while it was read: its stream ends at another offset",
                      c->in_file.name);
    c->facts = facts;
    c->in.offset = in_end;
    c->out.offset = out_end;
    return ok;
}

bool read_back(struct conversion *c, struct cls_error *err)
{
    c->facts.verified = forget_cached(c, err) && verify(c, err) && compare(c, err);
    if (c->facts.verified)
        cls_info(c->log, "verified: %s is sound and contains all of %s", c->out_name,
                 c->in_file.name);
    return c->facts.verified;
}
