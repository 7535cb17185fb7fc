#include "domain_xml.h"

#include <stdio.h>
#include <string.h>

#include "lazy/xml.h"
#include "type.h"

#define TEXT_MAX 256

/*
 * Far more than libvirt ever writes. libxml2 needs quadratic time here: it compares each attribute
 * of a tag with all others, and each element's name space with all that are declared.
 */
#define TAG_ATTRIBUTES_MAX 1000
#define NAME_SPACES_MAX    100

struct domain_xml {
    const struct lazy_xml *xml;
    xmlTextReaderPtr reader;
    struct envelope_guest *guest;
    char type[TEXT_MAX];
    bool is_domain, in_os, in_devices;
    char *target; /* receives the text of the current element; NULL: the text is ignored */
    size_t target_size;
    int line;             /* of libxml2's first error */
    char error_text[200]; /* its message */
};

/* libxml2's error handler: stores the first error, where libxml2 would print all. */
static void store_error(void *ctx, xmlErrorPtr error)
{
    struct domain_xml *d = ctx;

    if (d->error_text[0] || error->level < XML_ERR_ERROR)
        return;
    snprintf(d->error_text, sizeof(d->error_text), "%s", error->message ? error->message : "?");
    d->error_text[strcspn(d->error_text, "\n")] = '\0';
    d->line = error->line;
}

/* Sets the target for the text of /domain/name, uuid, os/type and devices/emulator. */
static void start_element(struct domain_xml *d)
{
    const char *name = (const char *)d->xml->xmlTextReaderConstName(d->reader);
    int depth = d->xml->xmlTextReaderDepth(d->reader);

    d->target = NULL;
    if (depth == 0)
        d->is_domain = strcmp(name, "domain") == 0;
    if (depth == 1) {
        d->in_os = strcmp(name, "os") == 0;
        d->in_devices = strcmp(name, "devices") == 0;
    }
    if (depth == 1 && strcmp(name, "name") == 0) {
        d->target = d->guest->name;
        d->target_size = sizeof(d->guest->name);
    } else if (depth == 1 && strcmp(name, "uuid") == 0) {
        d->target = d->guest->uuid;
        d->target_size = sizeof(d->guest->uuid);
    } else if (depth == 2 && d->in_os && strcmp(name, "type") == 0) {
        d->target = d->type;
        d->target_size = sizeof(d->type);
    } else if (depth == 2 && d->in_devices && strcmp(name, "emulator") == 0) {
        d->target = d->guest->emulator;
        d->target_size = sizeof(d->guest->emulator);
    }
    if (d->target)
        *d->target = '\0';
}

/* Appends to the target: comments and entities split the text of an element into several nodes. */
static void append_text(struct domain_xml *d)
{
    const char *text = (const char *)d->xml->xmlTextReaderConstValue(d->reader);
    size_t used;

    if (!d->target || !text)
        return;
    used = strlen(d->target);
    snprintf(d->target + used, d->target_size - used, "%s", text);
}

static bool read_nodes(struct domain_xml *d)
{
    int more;

    while ((more = d->xml->xmlTextReaderRead(d->reader)) == 1) {
        switch (d->xml->xmlTextReaderNodeType(d->reader)) {
        case XML_READER_TYPE_ELEMENT:
            start_element(d);
            break;
        case XML_READER_TYPE_END_ELEMENT:
            d->target = NULL;
            break;
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_CDATA:
            append_text(d);
            break;
        default:
            break;
        }
    }
    return more == 0;
}

static enum guest_type guest_type_of(const char *type)
{
    if (strcmp(type, "hvm") == 0)
        return GUEST_HVM;
    /* libvirt calls Xen's PV guests "linux" in XML. */
    return strcmp(type, "linux") == 0 || strcmp(type, "xen") == 0 ? GUEST_PV : GUEST_UNKNOWN;
}

/*
 * Returns what exceeds the limits above, or NULL. Each '=' since the last '<' counts as an
 * attribute.
 */
static const char *check_limits(const char *xml)
{
    unsigned attributes = 0, name_spaces = 0;

    for (const char *p = xml; *p; p++) {
        attributes = *p == '<' ? 0 : attributes + (*p == '=');
        name_spaces += *p == 'x' && strncmp(p, "xmlns", 5) == 0;
        if (attributes > TAG_ATTRIBUTES_MAX)
            return "tag has more than 1000 attributes";
        if (name_spaces > NAME_SPACES_MAX)
            return "more than 100 name spaces";
    }
    /* Entity declarations must not even be parsed. */
    return strstr(xml, "<!DOCTYPE") ? "DOCTYPE is not allowed: libvirt never writes one" : NULL;
}

static bool parse(struct domain_xml *d, const char *xml, size_t len)
{
    bool ok;

    /* libvirt always writes UTF-8; a declared encoding is ignored. */
    d->reader = d->xml->xmlReaderForMemory(xml, (int)len, NULL, "UTF-8",
                                           XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    if (!d->reader)
        return false;
    ok = read_nodes(d);
    d->xml->xmlFreeTextReader(d->reader);
    return ok && !d->error_text[0];
}

bool domain_xml_read(const struct cls_input *in, const char *xml, size_t len,
                     struct envelope_guest *guest, struct cls_error *err)
{
    struct domain_xml d = {.xml = lazy_xml(err), .guest = guest};
    uint64_t start = in->offset - len;
    size_t text_len = strnlen(xml, len);
    const char *excess;
    bool ok;

    if (!d.xml)
        return false;
    if (text_len == len)
        return cls_input_fail(in, err, start, "not terminated by a NUL");
    excess = check_limits(xml);
    if (excess)
        return cls_input_fail(in, err, start, "%s", excess);
    d.xml->xmlSetStructuredErrorFunc(&d, store_error);
    ok = parse(&d, xml, text_len);
    d.xml->xmlSetStructuredErrorFunc(NULL, NULL);
    if (!ok)
        return cls_input_fail(in, err, start, "line %d: %s", d.line,
                              d.error_text[0] ? d.error_text : "libxml2 failed");
    if (!d.is_domain)
        return cls_input_fail(in, err, start, "not a domain XML");
    guest->type = guest_type_of(d.type);
    return true;
}
