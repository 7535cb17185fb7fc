/*
 * libvirt's domain XML, parsed by libxml2. The input is untrusted: no network access, no entity
 * expansion, a DOCTYPE is rejected, and libxml2's own limits stay on.
 */
#ifndef ENVELOPE_DOMAIN_XML_H
#define ENVELOPE_DOMAIN_XML_H

#include "envelope/envelope.h"

/*
 * Fills guest with name, uuid, type and emulator from len bytes of XML, which end with a NUL and
 * were read last from in (for error offsets). Fails with CLS_BAD_INPUT if they are not well-formed
 * UTF-8 XML of a domain. libxml2 must be loaded (lazy_xml()).
 */
bool domain_xml_read(const struct cls_input *in, const char *xml, size_t len,
                     struct envelope_guest *guest, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Finds the first /domain/devices/emulator element: offsets of its first byte and of the byte after
 * it. xml is a string that domain_xml_read() has accepted. Returns false if there is none.
 */
bool domain_xml_find_emulator(const char *xml, size_t *start, size_t *end);

#endif
