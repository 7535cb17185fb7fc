/*
 * Formats that people may take for a legacy save, known by their first bytes.
 */
#include <string.h>

#include "envelope/envelope.h"

#define MAGIC_MAX 16

struct foreign {
    size_t len;
    const char *magic;
    const char *what; /* an end for the sentence "this is ..." */
};

#define MAGIC(s) sizeof(s) - 1, s

static const struct foreign foreigners[] = {
    {MAGIC("LibxlFmt"), "a libxl v2 stream already: nothing to convert"},
    {MAGIC("\377\377\377\377\377\377\377\377XENF"),
     "a libxc v2 stream already: nothing to convert"},
    {MAGIC("libvirt-xml\n \0 \r"), "a save of libvirt, whose envelope is not convertible yet"},
    {MAGIC("LinuxGuestRecord"), "a save of xend, whose envelope is not convertible yet"},
    {MAGIC("XenSavedDomain\n"), "a save of XAPI, whose envelope is not convertible yet"},
    {MAGIC("XenSavedDomv2-\n"), "a structured save of XAPI, not convertible yet"},
    {MAGIC("LibvirtQemud"), "a save of a QEMU guest, not of Xen"},
    {MAGIC("QEVM"), "a saved state of QEMU, not of Xen"},
    {MAGIC("\177ELF"), "an ELF file (a core dump?), not a save"},
    {MAGIC("\037\213"), "compressed with gzip: uncompress it first"},
    {MAGIC("\375"
           "7zXZ"),
     "compressed with xz: uncompress it first"},
    {MAGIC("\050\265\057\375"), "compressed with zstd: uncompress it first"},
    {MAGIC("BZh"), "compressed with bzip2: uncompress it first"},
    {MAGIC("\004\042\115\030"), "compressed with lz4: uncompress it first"},
};

bool envelope_check_foreign(struct cls_input *in, struct cls_error *err)
{
    const uint8_t *b;
    size_t got;

    if (!cls_input_peek(in, MAGIC_MAX, &b, &got, err))
        return false;
    for (size_t i = 0; i < sizeof(foreigners) / sizeof(foreigners[0]); i++) {
        const struct foreign *f = &foreigners[i];

        if (f->len <= got && memcmp(b, f->magic, f->len) == 0)
            return cls_input_fail(in, err, in->offset, "this is %s", f->what);
    }
    return true;
}
