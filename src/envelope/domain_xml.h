/*
 * libvirt's domain XML, read by libxml2: hostile input, so nothing is fetched, nothing expanded,
 * any DOCTYPE refused, and libxml2's own limits stay on.
 */
#ifndef ENVELOPE_DOMAIN_XML_H
#define ENVELOPE_DOMAIN_XML_H

#include "envelope/envelope.h"

/*
 * Takes name, uuid and type of the guest from len bytes of XML, ended by a NUL, which in has just
 * given. Fails (CLS_BAD_INPUT) where they are no well-formed UTF-8 XML of a domain.
 */
bool domain_xml_read(const struct cls_input *in, const char *xml, size_t len,
                     struct envelope_guest *guest, struct cls_error *err) CLS_MUST_CHECK;

/* Where /domain/devices/emulator lies in such XML: the first one; false: there is none. */
bool domain_xml_find_emulator(const char *xml, size_t *start, size_t *end);

#endif
