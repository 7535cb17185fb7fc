/*
 * Other known formats, identified by their magic, so that the message can name them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fds.h"
#include "envelope/compression.h"
#include "envelope/envelope.h"
#include "type.h"

#define TAR_BLOCK       512
#define TAR_CHECKSUM    148 /* octal number: sum of the block's bytes, these 8 taken as spaces */
#define TAR_SUM_LEN     8
#define VHD_FOOTER      512  /* bytes at the end of the file */
#define PEEK_MAX        1082 /* bytes that the table and tar need, at most */
#define IA64_FORMAT_MAX 3    /* XC_IA64_SR_FORMAT_VER_MAX */

struct foreign {
    size_t at, len; /* the magic's offset and length */
    const char *magic;
    const char *what; /* completes the sentence "this is ..." */
    bool holds_saves; /* such a file may contain a save of Xen, or is one */
};

#define MAGIC(s) sizeof(s) - 1, s
#define DISK_IMAGE(kind)                                                                           \
    "a " kind " disk image: make it raw (qemu-img convert -O raw FILE RAW) and convert that"
#define ARCHIVE(kind) kind " archive: unpack it and convert the saves in it"

static const struct foreign foreign_formats[] = {
    {0, MAGIC("LibxlFmt"), "already a libxl v2 stream: nothing to convert", false},
    {0, MAGIC("\377\377\377\377\377\377\377\377XENF\0\0\0\3"),
     "already a libxc v3 stream: nothing to convert", false},
    {0, MAGIC("\377\377\377\377\377\377\377\377XENF"),
     "already a libxc v2 stream: nothing to convert", false},
    {0, MAGIC("LibvirtQemud"), "a save of a QEMU guest, not of Xen", false},
    {0, MAGIC("QEVM"), "a saved state of QEMU, not of Xen", false},
    {0, MAGIC("\177ELF"), "an ELF file (for example a core dump by xl dump-core), not a save",
     false},
    {0, MAGIC("\355\353\017\360"), "a core dump of a PV guest (xm dump-core), not a save", false},
    {0, MAGIC("\356\353\017\360"), "a core dump of a HVM guest (xm dump-core), not a save", false},
    {0, MAGIC("\360\377\377\377"), "a save of uXen, whose format is not supported", true},
    {0, MAGIC("\211LZO"), "compressed with lzop: decompress it first", true},
    {0, MAGIC("LZIP"), "compressed with lzip: decompress it first", true},
    {0, MAGIC("\037\235"), "compressed with compress: decompress it first", true},
    {0, MAGIC("PK\3\4"), ARCHIVE("a ZIP"), true},
    {0, MAGIC("7z\274\257\047\034"), ARCHIVE("a 7z"), true},
    {0, MAGIC("070701"), ARCHIVE("a cpio"), true},
    {0, MAGIC("070702"), ARCHIVE("a cpio"), true},
    {0, MAGIC("conectix"), DISK_IMAGE("VHD"), true},
    {0, MAGIC("vhdxfile"), DISK_IMAGE("VHDX"), true},
    {0, MAGIC("QFI\373"), DISK_IMAGE("qcow2"), true},
    {0, MAGIC("KDMV"), DISK_IMAGE("VMDK"), true},
    {64, MAGIC("\177\020\332\276"), DISK_IMAGE("VDI"), true},
    {1080, MAGIC("\123\357"),
     "an ext2 file system, as XenServer up to 6.2 kept suspend images in: mount it (mount -o "
     "ro,loop) and convert the file suspend-image in it",
     true},
};

static const struct foreign
    ia64 = {.what = "a save of ia64, not of x86", .holds_saves = true},
    empty = {.what = "an empty file"}, tar = {.what = ARCHIVE("a tar"), .holds_saves = true},
    xva = {.what = "an XVA export (tar): unpack it, join the chunks of the suspend disk in the "
                   "order of their numbers (1 MiB each; missing ones are zeros) and convert the "
                   "result",
           .holds_saves = true},
    vhd = {.what = DISK_IMAGE("VHD"), .holds_saves = true};

/*
 * xc_ia64_linux_save.c of Xen 4.2: p2m_size, format version, then the domain settings. Their flags
 * are at the offset of the first pfn's upper half, which is zero on x86 (legacy/detect.c).
 */
static bool is_ia64(const uint8_t *b, size_t got)
{
    return got >= ENVELOPE_MAGIC_MAX && get_le32(b) != 0 && get_le32(b + 4) == 0 &&
           get_le64(b + 8) >= 1 && get_le64(b + 8) <= IA64_FORMAT_MAX && get_le32(b + 16) != 0;
}

/* Identified by the header checksum (POSIX.1): the oldest tar files have no magic. */
static bool is_tar(const uint8_t *b, size_t got)
{
    unsigned sum = 0;
    char stored[TAR_SUM_LEN + 1] = "";

    if (got < TAR_BLOCK)
        return false;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= TAR_CHECKSUM && i < TAR_CHECKSUM + TAR_SUM_LEN ? ' ' : b[i];
    memcpy(stored, b + TAR_CHECKSUM, TAR_SUM_LEN);
    return strtoul(stored, NULL, 8) == sum; /* never 0: its own bytes count as blanks */
}

static const struct foreign *find_foreign(const uint8_t *b, size_t got)
{
    if (got == 0)
        return &empty;
    for (size_t i = 0; i < sizeof(foreign_formats) / sizeof(foreign_formats[0]); i++) {
        const struct foreign *f = &foreign_formats[i];

        if (f->at + f->len <= got && memcmp(b + f->at, f->magic, f->len) == 0)
            return f;
    }
    if (is_ia64(b, got))
        return &ia64;
    if (is_tar(b, got))
        return memcmp(b, "ova.xml", sizeof("ova.xml")) == 0 ? &xva : &tar;
    return NULL;
}

/* A VHD of fixed size has its magic only in a footer. */
static bool has_vhd_footer(const struct cls_input *in)
{
    char cookie[8];
    struct stat st;

    return fd_stat(in->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= VHD_FOOTER &&
           pread(in->fd, cookie, sizeof(cookie), st.st_size - VHD_FOOTER) == sizeof(cookie) &&
           memcmp(cookie, "conectix", sizeof(cookie)) == 0;
}

/*
 * Peeks at the first bytes. From a pipe that may stay open only ENVELOPE_MAGIC_MAX are requested:
 * its writer may send no more, and the read would block.
 */
static bool peek_start(struct cls_input *in, const uint8_t **b, size_t *got, struct cls_error *err)
{
    bool may_wait = in->ends || lseek(in->fd, 0, SEEK_CUR) >= 0;

    return cls_input_peek(in, may_wait ? PEEK_MAX : ENVELOPE_MAGIC_MAX, b, got, err);
}

static bool fail_foreign(const struct cls_input *in, const struct foreign *f, bool *holds_saves,
                         struct cls_error *err)
{
    *holds_saves = f->holds_saves;
    return cls_input_fail(in, err, in->offset, "this is %s", f->what);
}

bool envelope_check_foreign(struct cls_input *in, bool *holds_saves, struct cls_error *err)
{
    const struct compression *compression;
    const struct foreign *f;
    enum envelope_kind kind;
    const char *partial;
    const uint8_t *b;
    size_t got;

    *holds_saves = false;
    if (!peek_start(in, &b, &got, err) || !envelope_recognise(in, &kind, err))
        return false;
    f = find_foreign(b, got);
    if (!f && has_vhd_footer(in))
        f = &vhd;
    if (f)
        return fail_foreign(in, f, holds_saves, err);
    *holds_saves = true;
    if (kind != ENVELOPE_NONE)
        return cls_input_fail(in, err, in->offset,
                              "a container in a container: this is the header of a save of %s",
                              envelope_name(kind));
    compression = compression_find(b, got);
    if (compression)
        return cls_input_fail(in, err, in->offset,
                              "this is compressed with %s: decompress it first (only a file given "
                              "by name is decompressed by %s automatically)",
                              compression->program, compression->program);
    partial = envelope_by_partial_magic(b, got);
    if (partial)
        return cls_input_fail(
            in, err, in->offset,
            "this begins like a save of %s, but its signature is incomplete or damaged (the file "
            "may be truncated, or was transferred in text mode)",
            partial);
    *holds_saves = false;
    return true;
}
