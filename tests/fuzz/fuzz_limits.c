/*
 * HVM contexts, qemu records, PV vcpus and configurations: facts, findings, repairs. What was
 * repaired needs no repair any more, and the same input gives the same result.
 */
#include <string.h>

#include "limits/repair.h"
#include "memory_input.h"
#include "part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    if (!memchr(text, '\0', size))
        __builtin_trap();
}

/* Any host, at hand or named, knows something, or not. */
static struct limits_host host_of(unsigned bits)
{
    struct limits_host host = {
        .given = true, .is_local = bits & 1, .minor = 6 + (int)(bits % 17), .point = (int)bits % 4};

    if (!host.is_local) {
        host.point = LIMITS_POINT_ANY;
        return host;
    }
    host.pv = host.pv32 = host.hvm = (enum limits_known)(bits % 3);
    host.qemu_traditional = host.l1tf = (enum limits_known)(bits / 2 % 3);
    host.vendor = (enum limits_vendor)(bits / 3 % 3);
    for (unsigned i = 0; i < LIMITS_CPU_COUNT; i++)
        host.cpu[i] = (enum limits_known)((bits + i) % 3);
    return host;
}

static void check_findings(const struct limits_facts *facts, unsigned bits)
{
    static struct limits_findings findings;
    struct limits_span spans[LIMITS_SPANS_MAX];
    struct limits_host host = {0};

    limits_find(facts, &host, &findings);
    for (unsigned i = 0; i < findings.count; i++) {
        check_text(findings.list[i].what, sizeof(findings.list[i].what));
        check_text(findings.list[i].where, sizeof(findings.list[i].where));
        check_text(findings.list[i].remedy, sizeof(findings.list[i].remedy));
    }
    host = host_of(bits);
    limits_find(facts, &host, &findings);
    if (bits == 31 && limits_spans(facts, spans) > LIMITS_SPANS_MAX)
        __builtin_trap();
}

enum part { HVM_CONTEXT, QEMU_RECORD, VCPU_EXTENDED, VCPU_XSAVE, TEXT, JSON, PARTS };

static struct image_item item_of(enum part part, unsigned bits, const uint8_t *data, size_t size)
{
    static const enum image_item_kind kinds[] = {IMAGE_HVM_CONTEXT, IMAGE_EMULATOR,
                                                 IMAGE_VCPU_EXTENDED, IMAGE_VCPU_XSAVE};
    static const uint8_t lead[26];
    struct image_item item = {.kind = kinds[part]};
    struct image_data bytes = {.len = size, .bytes = data};

    if (item.kind == IMAGE_HVM_CONTEXT) {
        item.data = bytes;
    } else if (item.kind == IMAGE_EMULATOR) {
        item.emulator.lead = lead;
        item.emulator.lead_len = bits & 1 ? 25 : 26;
        item.emulator.data = bytes;
    } else {
        item.vcpu.data = bytes;
    }
    return item;
}

static const struct image_data *data_of(const struct image_item *item)
{
    return item->kind == IMAGE_HVM_CONTEXT ? &item->data
           : item->kind == IMAGE_EMULATOR  ? &item->emulator.data
                                           : &item->vcpu.data;
}

static unsigned mend(struct image_item *item, struct limits_hold *hold)
{
    const struct repair_request request = {.named = LIMITS_REPAIR_ALL};
    const struct limits_host host = {0};
    struct image_item before;
    struct repair repair;
    struct cls_error err;
    bool has_before;

    repair_init(&repair, &request, &host);
    if (!repair_item(&repair, hold, item, &before, &has_before, &err) ||
        (has_before && before.kind != IMAGE_HVM_PARAMS))
        __builtin_trap();
    return repair_made(&repair) & ~(unsigned)LIMITS_REPAIR_VIRIDIAN; /* not in the item */
}

static void fuzz_item(enum part part, unsigned bits, const uint8_t *data, size_t size)
{
    struct image_item item = item_of(part, bits, data, size), same = item;
    struct limits_hold hold = {0}, other = {0};
    struct limits_facts facts;
    uint64_t len = size;

    limits_facts_init(&facts);
    facts.guest =
        item.kind == IMAGE_HVM_CONTEXT || item.kind == IMAGE_EMULATOR ? GUEST_HVM : GUEST_PV;
    limits_facts_item(&facts, &item);
    check_findings(&facts, bits);
    if (mend(&item, &hold) != mend(&same, &other) || data_of(&item)->len != data_of(&same)->len ||
        data_of(&item)->len > len ||
        memcmp(data_of(&item)->bytes, data_of(&same)->bytes, data_of(&item)->len) != 0)
        __builtin_trap();
    /* A record may hold a section twice: one is cut. Else nothing is left to be done. */
    if (item.kind != IMAGE_EMULATOR && mend(&item, &other) != 0)
        __builtin_trap();
    limits_hold_free(&hold);
    limits_hold_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[PARTS] = {"context", "qemu", "extended",
                                             "xsave",   "text", "json"};
    struct limits_facts facts;
    enum part part;
    unsigned bits;

    if (size < 1)
        return 0;
    part = (enum part)choose_part(names, PARTS, data[0]);
    bits = data[0] / PARTS;
    if (part < TEXT) {
        fuzz_item(part, bits, data + 1, size - 1);
        return 0;
    }
    limits_facts_init(&facts);
    facts.guest = bits & 1 ? GUEST_HVM : GUEST_PV;
    limits_facts_config(&facts, (const char *)data + 1, size - 1, part == JSON);
    check_findings(&facts, bits);
    return 0;
}
