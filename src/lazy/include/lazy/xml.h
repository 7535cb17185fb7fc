/*
 * libxml2: reads libvirt's domain XML; writes our XML reports.
 */
#ifndef LAZY_XML_H
#define LAZY_XML_H

#include <libxml/xmlreader.h>
#include <libxml/xmlwriter.h>

#include "lazy/library.h"

/* All functions of libxml2 that are used; each becomes a member of its own name. */
#define LAZY_XML_FUNCTIONS(X)                                                                      \
    X(xmlSetStructuredErrorFunc)                                                                   \
    X(xmlReaderForMemory)                                                                          \
    X(xmlTextReaderRead)                                                                           \
    X(xmlTextReaderDepth)                                                                          \
    X(xmlTextReaderNodeType)                                                                       \
    X(xmlTextReaderConstName)                                                                      \
    X(xmlTextReaderConstValue)                                                                     \
    X(xmlFreeTextReader)                                                                           \
    X(xmlBufferCreate)                                                                             \
    X(xmlBufferContent)                                                                            \
    X(xmlBufferLength)                                                                             \
    X(xmlBufferFree)                                                                               \
    X(xmlNewTextWriterMemory)                                                                      \
    X(xmlOutputBufferCreateIO)                                                                     \
    X(xmlNewTextWriter)                                                                            \
    X(xmlFreeTextWriter)                                                                           \
    X(xmlTextWriterSetIndent)                                                                      \
    X(xmlTextWriterStartDocument)                                                                  \
    X(xmlTextWriterEndDocument)                                                                    \
    X(xmlTextWriterStartElement)                                                                   \
    X(xmlTextWriterEndElement)                                                                     \
    X(xmlTextWriterWriteAttribute)                                                                 \
    X(xmlTextWriterWriteElement)                                                                   \
    X(xmlTextWriterWriteString)                                                                    \
    X(xmlTextWriterFlush)

#define LAZY_XML_MEMBER(name) __typeof__(name) *name;

struct lazy_xml {
    LAZY_XML_FUNCTIONS(LAZY_XML_MEMBER)
};

/* Loads libxml2 at the first call. Returns NULL and fills err (CLS_SYSTEM) if that fails. */
const struct lazy_xml *lazy_xml(struct cls_error *err);

#endif
