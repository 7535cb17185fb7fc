#include "read_back.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert/verify.h"
#include "envelope/envelope.h"
#include "v2/compare.h"

bool read_back_possible(const struct in_file *in, const char *in_name, const struct out_file *out,
                        struct cls_error *err)
{
    if (lseek(in->fd, 0, SEEK_CUR) < 0)
        return cls_fail(err, CLS_USAGE,
                        "--verify reads the input twice, and %s cannot be read again", in_name);
    if (out_file_is_straight(out) && !(out->inherited && S_ISREG(out->st.st_mode)))
        return cls_fail(err, CLS_USAGE, "--verify reads the output back, and %s is not a file",
                        out->display);
    if (out->inherited && (fcntl(out->fd, F_GETFL) & O_ACCMODE) != O_RDWR)
        return cls_fail(err, CLS_USAGE,
                        "--verify reads the output back, and %s is open for writing only",
                        out->display);
    return true;
}

/* An fd of ours again, as an input of its own that begins at offset. */
static bool open_again(struct cls_input *again, int fd, const char *name, uint64_t offset,
                       struct cls_watch *watch, struct cls_error *err)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) != (off_t)offset)
        return cls_fail_errno(err, errno, "cannot read %s again", name);
    cls_input_init(again, fd, name, offset, watch);
    return true;
}

/*
 * What the verifier says of the output, or the reader, now and not before, of the input. Always
 * returns false.
 */
static bool blame(const char *name, struct cls_error *err)
{
    struct cls_error e = *err;

    if (!e.about_input)
        return false;
    return cls_fail(err, CLS_SYSTEM, "%s, read again: byte 0x%" PRIx64 ": %s: %s", name, e.offset,
                    e.place, e.reason);
}

/* Written pages leave the cache, so that what is read now is what the disk holds. */
static bool forget_cached(const struct read_back *rb, struct cls_error *err)
{
    if (!rb->sync)
        return true;
    if (fsync(rb->out->fd) != 0)
        return cls_fail_errno(err, errno, "cannot sync %s", rb->out->display);
    (void)posix_fadvise(rb->out->fd, 0, 0, POSIX_FADV_DONTNEED);
    return true;
}

static bool verify(const struct read_back *rb, struct cls_error *err)
{
    struct envelope envelope = {0};
    struct v2_summary summary;
    struct cls_input in;
    bool ok;

    if (!open_again(&in, rb->out->fd, rb->out->display, rb->out_at.start, NULL, err))
        return false;
    ok = verify_input(&in, VERIFY_AUTO, &envelope, NULL, &summary, err);
    if (ok && in.offset != rb->out_at.end)
        ok = cls_fail(err, CLS_SYSTEM, "%s ends at byte 0x%" PRIx64 " instead of 0x%" PRIx64,
                      rb->out->display, in.offset, rb->out_at.end);
    envelope_free(&envelope);
    cls_input_release(&in);
    return ok || blame(rb->out->display, err);
}

/*
 * The second reading. What belongs to the envelope is written once more, into memory (some MiB at
 * most), and compared there; the stream is compared item by item.
 */
struct reading {
    const struct read_back *rb;
    struct envelope envelope;
    struct cls_input in, out;
    int memory;
    struct cls_output envelope_out; /* into memory */
    uint64_t compared;              /* bytes of memory */
};

static bool compare_bytes(struct cls_input *wanted, struct cls_input *found, uint64_t n,
                          struct cls_error *err)
{
    uint8_t a[4096], b[4096];

    while (n > 0) {
        size_t step = n < sizeof(a) ? (size_t)n : sizeof(a), same = 0;
        uint64_t start = found->offset;

        if (!cls_input_read(wanted, a, step, "the envelope", err) ||
            !cls_input_read(found, b, step, "the envelope", err))
            return false;
        while (same < step && a[same] == b[same])
            same++;
        if (same < step)
            return cls_fail(err, CLS_SYSTEM, "%s: byte 0x%" PRIx64 ": 0x%02x instead of 0x%02x",
                            found->name, start + same, b[same], a[same]);
        n -= step;
    }
    return true;
}

/* What the envelope wrote since the last time. */
static bool compare_envelope(struct reading *r, struct cls_error *err)
{
    struct cls_input again;
    uint64_t n;
    bool ok;

    if (!cls_output_flush(&r->envelope_out, err) ||
        !open_again(&again, r->memory, "memory", r->compared, NULL, err))
        return false;
    n = r->envelope_out.offset - r->compared;
    ok = compare_bytes(&again, &r->out, n, err);
    r->compared += n;
    cls_input_release(&again);
    return ok;
}

static bool read_envelope(struct reading *r, struct cls_error *err)
{
    bool libxl_v2 = r->rb->relabelled || r->rb->writer.format == V2_LIBXL;

    return envelope_read(&r->in, NULL, &r->envelope, err) &&
           envelope_write(&r->envelope, &r->in, &r->envelope_out, libxl_v2, err) &&
           compare_envelope(r, err);
}

static bool compare_item(struct reading *r, struct v2_comparison *comparison,
                         const struct image_item *item, struct cls_error *err)
{
    if (item->kind == IMAGE_EMULATOR && envelope_has_emulator(&r->envelope))
        return envelope_put_emulator(&r->envelope, &item->emulator, &r->envelope_out, err) &&
               compare_envelope(r, err);
    return v2_compare_item(comparison, item, err);
}

static bool compare_stream(struct reading *r, struct cls_error *err)
{
    struct legacy_reader *reader = legacy_reader_new(&r->in, &r->rb->reader, NULL, err);
    struct v2_comparison comparison;
    struct image_item item = {0};
    bool ok = reader != NULL;

    v2_compare_init(&comparison, &r->out, &r->rb->writer);
    while (ok && item.kind != IMAGE_END)
        ok = legacy_reader_next(reader, &item, err) && compare_item(r, &comparison, &item, err);
    legacy_reader_free(reader);
    return ok && envelope_finish(&r->envelope, &r->in, &r->envelope_out, err) &&
           compare_envelope(r, err);
}

static bool check_ends(const struct reading *r, struct cls_error *err)
{
    if (r->in.offset != r->rb->in_at.end)
        return cls_fail(err, CLS_SYSTEM, "%s changed meanwhile: its stream ends elsewhere",
                        r->in.name);
    return r->out.offset == r->rb->out_at.end ||
           cls_fail(err, CLS_SYSTEM, "%s goes on behind the stream", r->out.name);
}

static bool compare(struct reading *r, struct cls_error *err)
{
    const struct read_back *rb = r->rb;

    if (!open_again(&r->in, rb->in->fd, rb->in->name, rb->in_at.start, rb->in->watch, err) ||
        !open_again(&r->out, rb->out->fd, rb->out->display, rb->out_at.start, NULL, err) ||
        !read_envelope(r, err))
        return false;
    return (rb->relabelled ? compare_bytes(&r->in, &r->out, rb->in_at.end - r->in.offset, err)
                           : compare_stream(r, err)) &&
           check_ends(r, err);
}

bool read_back(const struct read_back *rb, const struct cls_log *log, struct cls_error *err)
{
    struct reading r = {.rb = rb};
    bool ok;

    if (!forget_cached(rb, err) || !verify(rb, err))
        return false;
    r.memory = memfd_create("envelope", MFD_CLOEXEC);
    if (r.memory < 0)
        return cls_fail_errno(err, errno, "cannot hold the envelope");
    cls_output_init(&r.envelope_out, r.memory, "memory", NULL);
    ok = compare(&r, err);
    if (ok)
        cls_info(log, "verified: %s is sound, and holds all of %s", r.out.name, r.in.name);
    cls_output_release(&r.envelope_out);
    cls_input_release(&r.in);
    cls_input_release(&r.out);
    envelope_free(&r.envelope);
    close(r.memory);
    return ok || blame(rb->in->name, err);
}
