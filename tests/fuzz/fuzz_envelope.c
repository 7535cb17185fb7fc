/*
 * Envelopes: recognised, read, written again with their configuration, and left behind; then the
 * formats that are only recognised, and what a v2 image has behind its stream.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "envelope/envelope.h"
#include "memory_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* To nowhere: memory that is thrown away. */
static bool write_again(const struct envelope *envelope, struct cls_input *in,
                        struct cls_error *err)
{
    struct cls_output out;
    int fd = memfd_create("output", 0);
    bool ok;

    cls_output_init(&out, fd, "output", NULL);
    ok = envelope_write(envelope, in, &out, envelope_is_libxl(envelope), err) &&
         envelope_check_foreign(in, &(bool){false}, err) &&
         envelope_finish(envelope, in, &out, err) && cls_output_flush(&out, err);
    cls_output_release(&out);
    close(fd);
    return ok;
}

static bool change(struct envelope *envelope, struct cls_input *in, struct cls_error *err)
{
    bool dropped;

    return envelope_hold_config(envelope, in, err) &&
           (envelope->kind != ENVELOPE_LIBVIRT ||
            envelope_drop_emulator(envelope, in, &dropped, err));
}

static bool look_through(struct envelope *envelope, struct cls_input *in, struct cls_error *err)
{
    return envelope_read(in, NULL, envelope, err) && envelope_skip(envelope, in, err) &&
           envelope_check_foreign(in, &(bool){false}, err) &&
           envelope_skip_rest(envelope, in, NULL, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct envelope envelope;
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memory_input(&in, data, size);

    if (!look_through(&envelope, &in, &err))
        must_blame_input(&err);
    envelope_free(&envelope);
    cls_input_release(&in);
    if (lseek(fd, 0, SEEK_SET) != 0)
        abort();
    cls_input_init(&in, fd, "input", 0, NULL);
    if (!envelope_read(&in, NULL, &envelope, &err) || !change(&envelope, &in, &err) ||
        !write_again(&envelope, &in, &err))
        must_blame_input(&err);
    envelope_free(&envelope);
    cls_input_release(&in);
    close(fd);
    return 0;
}
