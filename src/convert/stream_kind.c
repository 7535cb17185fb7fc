#include "stream_kind.h"

/* What was told is only believed of bytes that are nothing else that is known. */
static bool detect(struct cls_input *in, const struct legacy_kind *told, enum guest_type config,
                   const struct cls_log *log, struct legacy_kind *kind, struct cls_error *err)
{
    struct legacy_detected found = {0};
    bool ok = legacy_detect(in, told, config, log, &found, err);
    struct cls_error foreign;

    *kind = found.kind;
    if (ok && found.certain)
        return true;
    if (!envelope_check_foreign(in, &(bool){false}, &foreign)) {
        *err = foreign;
        return false;
    }
    return ok;
}

static bool check_word(struct cls_input *in, const struct envelope *envelope, bool forced,
                       enum guest_type guest, const struct cls_log *log, struct cls_error *err)
{
    enum guest_type said = envelope->guest.type;
    const char *name = envelope_name(envelope->kind);

    if (said == GUEST_UNKNOWN || said == guest)
        return true;
    if (!forced)
        return cls_input_fail(in, err, in->offset,
                              "this is the stream of a %s guest, but %s's configuration is that of "
                              "a %s one (--guest-type overrules it)",
                              guest_type_name(guest), name, guest_type_name(said));
    cls_warn(log, "%s's configuration is that of a %s guest", name, guest_type_name(said));
    return true;
}

bool stream_kind(struct cls_input *in, const struct legacy_kind *told,
                 const struct envelope *envelope, const struct cls_log *log,
                 struct legacy_kind *kind, struct cls_error *err)
{
    return detect(in, told, envelope->guest.type, log, kind, err) &&
           check_word(in, envelope, told->guest != GUEST_UNKNOWN, kind->guest, log, err);
}
