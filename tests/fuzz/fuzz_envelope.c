/*
 * Containers: detected, read, their configuration read or skipped, written again with it, with a
 * new one, or with a device model's record; formats that are only recognised; the rest of a v2
 * image.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "envelope/envelope.h"
#include "envelope/sexp.h"
#include "memory_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char new_config[] = "name = 'a'";

/* Writes the container, its emulator record if it has one, and its end to memory. */
static bool write_again(struct envelope *envelope, struct cls_input *in, bool libxl,
                        struct cls_error *err)
{
    static const uint8_t lead[26], state[] = "QEVM";
    const struct image_emulator emulator = {
        .lead = lead, .lead_len = sizeof(lead), .data = {.len = 4, .bytes = state}};
    struct cls_output out;
    int fd = memfd_create("output", 0);
    bool ok;

    if (envelope_carries_config(envelope) && envelope->config_len % 2) {
        envelope->new_config = new_config;
        envelope->new_config_len = sizeof(new_config);
    }
    cls_output_init(&out, fd, "output", NULL);
    ok = envelope_check_format(envelope, libxl, in, NULL, err) &&
         envelope_write(envelope, in, &out, libxl, err) &&
         (!envelope_has_emulator(envelope) ||
          envelope_put_emulator(envelope, &emulator, &out, err)) &&
         envelope_finish(envelope, in, &out, err) && cls_output_flush(&out, err);
    cls_output_release(&out);
    close(fd);
    return ok;
}

/* Visits each list and atom of xend's configuration. */
static void visit(struct sexp s, unsigned depth)
{
    char atom[32];

    if (sexp_length(s) > (size_t)(s.end - s.p) || depth > SEXP_DEPTH_MAX)
        abort();
    if (!sexp_is_list(s)) {
        (void)sexp_is(s, "domain");
        if (sexp_atom(s, atom, sizeof(atom)) && !memchr(atom, '\0', sizeof(atom)))
            abort();
        return;
    }
    (void)sexp_value(s, "name", atom, sizeof(atom));
    for (struct sexp child = sexp_first(s); child.p; child = sexp_next(child))
        visit(child, depth + 1);
}

static bool change(struct envelope *envelope, struct cls_input *in, struct cls_error *err)
{
    bool dropped;

    if (envelope->config_format == ENVELOPE_CONFIG_SEXP)
        visit((struct sexp){(const char *)envelope->config,
                            (const char *)envelope->config + envelope->config_len},
              1);
    return envelope_hold_config(envelope, in, err) &&
           (envelope->kind != ENVELOPE_LIBVIRT ||
            envelope_drop_emulator(envelope, in, &dropped, err));
}

static bool read_or_skip_config(const struct envelope *envelope, struct cls_input *in, bool reads,
                                struct cls_error *err)
{
    struct envelope_config config = {0};
    bool ok;

    if (!reads)
        return envelope_skip(envelope, in, err);
    ok = envelope_read_config(envelope, in, &config, err);
    if (ok && config.text && strnlen(config.text, (size_t)config.len + 1) > config.len)
        abort();
    free(config.text);
    return ok;
}

/* As an inspection does. */
static bool look_through(struct envelope *envelope, struct cls_input *in, bool reads,
                         struct cls_error *err)
{
    bool saves;

    return envelope_read(in, NULL, envelope, err) && envelope_name(envelope->kind) &&
           read_or_skip_config(envelope, in, reads, err) &&
           envelope_check_foreign(in, &saves, err) && envelope_skip_rest(envelope, in, NULL, err);
}

/* The last byte chooses options: the magic comes first, as in a file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t options = size > 0 ? data[size - 1] : 0;
    struct envelope envelope = {0};
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memory_input(&in, data, size);

    if (!envelope_prepare(&in, &err) || !look_through(&envelope, &in, options & 1, &err))
        must_blame_input(&err);
    envelope_free(&envelope);
    cls_input_release(&in);
    if (lseek(fd, 0, SEEK_SET) != 0)
        abort();
    cls_input_init(&in, fd, "input", 0, NULL);
    if (!envelope_read(&in, NULL, &envelope, &err) || !change(&envelope, &in, &err) ||
        !write_again(&envelope, &in, options & 2 || envelope_is_libxl(&envelope), &err))
        must_blame_input(&err);
    (void)envelope_is_delimited(&envelope);
    envelope_free(&envelope);
    cls_input_release(&in);
    close(fd);
    return 0;
}
