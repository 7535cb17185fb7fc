/*
 * Containers: the xl header, what is read of a domain's XML, XAPI's records; and files that are
 * known not to be legacy saves.
 */
#include "envelope/envelope.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "envelope/compression.h"
#include "support.h"

#define XL_MAGIC     "Xen saved domain, xl format\n \0 \r"
#define XL_MAGIC_LEN 32

static void put_xl(struct bytes *b, uint32_t mandatory, uint32_t optional_data_len)
{
    put_raw(b, XL_MAGIC, XL_MAGIC_LEN);
    put_u32(b, 0x01020304);
    put_u32(b, mandatory);
    put_u32(b, 0x80000001); /* optional flags: any value */
    put_u32(b, optional_data_len);
}

/* A header with a config of config_len bytes in room bytes. */
static void put_config(struct bytes *b, uint32_t config_len, uint32_t room)
{
    put_u32(b, config_len);
    put_pattern(b, room - 4);
}

struct trial {
    struct envelope envelope;
    struct recorder log;
    struct cls_input in;
    struct cls_error err;
    bool ok;
    int fd;
};

static void start(struct trial *t, const struct bytes *b)
{
    memset(t, 0, sizeof(*t));
    t->fd = memfd_of(b->p, b->len);
    cls_input_init(&t->in, t->fd, "save", 0, NULL);
    recorder_start(&t->log);
    t->ok = envelope_read(&t->in, &t->log.log, &t->envelope, &t->err);
}

static void finish(struct trial *t)
{
    cls_input_release(&t->in);
    envelope_free(&t->envelope);
    recorder_free(&t->log);
    close(t->fd);
}

static void check_fails(struct bytes *b, uint64_t offset, const char *reason)
{
    struct trial t;

    start(&t, b);
    CHECK(!t.ok);
    CHECK_INT(t.err.status, CLS_BAD_INPUT);
    CHECK(t.err.about_input);
    CHECK_INT(t.err.offset, offset);
    CHECK_CONTAINS(t.err.reason, reason);
    finish(&t);
    bytes_free(b);
}

static void check_none(struct bytes *b)
{
    struct trial t;

    start(&t, b);
    CHECK(t.ok);
    CHECK_INT(t.envelope.kind, ENVELOPE_NONE);
    CHECK(!envelope_is_libxl(&t.envelope));
    CHECK_INT(t.in.offset, 0);
    finish(&t);
    bytes_free(b);
}

/* Reads and writes the envelope; compares the output and the rest of the input. */
static void check_copied(const struct bytes *b, bool libxl_v2, const struct bytes *wanted,
                         size_t stream)
{
    struct bytes got = {0};
    struct cls_output out;
    struct trial t;
    int fd = memfd_of(NULL, 0);

    start(&t, b);
    CHECK_THAT(t.ok, "%s", t.err.reason);
    cls_output_init(&out, fd, "out", NULL);
    CHECK(envelope_write(&t.envelope, &t.in, &out, libxl_v2, &t.err));
    CHECK(cls_output_flush(&out, &t.err));
    CHECK_INT(t.in.offset, stream);
    lseek(fd, 0, SEEK_SET);
    read_to_end(fd, &got);
    CHECK_BYTES(got.p, got.len, wanted);
    finish(&t);
    bytes_free(&got);
    close(fd);
}

static void configs_are_copied_unchanged(void)
{
    static const uint32_t sizes[] = {4, 5, 300, 100000};

    for (size_t i = 0; i < 4; i++) {
        for (uint32_t json = 0; json <= 1; json++) {
            struct bytes b = {0}, v2 = {0}, same = {0};

            put_xl(&b, json, sizes[i]);
            put_config(&b, sizes[i] - 4, sizes[i]);
            put_bytes(&same, &b);
            put_bytes(&v2, &b);
            v2.p[36] |= 2; /* XL_MANDATORY_FLAG_STREAMv2 */
            put_text(&b, "the stream");
            check_copied(&b, true, &v2, 48 + sizes[i]);
            check_copied(&b, false, &same, 48 + sizes[i]);
            bytes_free(&b);
            bytes_free(&v2);
            bytes_free(&same);
        }
    }
}

static void a_header_without_optional_data(void)
{
    struct bytes b = {0}, wanted = {0};
    struct trial t;

    put_xl(&b, 0, 0);
    put_xl(&wanted, 2, 0);
    put_text(&b, "the stream");
    check_copied(&b, true, &wanted, 48);
    start(&t, &b);
    CHECK(envelope_is_libxl(&t.envelope));
    CHECK(!t.envelope.v2);
    finish(&t);
    bytes_free(&b);
    bytes_free(&wanted);
}

static void bytes_after_the_config_are_copied(void)
{
    struct bytes b = {0};
    struct trial t;

    put_xl(&b, 0, 100);
    put_config(&b, 90, 100);
    check_copied(&b, false, &b, 148);
    start(&t, &b);
    CHECK(recorded(&t.log, "W: xl header: 6 bytes after the config"));
    finish(&t);
    bytes_free(&b);
}

static void the_v2_flag_is_seen(void)
{
    for (uint32_t flags = 2; flags <= 3; flags++) {
        struct bytes b = {0};
        struct trial t;

        put_xl(&b, flags, 0);
        start(&t, &b);
        CHECK(t.ok);
        CHECK(t.envelope.v2);
        finish(&t);
        bytes_free(&b);
    }
}

static void unknown_mandatory_flags(void)
{
    for (unsigned bit = 2; bit < 32; bit++) {
        struct bytes b = {0};

        put_xl(&b, 1u << bit | 1, 0);
        check_fails(&b, 36, "unknown mandatory flags in 0x");
    }
}

static void other_byte_orders(void)
{
    static const uint8_t bad[] = {0x00, 0x01, 0xff};

    for (size_t i = 0; i < 3; i++) {
        struct bytes b = {0};

        put_xl(&b, 0, 0);
        b.p[32] = bad[i];
        check_fails(&b, 32, "expected 0x01020304");
    }
}

static void optional_data_lengths(void)
{
    static const uint32_t bad[] = {1, 2, 3, 16u * 1024 * 1024 + 1, UINT32_MAX};

    for (size_t i = 0; i < 5; i++) {
        struct bytes b = {0};

        put_xl(&b, 0, bad[i]);
        put_fill(&b, 0, 100);
        check_fails(&b, 44, "is neither 0 nor in the range 4 to 16777216");
    }
}

static void configs_longer_than_their_data(void)
{
    struct bytes b = {0};

    put_xl(&b, 0, 100);
    put_config(&b, 97, 100);
    check_fails(&b, 48, "config of 97 bytes does not fit into 100 bytes of optional data");
    put_xl(&b, 0, 4);
    put_config(&b, UINT32_MAX, 4);
    check_fails(&b, 48, "config of 4294967295 bytes does not fit into 4 bytes of optional data");
}

static void truncated_headers(void)
{
    struct bytes b = {0};

    for (size_t n = XL_MAGIC_LEN; n < 48; n++) {
        char reason[80];

        put_xl(&b, 0, 0);
        b.len = n;
        snprintf(reason, sizeof(reason),
                 "expected 48 bytes of the xl header, input ended after %zu", n);
        check_fails(&b, 0, reason);
    }
    put_xl(&b, 0, 100);
    put_fill(&b, 0, 3);
    check_fails(&b, 48, "expected 100 bytes of optional data, input ended after 3");
}

static void truncated_configs(void)
{
    struct cls_output out;
    struct bytes b = {0};
    struct trial t;
    int fd = memfd_of(NULL, 0);

    put_xl(&b, 0, 1000);
    put_config(&b, 996, 999);
    start(&t, &b);
    CHECK(t.ok);
    cls_output_init(&out, fd, "out", NULL);
    CHECK(!envelope_write(&t.envelope, &t.in, &out, true, &t.err));
    CHECK_INT(t.err.status, CLS_BAD_INPUT);
    CHECK_INT(t.err.offset, 48);
    CHECK_CONTAINS(t.err.reason, "expected 1000 bytes of optional data, input ended after 999");
    finish(&t);
    close(fd);
    bytes_free(&b);
}

static void parts_of_the_magic_are_no_envelope(void)
{
    struct bytes b = {0};

    for (size_t n = 0; n < XL_MAGIC_LEN; n++) {
        put_raw(&b, XL_MAGIC, n);
        check_none(&b);
        put_raw(&b, XL_MAGIC, n);
        put_fill(&b, XL_MAGIC[n] == 'x' ? 'y' : 'x', 100);
        check_none(&b);
    }
}

static void skipping_an_envelope(void)
{
    struct bytes b = {0};
    struct trial t;

    put_xl(&b, 2, 100);
    put_config(&b, 96, 100);
    put_text(&b, "stream");
    start(&t, &b);
    CHECK(t.ok && envelope_skip(&t.envelope, &t.in, &t.err));
    CHECK_INT(t.in.offset, 148);
    finish(&t);
    bytes_free(&b);
}

/* Each complete magic, and the expected message. */
static const struct {
    const char *magic;
    size_t len;
    const char *said;
    bool no_saves; /* it cannot contain a save of Xen to convert */
} magics[] = {
    {"LibxlFmt", 8, "already a libxl v2 stream", true},
    {"\xff\xff\xff\xff\xff\xff\xff\xffXENF", 12, "already a libxc v2 stream", true},
    {XL_MAGIC, XL_MAGIC_LEN, "a container in a container: this is the header of a save of xl",
     false},
    {"libvirt-xml\n \0 \r", 16,
     "a container in a container: this is the header of a save of libvirt", false},
    {"LinuxGuestRecord", 16, "a container in a container: this is the header of a save of xend",
     false},
    {"XenSavedDomain\n", 15, "a container in a container: this is the header of a save of xapi",
     false},
    {"XenSavedDomv2-\n", 15,
     "a container in a container: this is the header of a save of xapi structured", false},
    {"LibvirtQemudSave", 16, "a save of a QEMU guest", true},
    {"LibvirtQemudPart", 16, "a save of a QEMU guest", true},
    {"QEVM", 4, "a saved state of QEMU", true},
    {"\x7f"
     "ELF",
     4, "an ELF file", true},
    {"LZIP", 4, "compressed with lzip", false},
    {"\x1f\x9d", 2, "compressed with compress", false},
    {"PK\x03\x04", 4, "a ZIP archive: unpack it", false},
    {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive: unpack it", false},
    {"070701", 6, "a cpio archive: unpack it", false},
    {"070702", 6, "a cpio archive: unpack it", false},
    {"conectix", 8, "a VHD disk image: make it raw (qemu-img convert", false},
    {"vhdxfile", 8, "a VHDX disk image: make it raw (qemu-img convert", false},
    {"QFI\xfb", 4, "a qcow2 disk image: make it raw (qemu-img convert", false},
    {"KDMV", 4, "a VMDK disk image: make it raw (qemu-img convert", false},
    {"\xed\xeb\x0f\xf0", 4, "a core dump of a PV guest", true},
    {"\xee\xeb\x0f\xf0", 4, "a core dump of a HVM guest", true},
    {"\xf0\xff\xff\xff", 4, "a save of uXen", false},
    {"\x89LZO", 4, "compressed with lzop", false},
    {"\xfd"
     "7zXZ\0",
     6, "compressed with xz: decompress it first", false},
    {"\x28\xb5\x2f\xfd", 4, "compressed with zstd: decompress it first", false},
    {"\x04\x22\x4d\x18", 4, "compressed with lz4: decompress it first", false},
    {"BZh91AY&SY", 10, "compressed with bzip2: decompress it first", false},
    {"BZh9\x17\x72\x45\x38\x50\x90", 10, "compressed with bzip2: decompress it first", false},
};
#define MAGICS (sizeof(magics) / sizeof(magics[0]))

/* NULL: unknown bytes. */
static void check_foreign(struct bytes *b, const char *said, bool saves)
{
    bool ok, holds_saves = !saves;
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memfd_of(b->p, b->len);

    cls_input_init(&in, fd, "save", 0, NULL);
    ok = envelope_check_foreign(&in, &holds_saves, &err);
    CHECK_INT(ok, said == NULL);
    CHECK_INT(holds_saves, saves);
    CHECK_INT(in.offset, 0);
    if (said) {
        CHECK_INT(err.status, CLS_BAD_INPUT);
        CHECK_CONTAINS(err.reason, said);
    }
    close(fd);
    bytes_free(b);
}

static void every_magic(void)
{
    struct bytes b = {0};

    for (size_t i = 0; i < MAGICS; i++) {
        put_raw(&b, magics[i].magic, magics[i].len);
        check_foreign(&b, magics[i].said, !magics[i].no_saves);
        put_raw(&b, magics[i].magic, magics[i].len);
        put_pattern(&b, 1000);
        check_foreign(&b, magics[i].said, !magics[i].no_saves);
    }
}

static void truncated_magics(void)
{
    struct bytes b = {0};

    for (size_t i = 0; i < MAGICS; i++) {
        for (size_t n = 0; n < magics[i].len; n++) {
            bool save = strstr(magics[i].said, "a container in a container") != NULL;
            const char *said = NULL, *remains = "its signature is incomplete or damaged";

            /* "LibvirtQemud" is enough. */
            if (n >= 12 && memcmp(magics[i].magic, "LibvirtQemud", 12) == 0)
                said = magics[i].said;
            put_raw(&b, magics[i].magic, n);
            check_foreign(&b,
                          n == 0           ? "an empty file"
                          : save && n >= 4 ? remains
                                           : said,
                          save && n >= 4);
            put_raw(&b, magics[i].magic, n);
            put_fill(&b, (uint8_t)(magics[i].magic[n] + 7), 50);
            check_foreign(&b, save && n >= 11 ? remains : said, save && n >= 11);
        }
    }
}

/* First block of a tar: the name, its checksum plus wrong, the magic of ustar. */
static void put_tar(struct bytes *b, const char *name, unsigned wrong, bool ustar)
{
    uint8_t block[512] = {0};
    unsigned sum = wrong;

    snprintf((char *)block, 100, "%s", name);
    memset(block + 148, ' ', 8);
    if (ustar)
        memcpy(block + 257, "ustar", 6);
    for (size_t i = 0; i < sizeof(block); i++)
        sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
    put_raw(b, block, sizeof(block));
}

static void tar_archives(void)
{
    struct bytes b = {0};

    for (int ustar = 0; ustar < 2; ustar++) {
        put_tar(&b, "a.save", 0, ustar);
        check_foreign(&b, "a tar archive: unpack it", true);
        put_tar(&b, "ova.xml", 0, ustar);
        check_foreign(&b, "an XVA export (tar): unpack it, join the chunks", true);
        put_tar(&b, "a.save", 1, ustar);
        check_foreign(&b, NULL, false);
        put_tar(&b, "a.save", 0, ustar);
        b.len--;
        check_foreign(&b, NULL, false);
    }
    put_fill(&b, 0, 512); /* without a checksum */
    check_foreign(&b, NULL, false);
}

static void magics_elsewhere(void)
{
    struct bytes b = {0};

    put_fill(&b, 0, 1080);
    put_raw(&b, "\x53\xef", 2);
    check_foreign(&b, "an ext2 file system", true);
    put_fill(&b, 0, 64);
    put_raw(&b, "\x7f\x10\xda\xbe", 4);
    check_foreign(&b, "a VDI disk image", true);
    put_fill(&b, 'x', 4096);
    put_raw(&b, "conectix", 8);
    put_fill(&b, 0, 504);
    check_foreign(&b, "a VHD disk image", true);
    put_fill(&b, 'x', 4096);
    put_raw(&b, "conectix", 8);
    put_fill(&b, 0, 503);
    check_foreign(&b, NULL, false);
}

/* gzip's magic can also be a p2m_size, so more bytes are checked. */
static void gzip_is_distinguished_from_a_stream(void)
{
    static const struct {
        uint32_t word[4];
        bool gzip;
    } heads[] = {
        {{0x00088b1f, 0x65000000, 0xbd000300, 0x55b75aed}, true},  /* gzip FILE, time of 2023 */
        {{0x08088b1f, 0x65000000, 0x61000300, 0x622e0062}, true},  /* with the file's name */
        {{0x00088b1f, 0, 0xbd000300, 0x55b75aed}, true},           /* gzip -n */
        {{0x00088b1f, 0, 0, 1}, true},                             /* 0 ends an empty body */
        {{0x01088b1f, 0x65000000, 0, 1}, true},                    /* a text file */
        {{0x1f088b1f, 0x65000000, 0, 1}, true},                    /* all flags */
        {{0x20088b1f, 0x65000000, 0, 1}, false},                   /* reserved flags */
        {{0x00088b1f, 0, 0xffffffff, 0xffffffff}, false},          /* PV, 64-bit */
        {{0x00088b1f, 0, 1024, 0}, false},                         /* HVM, 64-bit */
        {{0x00088b1f, 0, (uint32_t)-7, 1}, false},                 /* with TSC_INFO first */
        {{0x00088b1f, 0, 0x1234, 0}, false},                       /* PV of Xen 3, 64-bit */
        {{0x00088b1f, 0xffffffff, 0x1440, 0x75706376}, false},     /* PV, 32-bit */
        {{0x00088b1f, 1024, 0, 1}, false},                         /* HVM, 32-bit */
        {{0x00088b1f, 0x1234, 0x1235, 0x1236}, false},             /* PV of Xen 3, 32-bit */
        {{0xe0088b1f, 0x65000000, 0xbd000300, 0x55b75aed}, false}, /* reserved flags */
        {{0x00098b1f, 0x65000000, 0xbd000300, 0x55b75aed}, false}, /* another method */
    };

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        const struct compression *found;
        struct bytes b = {0};

        for (size_t j = 0; j < 4; j++)
            put_u32(&b, heads[i].word[j]);
        found = compression_find(b.p, b.len);
        CHECK_THAT((found != NULL) == heads[i].gzip, "head %zu", i);
        CHECK(!compression_find(b.p, b.len - 1));
        bytes_free(&b);
    }
}

static void put_libvirt(struct bytes *b, const char *xml)
{
    put_raw(b, "libvirt-xml\n \0 \r", 16);
    put_u32(b, 1);
    put_u32(b, (uint32_t)strlen(xml) + 1);
    put_fill(b, 0, 40);
    put_raw(b, xml, strlen(xml) + 1);
}

static void guest_in_a_domain_xml(void)
{
    static const struct {
        const char *xml;
        enum guest_type type;
        const char *name, *emulator;
    } xmls[] = {
        {"<domain><os><type>hvm</type></os></domain>", GUEST_HVM, "", ""},
        {"<domain><os><type>linux</type></os></domain>", GUEST_PV, "", ""},
        {"<domain><os><type>xen</type></os></domain>", GUEST_PV, "", ""},
        {"<domain><os><type>uml</type></os></domain>", GUEST_UNKNOWN, "", ""},
        {"<domain><x><type>hvm</type></x></domain>", GUEST_UNKNOWN, "", ""},
        {"<domain><os><x><type>hvm</type></x></os></domain>", GUEST_UNKNOWN, "", ""},
        {"<domain><name>a<!-- b -->c&amp;d</name></domain>", GUEST_UNKNOWN, "ac&d", ""},
        {"<domain><name><![CDATA[<a>]]></name></domain>", GUEST_UNKNOWN, "<a>", ""},
        {"<domain><x><name>a</name></x></domain>", GUEST_UNKNOWN, "", ""},
        {"<domain><devices><emulator>/a</emulator></devices></domain>", GUEST_UNKNOWN, "", "/a"},
        {"<domain><x><emulator>/a</emulator></x></domain>", GUEST_UNKNOWN, "", ""},
        {"<domain xml:space='a'><name>only a warning</name></domain>", GUEST_UNKNOWN,
         "only a warning", ""},
    };

    for (size_t i = 0; i < sizeof(xmls) / sizeof(xmls[0]); i++) {
        struct bytes b = {0};
        struct trial t;

        put_libvirt(&b, xmls[i].xml);
        start(&t, &b);
        CHECK_THAT(t.ok, "%s: %s", xmls[i].xml, t.err.reason);
        CHECK_THAT(t.envelope.guest.type == xmls[i].type, "%s", xmls[i].xml);
        CHECK_TEXT(t.envelope.guest.name, xmls[i].name);
        CHECK_TEXT(t.envelope.guest.emulator, xmls[i].emulator);
        finish(&t);
        bytes_free(&b);
    }
}

/* Elements, comments and attributes that only resemble the device model's element. */
static void dropping_the_emulator(void)
{
    static const char before[] =
        "<domain a=\"'>\"><!-- <devices><emulator>/x</emulator></devices> -->"
        "<devicesx><emulator>/x</emulator></devicesx><os><devices><emulator>/x</emulator></devices>"
        "</os><name><![CDATA[<devices>]]></name><devices/><devices a='>'><emulatorx>/x</emulatorx>"
        "<disk/><y><emulator>/x</emulator></y>";
    static const char after[] = "<emulatory/></devices><devices></devices></domain>";
    static const char *const emulators[] = {"", "<emulator>/a</emulator>",
                                            "<emulator a='/>'\n>/a<!-- </emulator> --></emulator>",
                                            "<emulator/>"};

    for (size_t i = 0; i < sizeof(emulators) / sizeof(emulators[0]); i++) {
        struct bytes b = {0}, wanted = {0};
        char xml[800];
        bool dropped;
        struct trial t;

        snprintf(xml, sizeof(xml), "%s%s%s", before, emulators[i], after);
        put_libvirt(&b, xml);
        start(&t, &b);
        CHECK_THAT(t.ok, "%s", t.err.reason);
        CHECK(envelope_drop_emulator(&t.envelope, &t.in, &dropped, &t.err));
        CHECK_INT(dropped, i > 0);
        put_text(&wanted, before);
        put_raw(&wanted, after, sizeof(after));
        CHECK_BYTES(t.envelope.config, t.envelope.config_len, &wanted);
        CHECK_TEXT(t.envelope.guest.emulator, "");
        finish(&t);
        bytes_free(&b);
        bytes_free(&wanted);
    }
}

static void domain_xml_that_is_rejected(void)
{
    static const char *const xmls[][2] = {
        {"<disk><name>a</name></disk>", "not a domain XML"},
        {"<domain>\n<name>a</b></domain>", "line 2: Opening and ending tag mismatch"},
        {"<domain>&none;</domain>", "line 1: Entity 'none' not defined"},
        {"<!DOCTYPE a><domain/>", "DOCTYPE is not allowed"},
    };

    for (size_t i = 0; i < sizeof(xmls) / sizeof(xmls[0]); i++) {
        struct bytes b = {0};

        put_libvirt(&b, xmls[i][0]);
        check_fails(&b, 64, xmls[i][1]);
    }
}

#define XENOPS       0x000f
#define LIBXC_LEGACY 0x00f2

/* The records before the stream of a XAPI image. */
static void xapi_records(void)
{
    static const struct {
        uint64_t type, length, second_type, second_length, wrong; /* 0: both are sound */
    } images[] = {
        {XENOPS, 4, LIBXC_LEGACY, 0, 0},  {LIBXC_LEGACY, 4, LIBXC_LEGACY, 0, 15},
        {XENOPS, 0, LIBXC_LEGACY, 0, 15}, {XENOPS, (uint64_t)1 << 32 | 4, LIBXC_LEGACY, 0, 15},
        {XENOPS, 4, XENOPS, 0, 35},       {XENOPS, 4, LIBXC_LEGACY, 1, 35},
    };

    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
        struct bytes b = {0};
        struct trial t;

        put_text(&b, "XenSavedDomv2-\n");
        put_u64(&b, images[i].type);
        put_u64(&b, images[i].length);
        put_text(&b, "(())");
        put_u64(&b, images[i].second_type);
        put_u64(&b, images[i].second_length);
        if (images[i].wrong) {
            check_fails(&b, images[i].wrong, "unexpected record of type");
            continue;
        }
        start(&t, &b);
        CHECK_THAT(t.ok, "%s", t.err.reason);
        CHECK_INT(t.in.offset, b.len);
        finish(&t);
        bytes_free(&b);
    }
}

CU_TestInfo envelope_tests[] = {
    {"configs are copied unchanged", configs_are_copied_unchanged},
    {"a header without optional data", a_header_without_optional_data},
    {"bytes after the config are copied", bytes_after_the_config_are_copied},
    {"the v2 flag is seen", the_v2_flag_is_seen},
    {"unknown mandatory flags", unknown_mandatory_flags},
    {"other byte orders", other_byte_orders},
    {"optional data lengths", optional_data_lengths},
    {"configs longer than their data", configs_longer_than_their_data},
    {"truncated headers", truncated_headers},
    {"truncated configs", truncated_configs},
    {"parts of the magic are no envelope", parts_of_the_magic_are_no_envelope},
    {"skipping an envelope", skipping_an_envelope},
    {"guest in a domain XML", guest_in_a_domain_xml},
    {"dropping the emulator", dropping_the_emulator},
    {"domain XML that is rejected", domain_xml_that_is_rejected},
    {"XAPI records", xapi_records},
    {"every magic", every_magic},
    {"truncated magics", truncated_magics},
    {"tar archives", tar_archives},
    {"magics elsewhere", magics_elsewhere},
    {"gzip is distinguished from a stream", gzip_is_distinguished_from_a_stream},
    CU_TEST_INFO_NULL,
};
