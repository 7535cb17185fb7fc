/*
 * Facts and repairs of HVM contexts, vcpus, qemu records and small items, each made by hand.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "limits/repair.h"
#include "support.h"

/* A record of a HVM context. */
static void put_record(struct bytes *b, uint16_t type, uint16_t instance, const struct bytes *body)
{
    uint8_t head[8];

    put_le16(head, type);
    put_le16(head + 2, instance);
    put_le32(head + 4, (uint32_t)body->len);
    put_raw(b, head, sizeof(head));
    put_bytes(b, body);
}

static struct bytes filled(size_t n, size_t at, uint64_t value)
{
    struct bytes b = {0};
    uint8_t v[8];

    put_le64(v, value);
    put_fill(&b, 0, at);
    put_raw(&b, v, sizeof(v));
    put_fill(&b, 0, n - at - sizeof(v));
    return b;
}

static void put_filled(struct bytes *b, uint16_t type, uint16_t instance, size_t n, size_t at,
                       uint64_t value)
{
    struct bytes body = filled(n, at, value);

    put_record(b, type, instance, &body);
    bytes_free(&body);
}

/* Offsets as in public/arch-x86/hvm/save.h of Xen 4.5, measured by compiling it. */
static struct bytes context(void)
{
    struct bytes b = {0};

    put_filled(&b, 1, 0, 24, 16, 0x00800f12 | UINT64_C(2000000) << 32);
    put_filled(&b, 2, 0, 1024, 680, 1 << 18);
    put_filled(&b, 2, 1, 1016, 992, 1 << 12);
    put_filled(&b, 15, 0, 24, 0, 0);
    put_filled(&b, 16, 0, 24 + 832, 16, 7);
    put_filled(&b, 18, 0, 24, 0, 0x1000802);
    put_filled(&b, 18, 1, 8, 0, 0x1000802);
    put_filled(&b, 20, 2, 24, 8, 0xc0011019);
    return b;
}

static struct image_item context_item(const struct bytes *b)
{
    return (struct image_item){.kind = IMAGE_HVM_CONTEXT, .data = {.len = b->len, .bytes = b->p}};
}

static void facts_of_a_context(void)
{
    struct bytes b = context();
    struct image_item item = context_item(&b);
    struct limits_facts f;

    limits_facts_init(&f);
    ((uint8_t *)b.p)[b.len - 24] = 1; /* one MSR */
    limits_facts_item(&f, &item);
    CHECK_INT(f.cpu_records, 2);
    CHECK_INT(f.vcpus_needed, 3);
    CHECK_INT(f.cpuid_eax, 0x00800f12);
    CHECK_INT(limits_vendor_of(f.cpuid_eax), LIMITS_VENDOR_AMD);
    CHECK_INT(f.cr4, 1 << 18);
    CHECK_INT(f.efer, 1 << 12);
    CHECK_INT(f.xcr0_accum, 7);
    CHECK_INT(f.mcg_caps, 0x1000802);
    CHECK(f.has_viridian_state && f.has_dr_masks && !f.has_bndcfgs);
    /* truncated anywhere: nothing beyond the end is read */
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        struct image_item cut = {.kind = IMAGE_HVM_CONTEXT, .data = {.len = n, .bytes = copy}};

        memcpy(copy, b.p, n);
        limits_facts_init(&f);
        limits_facts_item(&f, &cut);
        CHECK(f.vcpus_needed <= 3);
        free(copy);
    }
    bytes_free(&b);
}

static void msrs_of_a_context(void)
{
    static const struct {
        uint32_t index;
        bool bndcfgs, dr_masks;
    } msrs[] = {
        {0xd8f, false, false},      {0xd90, true, false},       {0xd91, false, false},
        {0xc0011018, false, false}, {0xc0011019, false, true},  {0xc001101a, false, true},
        {0xc001101b, false, true},  {0xc001101c, false, false}, {0xc0011026, false, false},
        {0xc0011027, false, true},  {0xc0011028, false, false},
    };

    for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
        struct bytes b = {0};
        struct image_item item;
        struct limits_facts f;

        put_filled(&b, 20, 0, 24, 8, msrs[i].index);
        b.p[b.len - 24] = 1; /* one MSR */
        item = context_item(&b);
        limits_facts_init(&f);
        limits_facts_item(&f, &item);
        CHECK_THAT(f.has_bndcfgs == msrs[i].bndcfgs, "MSR %#x", msrs[i].index);
        CHECK_THAT(f.has_dr_masks == msrs[i].dr_masks, "MSR %#x", msrs[i].index);
        bytes_free(&b);
    }
}

/* Repairs one item with a fresh struct repair. */
static void repair_one(struct repair *r, struct limits_hold *hold, unsigned wanted,
                       struct image_item *item, struct image_item *before, bool *has_before)
{
    struct repair_request request = {.named = wanted};
    struct limits_host host = {0};
    struct cls_error err;

    repair_init(r, &request, &host);
    CHECK(repair_item(r, hold, item, before, has_before, &err));
}

static void repairs_of_a_context(void)
{
    struct bytes b = context(), wanted = context();
    struct image_item item = context_item(&b), before;
    struct limits_hold hold = {0};
    struct repair r;
    bool has_before;
    size_t at = 0;

    repair_one(&r, &hold, LIMITS_REPAIR_VIRIDIAN | LIMITS_REPAIR_MCE_CAPS, &item, &before,
               &has_before);
    CHECK(has_before && before.kind == IMAGE_HVM_PARAMS && before.hvm_params.count == 1);
    CHECK(before.hvm_params.params[0].index == 9 && before.hvm_params.params[0].value == 1);
    CHECK_INT(repair_made(&r), LIMITS_REPAIR_VIRIDIAN | LIMITS_REPAIR_MCE_CAPS);
    /* the records of type 18, by hand: bits 11 and 24 of the first eight bytes */
    at = 8 + 24 + 8 + 1024 + 8 + 1016 + 8 + 24 + 8 + 24 + 832;
    for (int i = 0; i < 2; i++) {
        CHECK_INT(wanted.p[at], 18);
        put_le64(wanted.p + at + 8, 2);
        at += 8 + 24;
    }
    CHECK_BYTES(item.data.bytes, item.data.len, &wanted);
    /* not selected */
    item = context_item(&b);
    repair_one(&r, &hold,
               LIMITS_REPAIR_ALL & ~(unsigned)(LIMITS_REPAIR_VIRIDIAN | LIMITS_REPAIR_MCE_CAPS),
               &item, &before, &has_before);
    CHECK(!has_before && repair_made(&r) == 0 && item.data.bytes == b.p);
    limits_hold_free(&hold);
    bytes_free(&wanted);
    bytes_free(&b);
}

static void mce_caps_for_amd_only(void)
{
    struct limits_host unknown = {0}, intel = {.given = true, .vendor = LIMITS_VENDOR_INTEL},
                       amd = {.given = true, .vendor = LIMITS_VENDOR_AMD, .minor = 17};
    struct repair_request request = {.all = true};
    struct bytes b = context(); /* saved on AMD */
    struct limits_hold hold = {0};
    struct image_item item = context_item(&b), before;
    struct cls_error err;
    struct repair r;
    bool has_before;

    repair_init(&r, &request, &unknown);
    CHECK(repair_item(&r, &hold, &item, &before, &has_before, &err));
    CHECK(repair_made(&r) & LIMITS_REPAIR_MCE_CAPS);
    put_le32(b.p + 8 + 16, 0x000206a7); /* saved on Intel */
    item = context_item(&b);
    repair_init(&r, &request, &unknown);
    CHECK(repair_item(&r, &hold, &item, &before, &has_before, &err));
    CHECK(!(repair_made(&r) & LIMITS_REPAIR_MCE_CAPS));
    repair_init(&r, &request, &amd);
    CHECK(repair_item(&r, &hold, &item, &before, &has_before, &err));
    CHECK(repair_made(&r) & LIMITS_REPAIR_MCE_CAPS);
    put_le32(b.p + 8 + 16, 0x000206a7);
    item = context_item(&b);
    intel.minor = 17;
    put_le32(b.p + 8 + 16, 0x00800f12);
    item = context_item(&b);
    repair_init(&r, &request, &intel);
    CHECK(repair_item(&r, &hold, &item, &before, &has_before, &err));
    CHECK(!(repair_made(&r) & LIMITS_REPAIR_MCE_CAPS));
    limits_hold_free(&hold);
    bytes_free(&b);
}

static void repairs_of_small_items(void)
{
    struct image_hvm_param params[] = {{12, 1}, {36, 8}, {9, 1}};
    struct image_item before, item = {.kind = IMAGE_TSC_INFO, .tsc_info = {.mode = 3, .khz = 5}};
    struct limits_hold hold = {0};
    struct repair r;
    bool has_before;

    repair_one(&r, &hold, LIMITS_REPAIR_TSC_MODE, &item, &before, &has_before);
    CHECK(item.tsc_info.mode == 1 && item.tsc_info.khz == 5 && !has_before);
    for (uint32_t mode = 0; mode < 6; mode++) {
        item.tsc_info.mode = mode;
        repair_one(&r, &hold, mode == 3 ? LIMITS_REPAIR_XSAVE : LIMITS_REPAIR_ALL, &item, &before,
                   &has_before);
        CHECK_INT(item.tsc_info.mode, mode);
        CHECK_INT(repair_made(&r), 0);
    }
    item = (struct image_item){.kind = IMAGE_HVM_PARAMS, .hvm_params = {3, params}};
    repair_one(&r, &hold, LIMITS_REPAIR_FIP_WIDTH, &item, &before, &has_before);
    CHECK_INT(item.hvm_params.count, 2);
    CHECK(item.hvm_params.params[0].index == 12 && item.hvm_params.params[1].index == 9);
    CHECK(r.has_viridian);
    item = (struct image_item){.kind = IMAGE_HVM_PARAMS, .hvm_params = {1, params}};
    repair_one(&r, &hold, LIMITS_REPAIR_ALL, &item, &before, &has_before);
    CHECK(item.hvm_params.params == params && repair_made(&r) == 0);
}

/* The record has 976 bytes. wanted: the length after the repair. */
static void check_xsave(uint64_t accum, uint64_t xstate_bv, uint64_t wanted, unsigned used)
{
    struct bytes b = filled(976, 8, accum);
    struct image_item before, item = {.kind = IMAGE_VCPU_XSAVE};
    struct limits_hold hold = {0};
    struct limits_facts f;
    struct repair r;
    bool has_before;

    put_le64(b.p + 16 + 512, xstate_bv);
    item.vcpu.data = (struct image_data){.len = b.len, .bytes = b.p};
    limits_facts_init(&f);
    limits_facts_item(&f, &item);
    CHECK_INT(f.long_xsave, wanted != 976 || used);
    CHECK_INT(f.long_xsave_used, used);
    repair_one(&r, &hold, LIMITS_REPAIR_XSAVE, &item, &before, &has_before);
    CHECK_INT(item.vcpu.data.len, wanted);
    CHECK_INT(repair_made(&r), wanted != 976 ? LIMITS_REPAIR_XSAVE : 0);
    bytes_free(&b);
}

/*
 * 976 bytes are the size on a host with LWP. Expected sizes are those of xstate_ctxt_size() in
 * newer hypervisors: 576 with x87 and SSE, 832 with AVX, nothing for a guest that enabled nothing.
 */
static void xsave_records_of_the_hosts_size(void)
{
    check_xsave(3, 3, 592, 0);
    check_xsave(7, 7, 848, 0);
    check_xsave(7, 3, 848, 0);
    check_xsave(0, 3, 16, 0); /* x87 and SSE state is also in the vcpu's context */
    /* the excess is in use */
    check_xsave(3, 7, 976, 1);
    check_xsave(0, 4, 976, 1);
    /* the accepted size is unknown */
    check_xsave(UINT64_C(1) << 62 | 7, 7, 976, 0);
}

static void mcg_caps_of_pv_vcpus(void)
{
    struct bytes b = filled(128, 32, 0x1000802), wanted;
    struct image_item before, item = {.kind = IMAGE_VCPU_EXTENDED};
    struct limits_hold hold = {0};
    struct limits_facts f;
    struct repair r;
    bool has_before;

    for (uint32_t size = 39; size <= 40; size++) {
        put_le32(b.p + 4, size);
        item.vcpu.data = (struct image_data){.len = b.len, .bytes = b.p};
        limits_facts_init(&f);
        limits_facts_item(&f, &item);
        CHECK_INT(f.mcg_caps, size == 40 ? 0x1000802 : 0);
        repair_one(&r, &hold, LIMITS_REPAIR_MCE_CAPS, &item, &before, &has_before);
        CHECK_INT(repair_made(&r), size == 40 ? LIMITS_REPAIR_MCE_CAPS : 0);
    }
    wanted = filled(128, 32, 2);
    put_le32(wanted.p + 4, 40);
    CHECK_BYTES(item.vcpu.data.bytes, item.vcpu.data.len, &wanted);
    put_le32(b.p + 4, 40);
    item.vcpu.data = (struct image_data){.len = 39, .bytes = b.p};
    limits_facts_init(&f);
    limits_facts_item(&f, &item);
    CHECK_INT(f.mcg_caps, 0);
    limits_hold_free(&hold);
    bytes_free(&wanted);
    bytes_free(&b);
}

/* type FULL, id, name, instance, version; then size bytes of body. */
static void put_section(struct bytes *b, uint8_t id, const char *name, size_t size)
{
    uint8_t head[] = {4, 0, 0, 0, id, (uint8_t)strlen(name)}, tail[] = {0, 0, 0, 0, 0, 0, 0, 2};

    put_raw(b, head, sizeof(head));
    put_text(b, name);
    put_raw(b, tail, sizeof(tail));
    put_fill(b, 0, size);
}

static struct bytes qemu_record(bool tpr, const char *vga)
{
    struct bytes b = {0};

    put_hex(&b, "51 45 56 4d 00 00 00 03");
    put_section(&b, 1, "cpu", 40);
    if (tpr)
        put_section(&b, 2, "kvm-tpr-opt", 144);
    put_section(&b, 2 + tpr, "apic", 20);
    put_section(&b, 3 + tpr, "0000:00:01.3/piix4_pm", 20);
    put_section(&b, 4 + tpr, "0000:00:02.0/platform", 20);
    put_section(&b, 5 + tpr, vga, 0);
    put_hex(&b, "00 00 00 02 34 12 11 11 03 00 00 00 00 00 00 03");
    put_fill(&b, 0, 100);
    return b;
}

static struct image_item emulator_item(const struct bytes *b, const char *lead, size_t lead_len)
{
    struct image_item item = {.kind = IMAGE_EMULATOR};

    item.emulator.lead = (const uint8_t *)lead;
    item.emulator.lead_len = lead_len;
    item.emulator.data = (struct image_data){.len = b->len, .bytes = b->p};
    return item;
}

static void facts_of_qemu_records(void)
{
    struct bytes b = qemu_record(true, "0000:00:03.0/vga"), t = {0};
    struct limits_qemu_facts f = {.vga_slot = -1, .platform_slot = -1, .sound_slot = -1};

    qemu_facts(&f, b.p, b.len);
    CHECK_INT(f.kind, LIMITS_QEMU_UPSTREAM);
    CHECK(f.kvm_tpr_opt && f.vga_revision_0 && f.stdvga);
    CHECK_INT(f.vga_slot, 3);
    CHECK_INT(f.platform_slot, 2);
    CHECK_INT(f.sound_slot, -1);
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *copy = malloc(n ? n : 1);

        memcpy(copy, b.p, n);
        qemu_facts(&f, copy, n);
        free(copy);
    }
    put_section(&t, 1, "piix4acpi", 10);
    qemu_facts(&f, t.p, t.len);
    CHECK_INT(f.kind, LIMITS_QEMU_TRADITIONAL);
    t.len = 0;
    put_section(&t, 1, "piix5acpi", 10);
    put_section(&t, 2, "0000:00:1f.0/ac97", 10);
    put_section(&t, 2, "0000:00:12.0/cirrus_vga", 10);
    put_section(&t, 2, "0000:00:04.0/rtl8139", 10);
    put_section(&t, 2, "0000:00:0b.0/e1000", 10);
    qemu_facts(&f, t.p, t.len);
    qemu_facts(&f, t.p, t.len);
    CHECK_INT(f.kind, LIMITS_QEMU_UNKNOWN);
    CHECK(f.nic_count == 2 && f.nic_slots[0] == 4 && f.nic_slots[1] == 11);
    CHECK_INT(f.sound_slot, 31);
    CHECK_INT(f.vga_slot, 18);
    CHECK(strcmp(f.sound, "ac97") == 0 && !f.kvm_tpr_opt);
    bytes_free(&t);
    bytes_free(&b);
}

static void repairs_of_qemu_records(void)
{
    static const char lead[] = "DeviceModelRecord0002\xff\xff\xff\xff",
                      xapi[] = "QemuDeviceModelRecord\n\xff\xff\xff\xff";
    struct bytes b = qemu_record(true, "0000:00:03.0/vga"),
                 wanted = qemu_record(false, "0000:00:03.0/vga");
    struct image_item before, item = emulator_item(&b, lead, sizeof(lead) - 1);
    struct limits_hold hold = {0};
    struct repair r;
    bool has_before;
    size_t n = 0;

    /* the ids of the following sections do not change */
    for (size_t i = 8 + 14 + 3 + 40; i + 5 < wanted.len; i++)
        if (wanted.p[i] == 4 && get_be32(wanted.p + i + 1) < 6 && wanted.p[i + 5] >= 4 && ++n)
            wanted.p[i + 4]++;
    CHECK_INT(n, 4);
    repair_one(&r, &hold, LIMITS_REPAIR_KVMVAPIC, &item, &before, &has_before);
    CHECK_INT(item.emulator.data.len, b.len - 169);
    CHECK_BYTES(item.emulator.data.bytes, item.emulator.data.len, &wanted);
    CHECK_INT(get_le32(item.emulator.lead + 21), b.len - 169);
    CHECK_INT(repair_made(&r), LIMITS_REPAIR_KVMVAPIC);
    /* also the VGA's revision, with XAPI's header */
    item = emulator_item(&b, xapi, sizeof(xapi) - 1);
    repair_one(&r, &hold, LIMITS_REPAIR_ALL, &item, &before, &has_before);
    wanted.p[wanted.len - 100 - 4] = 2;
    CHECK_BYTES(item.emulator.data.bytes, item.emulator.data.len, &wanted);
    CHECK_INT(get_be32(item.emulator.lead + 22), b.len - 169);
    /* a body that is not zero, or another id in the next section: no change */
    b.p[8 + 17 + 40 + 25 + 143] = 1;
    item = emulator_item(&b, lead, sizeof(lead) - 1);
    repair_one(&r, &hold, LIMITS_REPAIR_KVMVAPIC, &item, &before, &has_before);
    CHECK(item.emulator.data.bytes == b.p && repair_made(&r) == 0);
    b.p[8 + 17 + 40 + 25 + 143] = 0;
    b.p[8 + 17 + 40 + 25 + 144 + 4] = 9;
    repair_one(&r, &hold, LIMITS_REPAIR_KVMVAPIC, &item, &before, &has_before);
    CHECK(item.emulator.data.bytes == b.p && repair_made(&r) == 0);
    limits_hold_free(&hold);
    bytes_free(&wanted);
    bytes_free(&b);
}

static void check_held(const struct bytes *content, uint64_t len, bool ok, uint64_t some)
{
    struct image_item item = {.kind = IMAGE_HVM_CONTEXT};
    struct limits_hold hold = {0};
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memfd_of(content->p, content->len);

    cls_input_init(&in, fd, "held", 0, NULL);
    item.data = (struct image_data){.len = len, .from = &in};
    CHECK_INT(limits_hold(&hold, &item, &err), ok);
    if (ok && item.data.bytes)
        CHECK_BYTES(item.data.bytes, item.data.len, content);
    CHECK(ok || (err.status == CLS_BAD_INPUT && err.about_input));
    CHECK(hold.held.capacity <= content->len * 2 + 2 * CLS_BULK_SIZE);
    CHECK(cls_input_seek(&in, 0, &err));
    item.data = (struct image_data){.len = len, .from = &in};
    CHECK(limits_hold_available(&hold, &item, &err));
    CHECK_INT(item.data.len, some);
    limits_hold_free(&hold);
    cls_input_release(&in);
    close(fd);
}

static void data_is_held(void)
{
    struct bytes b = {0};

    check_held(&b, 0, true, 0);
    check_held(&b, 1, false, 0);
    put_pattern(&b, 700000);
    check_held(&b, 700000, true, 700000);
    check_held(&b, 700001, false, 700000);
    check_held(&b, LIMITS_HELD_MAX, false, 700000);
    check_held(&b, LIMITS_HELD_MAX + 1, true, LIMITS_HELD_MAX + 1); /* left where it is */
    bytes_free(&b);
}

CU_TestInfo repair_tests[] = {
    {"facts of a context", facts_of_a_context},
    {"MSRs of a context", msrs_of_a_context},
    {"repairs of a context", repairs_of_a_context},
    {"mce-caps for AMD only", mce_caps_for_amd_only},
    {"repairs of small items", repairs_of_small_items},
    {"xsave records of the host's size", xsave_records_of_the_hosts_size},
    {"MCG_CAP of PV vcpus", mcg_caps_of_pv_vcpus},
    {"facts of qemu records", facts_of_qemu_records},
    {"repairs of qemu records", repairs_of_qemu_records},
    {"data is held", data_is_held},
    CU_TEST_INFO_NULL,
};
