/*
 * Formats that people may take for a legacy save, known by their first bytes.
 */
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "envelope/compression.h"
#include "envelope/envelope.h"
#include "type.h"

#define EXT2_MAGIC        0xef53
#define EXT2_MAGIC_OFFSET 1080

#define IA64_FORMAT_MAX 3 /* XC_IA64_SR_FORMAT_VER_MAX */

struct foreign {
    size_t len;
    const char *magic;
    const char *what; /* an end for the sentence "this is ..." */
};

#define MAGIC(s) sizeof(s) - 1, s

static const struct foreign foreigners[] = {
    {MAGIC("LibxlFmt"), "a libxl v2 stream already: nothing to convert"},
    {MAGIC("\377\377\377\377\377\377\377\377XENF\0\0\0\3"),
     "a libxc v3 stream already: nothing to convert"},
    {MAGIC("\377\377\377\377\377\377\377\377XENF"),
     "a libxc v2 stream already: nothing to convert"},
    {MAGIC("LibvirtQemud"), "a save of a QEMU guest, not of Xen"},
    {MAGIC("QEVM"), "a saved state of QEMU, not of Xen"},
    {MAGIC("\177ELF"), "an ELF file (a core dump, as of xl dump-core?), not a save"},
    {MAGIC("\355\353\017\360"), "a core dump of a PV guest (xm dump-core), not a save"},
    {MAGIC("\356\353\017\360"), "a core dump of a HVM guest (xm dump-core), not a save"},
    {MAGIC("\360\377\377\377"), "a save of uXen, which has another format"},
    {MAGIC("\211LZO"), "compressed with lzop: uncompress it first"},
};

/*
 * xc_ia64_linux_save.c of Xen 4.2: p2m_size, the format's version, then domain settings, whose
 * flags stand where x86 has the first pfn's zero upper half (legacy/detect.c).
 */
static bool is_ia64(const uint8_t *b, size_t got)
{
    return got >= ENVELOPE_MAGIC_MAX && get_le32(b) != 0 && get_le32(b + 4) == 0 &&
           get_le64(b + 8) >= 1 && get_le64(b + 8) <= IA64_FORMAT_MAX && get_le32(b + 16) != 0;
}

static bool check_magics(struct cls_input *in, struct cls_error *err)
{
    const struct compression *compression;
    enum envelope_kind kind;
    const uint8_t *b;
    size_t got;

    if (!cls_input_peek(in, ENVELOPE_MAGIC_MAX, &b, &got, err) ||
        !envelope_recognise(in, &kind, err))
        return false;
    for (size_t i = 0; i < sizeof(foreigners) / sizeof(foreigners[0]); i++) {
        const struct foreign *f = &foreigners[i];

        if (f->len <= got && memcmp(b, f->magic, f->len) == 0)
            return cls_input_fail(in, err, in->offset, "this is %s", f->what);
    }
    if (is_ia64(b, got))
        return cls_input_fail(in, err, in->offset, "this is a save of ia64, not of x86");
    if (kind != ENVELOPE_NONE)
        return cls_input_fail(in, err, in->offset,
                              "this is the head of a save of %s again: an envelope in an envelope",
                              envelope_name(kind));
    compression = compression_find(b, got);
    return !compression ||
           cls_input_fail(in, err, in->offset,
                          "this is compressed with %s: uncompress it first (only a file that is "
                          "named is read through %s by itself)",
                          compression->program, compression->program);
}

/*
 * Up to 2014, XenServer kept suspend images as a file in a file system of their own. Looked for
 * only where that can't wait for bytes that never come.
 */
static bool check_ext2(struct cls_input *in, struct cls_error *err)
{
    const uint8_t *b;
    size_t got;

    if (lseek(in->fd, 0, SEEK_CUR) < 0)
        return true;
    if (!cls_input_peek(in, EXT2_MAGIC_OFFSET + 2, &b, &got, err))
        return false;
    return got < EXT2_MAGIC_OFFSET + 2 || get_le16(b + EXT2_MAGIC_OFFSET) != EXT2_MAGIC ||
           cls_input_fail(
               in, err, in->offset,
               "this is an ext2 file system, as XenServer up to 6.2 kept suspend images "
               "in: mount it (mount -o ro,loop) and convert the file suspend-image in it");
}

bool envelope_check_foreign(struct cls_input *in, struct cls_error *err)
{
    return check_magics(in, err) && check_ext2(in, err);
}
