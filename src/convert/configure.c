#include "configure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "config/facts.h"
#include "config/json_text.h"
#include "config/repair.h"
#include "config/xend.h"
#include "measure.h"

static bool is_auto(const struct convert_options *o)
{
    return o->config && strcmp(o->config, "auto") == 0;
}

static bool is_wanted(const struct convert_options *o)
{
    return o->write_config || o->config || o->repair_config;
}

static bool read_given(struct conversion *c, struct cls_error *err)
{
    const char *name = c->options->config;
    int fd = fd_open(name, O_RDONLY | O_CLOEXEC);
    char buf[4096];
    ssize_t got = -1;

    while (fd >= 0 && c->given.len <= ENVELOPE_CONFIG_MAX &&
           ((got = read(fd, buf, sizeof(buf))) > 0 || (got < 0 && errno == EINTR)))
        config_text_add(&c->given, buf, got > 0 ? (size_t)got : 0);
    if (got < 0)
        cls_fail_errno(err, errno, "cannot read %s", name);
    if (fd >= 0)
        close(fd);
    if (got < 0)
        return false;
    if (c->given.no_memory)
        return cls_fail_errno(err, ENOMEM, "cannot allocate memory for %s", name);
    if (c->given.len == 0)
        return cls_fail(err, CLS_USAGE, "%s is empty", name);
    return c->given.len <= ENVELOPE_CONFIG_MAX ||
           cls_fail(err, CLS_USAGE, "%s is longer than 16 MiB, the maximum for a configuration",
                    name);
}

bool configure_open(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;
    bool is_input;

    c->cleanup->also = &c->config_cleanup;
    if (!o->write_config)
        return true;
    convert_display_name(o->write_config, false, c->config_name, sizeof(c->config_name));
    if (!out_file_resolve(&c->config, o->write_config, c->config_name, o->no_clobber,
                          &c->config_cleanup, err))
        return false;
    is_input = out_file_is(&c->config, &c->in_file.st);
    if (is_input || out_file_are_same(&c->config, &c->out_file))
        return cls_fail(err, CLS_USAGE, "%s is the %s and cannot be the --write-config file, too",
                        c->config_name, is_input ? "input" : "output");
    return out_file_open(&c->config, err);
}

bool configure_prepare(struct conversion *c, struct cls_error *err)
{
    struct cls_error ignored;

    if (!is_wanted(c->options) || c->options->copy)
        return true;
    /* Few configurations are JSON. An error is reported when json-c turns out to be needed. */
    (void)lazy_json(&ignored);
    return !c->options->config || is_auto(c->options) || read_given(c, err);
}

static bool is_json(const struct config_text *text)
{
    size_t i = 0;

    while (i < text->len && text->bytes[i] && strchr(" \t\r\n", text->bytes[i]))
        i++;
    return i < text->len && text->bytes[i] == '{';
}

bool configure_check(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;

    if (envelope_carries_config(&c->envelope))
        return true;
    if (o->write_config && c->envelope.kind == ENVELOPE_LIBVIRT)
        return cls_input_fail(
            &c->in, err, c->in.offset,
            "--write-config needs a save of xl or xend; virsh restore uses the XML in this save");
    if (o->write_config)
        return cls_input_fail(
            &c->in, err, c->in.offset,
            "--write-config needs a save of xl or xend; this input has no configuration");
    return !o->config || is_auto(o) ||
           cls_input_fail(
               &c->in, err, c->in.offset,
               "--config needs a save of xl or xend; this container cannot hold a configuration");
}

/* Fills facts from the stream, as far as the configuration depends on them. */
static bool learn(struct conversion *c, struct limits_facts *facts, struct cls_error *err)
{
    limits_facts_init(facts);
    if (c->in.is_regular)
        return measure(c, facts, err);
    facts->guest = c->options->guest ? c->options->guest : c->envelope.guest.type;
    cls_warn(c->log, "input can be read only once; memory and vcpus of the configuration were not "
                     "checked against the stream");
    return true;
}

/* Converts the configuration of the save to xl's text. */
static bool make_text(struct conversion *c, const struct limits_facts *facts,
                      struct config_text *text, struct cls_error *err)
{
    struct config_text held = {.bytes = (char *)c->envelope.config, .len = c->envelope.config_len};
    const struct lazy_json *json;
    unsigned lost;

    switch (c->envelope.config_format) {
    case ENVELOPE_CONFIG_SEXP:
        lost =
            config_from_xend((struct sexp){held.bytes, held.bytes + held.len}, facts->guest, text);
        if (lost > 0)
            cls_warn(c->log,
                     "xend settings without an xl equivalent: %u (comments in the configuration)",
                     lost);
        break;
    case ENVELOPE_CONFIG_TEXT:
        config_text_add(text, held.bytes, held.len);
        break;
    case ENVELOPE_CONFIG_JSON:
        json = lazy_json(err);
        return json && config_from_json(json, &held, text, err);
    default:
        return cls_input_fail(&c->in, err, c->in.offset, "save has no configuration");
    }
    return !text->no_memory ||
           cls_fail_errno(err, ENOMEM, "cannot allocate memory for the configuration");
}

static bool repair(struct conversion *c, const struct limits_facts *facts, unsigned rules,
                   bool keep_old, bool is_json, struct config_text *text, unsigned *changes,
                   struct cls_error *err)
{
    const struct config_request request = {.facts = facts,
                                           .host = &c->options->host,
                                           .rules = rules,
                                           .keep_old = keep_old,
                                           .log = c->log};
    const struct lazy_json *json = is_json ? lazy_json(err) : NULL;

    return is_json ? json && config_repair_json(&request, json, text, changes, err)
                   : config_repair_text(&request, text, changes, err);
}

/* Makes the text for --write-config and --config=auto; changes are marked by comments. */
static bool write_text(struct conversion *c, const struct limits_facts *facts,
                       struct cls_error *err)
{
    struct config_text *text = &c->configuration.written;
    unsigned changes;

    return make_text(c, facts, text, err) &&
           repair(c, facts, CONFIG_RULES_ALL, true, false, text, &changes, err);
}

/* Makes the configuration for the new header, unless the old one's stays. */
static bool carry(struct conversion *c, const struct limits_facts *facts, struct cls_error *err)
{
    const struct convert_options *o = c->options;
    struct config_text *text = &c->configuration.carried;
    unsigned changes = 0;
    bool ok;

    if (c->given.len > 0)
        config_text_add(text, c->given.bytes, c->given.len);
    else if (is_auto(o) && c->envelope.kind == ENVELOPE_XEND)
        config_text_add(text, c->configuration.written.bytes, c->configuration.written.len);
    else if (o->repair_config && c->envelope.kind == ENVELOPE_XL && c->envelope.config_len > 0)
        config_text_add(text, (const char *)c->envelope.config, c->envelope.config_len);
    if (text->no_memory)
        return cls_fail_errno(err, ENOMEM, "cannot allocate memory for the configuration");
    c->configuration.carried_json = c->given.len > 0 || c->envelope.kind != ENVELOPE_XL
                                        ? is_json(text)
                                        : c->envelope.config_format == ENVELOPE_CONFIG_JSON;
    if (text->len == 0 || !o->repair_config || (is_auto(o) && c->envelope.kind == ENVELOPE_XEND))
        return true;
    ok = repair(c, facts, o->repair_config, false, c->configuration.carried_json, text, &changes,
                err);
    if (ok && changes == 0 && c->given.len == 0)
        config_text_free(text);
    return ok;
}

static bool make(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;
    bool text = o->write_config || (is_auto(o) && c->envelope.kind == ENVELOPE_XEND);
    struct limits_facts facts;

    if (!configure_check(c, err))
        return false;
    c->configuration.made = true;
    if (!envelope_carries_config(&c->envelope) || (!text && c->given.len == 0 && !o->repair_config))
        return true;
    if (!text && !o->repair_config)
        limits_facts_init(&facts);
    else if (!learn(c, &facts, err))
        return false;
    if (c->given.len > 0)
        config_facts(&facts, c->given.bytes, c->given.len, is_json(&c->given));
    else
        source_xl_facts(&c->envelope, &facts);
    if (text && !write_text(c, &facts, err))
        return false;
    if (!carry(c, &facts, err))
        return false;
    if (c->configuration.carried.len > ENVELOPE_CONFIG_MAX)
        return cls_fail(err, CLS_BAD_INPUT, "configuration is longer than 16 MiB");
    return true;
}

bool configure(struct conversion *c, struct cls_error *err)
{
    const struct configuration *made = &c->configuration;

    if (is_wanted(c->options)) {
        if (!made->made && !make(c, err))
            return false;
        c->envelope.new_config = made->carried.bytes;
        c->envelope.new_config_len = made->carried.len;
        c->envelope.new_config_json = made->carried_json;
    }
    if (c->envelope.kind == ENVELOPE_XEND && !c->options->write_config && !made->carried.bytes)
        cls_warn(c->log, "new save has no configuration; use --config=auto, or create one with "
                         "--write-config for xl restore CONFIG FILE");
    return true;
}

bool configure_write(const struct conversion *c, struct cls_error *err)
{
    const struct config_text *text = &c->configuration.written;
    struct cls_output out;
    bool ok;

    if (!c->options->write_config)
        return true;
    cls_output_init(&out, c->config.fd, c->config_name, NULL);
    ok = cls_output_write(&out, text->bytes, text->len, err) && cls_output_finish(&out, err);
    cls_output_release(&out);
    return ok;
}

void configure_end(struct conversion *c)
{
    out_file_close(&c->config);
    c->cleanup->also = NULL;
    config_text_free(&c->given);
    config_text_free(&c->configuration.written);
    config_text_free(&c->configuration.carried);
}
