#include "build_container.h"

#include <string.h>

#define CONFIG_MAX ((size_t)16 * 1024)

enum { XENOPS = 0xf, LIBXC_LEGACY = 0xf2, END_OF_IMAGE = 0xffff };

void choose_container(struct choices *c, enum container *container, struct stream_shape *shape)
{
    *container = (enum container)(choose(c) % CONTAINERS);
    if (*container != XAPI && *container != XAPI_STRUCTURED)
        return;
    /* On a disk the end of the stream must be marked. */
    shape->further_checkpoints = 0;
    if (shape->signature == QEMU_XEND)
        shape->signature = QEMU_LIBXL;
    if (*container == XAPI_STRUCTURED && shape->signature == QEMU_XAPI)
        shape->signature = QEMU_LIBXL;
}

static void put_text(struct bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

/* Writes some of the parts in any order. Only the first ones, up to number valid, are valid. */
static void put_parts(struct choices *c, struct bytes *b, const char *const *parts, unsigned valid,
                      unsigned count)
{
    for (unsigned n = choose(c) % 8; n > 0; n--) {
        unsigned part = choose(c) % (c->only_valid ? valid : count);

        c->has_invalid |= part >= valid;
        put_text(b, parts[part]);
    }
}

static void put_xl_text(struct choices *c, struct bytes *b, bool hvm)
{
    static const char *const parts[] = {"memory = 64\n",
                                        "vcpus = 2\n",
                                        "# builder = 'other'\n",
                                        "disk = [ 'phy:/dev/a,xvda,w',\n  'b,raw,hda,rw' ]\n",
                                        "viridian = 1\n",
                                        "tsc_mode = \"native_paravirt\"\n",
                                        "vif = [ \"mac=00:16:3e:00:00:01\" ]\n",
                                        "extra = '#'\n",
                                        "disk = [ 'open\n",
                                        "builder = \"generic\"\n",
                                        "= 3\n",
                                        "\0"};

    put_text(b, "name = \"old\"\n");
    if (hvm)
        put_text(b, "builder = 'hvm'\n");
    put_parts(c, b, parts, 8, sizeof(parts) / sizeof(parts[0]));
}

static void put_xl_json(struct choices *c, struct bytes *b, bool hvm)
{
    static const char *const parts[] = {",\"disks\":[{\"vdev\":\"xvda\",\"format\":\"raw\"}]",
                                        ",\"nics\":[{\"mac\":\"00:16:3e:00:00:01\"},{}]",
                                        ",\"on_reboot\":\"restart\"",
                                        ",\"\\u0061\\n\":[null,true,1.5e3,{\"x\":[]}]",
                                        ",\"b_info\":[]",
                                        ",\"c_info\":{\"type\":7}",
                                        ",",
                                        "}"};

    put_text(b, "{\"c_info\":{\"name\":\"old\",\"type\":");
    put_text(b, hvm ? "\"hvm\"" : "\"pv\"");
    put_text(b, "},\"b_info\":{\"max_memkb\":65536,\"max_vcpus\":2,\"type\":");
    put_text(b, hvm ? "\"hvm\"}" : "\"pv\"}");
    put_parts(c, b, parts, 4, sizeof(parts) / sizeof(parts[0]));
    put(b, "}", 2);
}

static void put_xl_head(struct choices *c, struct bytes *b, const struct bytes *config, bool json)
{
    put(b, "Xen saved domain, xl format\n \0 \r", 32);
    put_u32(b, vary(c, 0x01020304));
    put_u32(b, vary(c, json));
    put_u32(b, choose(c) % 2);
    put_u32(b, vary(c, (uint32_t)config->n + 4));
    put_u32(b, vary(c, (uint32_t)config->n));
}

static void put_xml(struct choices *c, struct bytes *b, bool hvm)
{
    static const char *const parts[] = {"<description>a &lt;type&gt; &amp; b</description>",
                                        "<!-- <os><type>other</type></os> -->",
                                        "<metadata><a:b xmlns:a='u' c=\"d\"/></metadata>",
                                        "<devices><emulator>/usr/bin/qemu</emulator><x/></devices>",
                                        "<title><![CDATA[<os>]]></title>\n",
                                        "<os><type>exe</type></os>",
                                        "<a>",
                                        "</domain>",
                                        "&nosuch;",
                                        "<!DOCTYPE a>"};

    put_text(b, "<domain type='xen' id='3'>\n");
    put_parts(c, b, parts, 5, sizeof(parts) / sizeof(parts[0]));
    put_text(b, "<name>old</name><os><type arch='x86_64'>");
    put_text(b, hvm ? "hvm" : "linux");
    put_text(b, "</type></os>\n");
    put_parts(c, b, parts, 5, sizeof(parts) / sizeof(parts[0]));
    put(b, "</domain>\n", 11);
}

static void put_libvirt_head(struct choices *c, struct bytes *b, const struct bytes *config)
{
    static const uint8_t zeros[40];

    put(b, "libvirt-xml\n \0 \r", 16);
    put_u32(b, vary(c, 1));
    put_u32(b, vary(c, (uint32_t)config->n));
    put(b, zeros, sizeof(zeros));
}

static void put_sexp(struct choices *c, struct bytes *b, bool hvm)
{
    static const char *const parts[] = {"(vcpus 4)",
                                        "(memory 256)",
                                        "(maxmem 512)",
                                        "(device (vbd (uname phy:vg/a) (dev xvda:disk) (mode w)))",
                                        "(device (tap2 (dev xvdb) (uname tap:qcow2:/c) (mode r)))",
                                        "(device (vif (bridge xenbr0) (mac 00:16:3e:11:22:33)))",
                                        "(description 'a \"b\" (c')",
                                        "(cpus (() (1 2)))",
                                        "(device (vfb (vnc 1) (keymap de)))",
                                        "(features '')",
                                        "(image (linux (args '')))",
                                        "(name",
                                        ")",
                                        "'",
                                        "(device)"};

    put_text(b, "(domain (name old) ");
    put_parts(c, b, parts, 10, sizeof(parts) / sizeof(parts[0]));
    put_text(b, hvm ? "(image (hvm (kernel '') (boot cd) (acpi 1) (vnc 1)))"
                    : "(image (linux (kernel /k) (ramdisk /r) (args 'ro')))");
    put_parts(c, b, parts, 10, sizeof(parts) / sizeof(parts[0]));
    put_text(b, ")");
}

static void put_record(struct choices *c, struct bytes *b, uint32_t type, const char *content)
{
    put_u64(b, vary(c, type));
    put_u64(b, vary(c, (uint32_t)strlen(content)));
    put_text(b, content);
}

static void put_head(struct choices *c, enum container container, bool hvm, struct bytes *b)
{
    static uint8_t memory[CONFIG_MAX];
    struct bytes config = {memory, 0, sizeof(memory)};

    switch (container) {
    case XL_TEXT:
    case XL_JSON:
        (container == XL_JSON ? put_xl_json : put_xl_text)(c, &config, hvm);
        put_xl_head(c, b, &config, container == XL_JSON);
        break;
    case LIBVIRT:
        put_xml(c, &config, hvm);
        put_libvirt_head(c, b, &config);
        break;
    case XEND:
        put_sexp(c, &config, hvm);
        put_text(b, "LinuxGuestRecord");
        put_be32_bytes(b, vary(c, (uint32_t)config.n));
        break;
    case XAPI:
        put_text(b, "XenSavedDomain\n");
        break;
    case XAPI_STRUCTURED:
        put_text(b, "XenSavedDomv2-\n");
        if (!choose_invalid(c))
            put_record(c, b, XENOPS, "((time 20140611T10:00:00Z)(word_size 32))");
        put_record(c, b, LIBXC_LEGACY, "");
        break;
    default:
        break;
    }
    put(b, config.at, config.n);
}

struct bytes build_save(struct choices *c, enum container container,
                        const struct stream_shape *shape, struct bytes *stream)
{
    static uint8_t memory[STREAM_MAX];
    struct bytes b = {memory, 0, sizeof(memory)};
    size_t start;

    put_head(c, container, shape->hvm, &b);
    start = b.n;
    build_stream(c, shape, &b);
    *stream = (struct bytes){memory + start, b.n - start, b.n - start};
    if (container == XAPI_STRUCTURED)
        put_record(c, &b, END_OF_IMAGE, "");
    else if (container == XAPI) /* old data on the disk */
        put(&b, NULL, choose(c));
    return b;
}
