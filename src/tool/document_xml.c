#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "document.h"
#include "lazy/xml.h"

struct xml {
    const struct lazy_xml *lib;
    xmlTextWriterPtr writer;
    bool failed;
};

static void begin(void *ctx, const char *name, bool list)
{
    struct xml *x = ctx;

    (void)list;
    x->failed |= x->lib->xmlTextWriterStartElement(x->writer, BAD_CAST name) < 0;
}

static void end(void *ctx)
{
    struct xml *x = ctx;

    x->failed |= x->lib->xmlTextWriterEndElement(x->writer) < 0;
}

static void text(void *ctx, const char *name, const char *value)
{
    struct xml *x = ctx;

    x->failed |= x->lib->xmlTextWriterWriteAttribute(x->writer, BAD_CAST name, BAD_CAST value) < 0;
}

static void number(void *ctx, const char *name, uint64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%" PRIu64, value);
    text(ctx, name, digits);
}

static void flag(void *ctx, const char *name, bool value)
{
    text(ctx, name, value ? "true" : "false");
}

static void write_document(struct xml *x, document_source *write, const void *subject)
{
    struct document_writer w = {begin, end, text, number, flag, x};

    x->failed |= x->lib->xmlTextWriterSetIndent(x->writer, 1) < 0;
    x->failed |= x->lib->xmlTextWriterStartDocument(x->writer, NULL, "UTF-8", NULL) < 0;
    write(&w, subject);
    x->failed |= x->lib->xmlTextWriterEndDocument(x->writer) < 0;
}

static bool print_buffer(const struct xml *x, xmlBufferPtr buffer, struct cls_error *err)
{
    size_t n = (size_t)x->lib->xmlBufferLength(buffer);

    if (x->failed)
        return cls_fail_errno(err, ENOMEM, "cannot write XML");
    return fwrite(x->lib->xmlBufferContent(buffer), 1, n, stdout) == n ||
           cls_fail_errno(err, errno, "cannot write standard output");
}

bool document_print_xml(document_source *write, const void *subject, struct cls_error *err)
{
    struct xml x = {.lib = lazy_xml(err)};
    xmlBufferPtr buffer;
    bool ok;

    if (!x.lib)
        return false;
    buffer = x.lib->xmlBufferCreate();
    x.writer = buffer ? x.lib->xmlNewTextWriterMemory(buffer, 0) : NULL;
    x.failed = !x.writer;
    if (x.writer) {
        write_document(&x, write, subject);
        x.lib->xmlFreeTextWriter(x.writer);
    }
    ok = print_buffer(&x, buffer, err);
    x.lib->xmlBufferFree(buffer);
    return ok;
}
