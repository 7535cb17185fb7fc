/*
 * Saves of xend (XendCheckpoint.py of Xen 3.0 to 4.4): 16 bytes of magic, i32 big-endian length of
 * the configuration, the configuration as an s-expression, then the legacy stream.
 *
 * No newer toolstack reads this envelope. The result is an xl save; it has a configuration only if
 * --config gives one.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "envelope/sexp.h"
#include "type.h"
#include "xl.h"

#define HEADER_SIZE   20
#define OFFSET_LENGTH 16

static const char magic[] = "LinuxGuestRecord";

static struct sexp domain_of(const struct envelope *envelope)
{
    const char *text = (const char *)envelope->config;

    return (struct sexp){text, text + envelope->config_len};
}

static enum guest_type guest_type_of(struct sexp domain)
{
    struct sexp image = sexp_next(sexp_first(sexp_child(domain, "image")));

    if (sexp_is(sexp_first(image), "hvm") || sexp_is(sexp_first(image), "vmx"))
        return GUEST_HVM;
    return sexp_is(sexp_first(image), "linux") ? GUEST_PV : GUEST_UNKNOWN;
}

/* A stream of Xen 2.0 begins with the same magic, without an s-expression after it. */
static bool check_header(struct cls_input *in, uint64_t start, const uint8_t *header,
                         struct cls_error *err)
{
    uint32_t len = get_be32(header + OFFSET_LENGTH);
    const uint8_t *b;
    size_t got;

    if (len == 0 || len > ENVELOPE_CONFIG_MAX)
        return cls_input_fail(in, err, start + OFFSET_LENGTH,
                              "configuration length %" PRIu32
                              " is out of range (1 to %u), or this is a save of Xen 2.0, which Xen "
                              "4.3 and later cannot run",
                              len, ENVELOPE_CONFIG_MAX);
    if (!cls_input_peek(in, 1, &b, &got, err))
        return false;
    return got == 0 || *b == '(' ||
           cls_input_fail(in, err, in->offset,
                          "not a xend configuration, or a save of Xen 2.0, which Xen 4.3 and later "
                          "cannot run");
}

static bool read_config(struct cls_input *in, struct envelope *envelope, struct cls_error *err)
{
    uint64_t start = in->offset;
    const char *wrong;
    struct sexp domain;
    size_t where;

    cls_input_at(in, "xend configuration", -1, NULL);
    if (!envelope_hold(envelope, in, get_be32(envelope->header + OFFSET_LENGTH),
                       "the configuration", err))
        return false;
    envelope->config_format = ENVELOPE_CONFIG_SEXP;
    domain = domain_of(envelope);
    wrong = sexp_check(domain.p, envelope->config_len, &where);
    if (wrong)
        return cls_input_fail(in, err, start + where, "%s", wrong);
    if (!sexp_is(sexp_first(domain), "domain"))
        return cls_input_fail(in, err, start, "not a domain configuration");
    (void)sexp_value(domain, "name", envelope->guest.name, sizeof(envelope->guest.name));
    (void)sexp_value(domain, "uuid", envelope->guest.uuid, sizeof(envelope->guest.uuid));
    envelope->guest.type = guest_type_of(domain);
    return true;
}

static bool xend_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                      struct cls_error *err)
{
    uint64_t start = in->offset;

    cls_input_at(in, "xend header", -1, NULL);
    if (!cls_input_read(in, envelope->header, HEADER_SIZE, "the xend header", err) ||
        !check_header(in, start, envelope->header, err) || !read_config(in, envelope, err))
        return false;
    cls_info(log, "xend header, configuration of %zu bytes; guest %s, uuid %s",
             envelope->config_len, envelope->guest.name, envelope->guest.uuid);
    return true;
}

static bool xend_write(const struct envelope *envelope, struct cls_input *in,
                       struct cls_output *out, bool libxl_v2, struct cls_error *err)
{
    (void)in;
    (void)libxl_v2; /* always true: envelope_check_format() rejects libxc's */
    return xl_write_header(envelope, true, out, err);
}

const struct envelope_type xend_envelope = {
    .name = "xend",
    .magic = magic,
    .magic_size = sizeof(magic) - 1,
    .libxl = true,
    .carries_config = true,
    .read = xend_read,
    .write = xend_write,
};
