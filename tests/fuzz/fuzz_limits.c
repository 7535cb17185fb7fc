/*
 * HVM contexts, qemu records, PV vcpus, HVM parameters and configurations: facts, findings,
 * repairs; releases and names of repairs as users write them. Repaired items need no repair, and
 * the same input gives the same result.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/hvm_params.h"
#include "config/facts.h"
#include "limits/repair.h"
#include "memory_input.h"
#include "part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    if (!memchr(text, '\0', size))
        __builtin_trap();
}

/* Returns a host: the current one or a release, with or without known properties. */
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

static void ignore_line(void *ctx, enum cls_log_level level, const char *text)
{
    (void)ctx;
    (void)level;
    (void)text;
}

static void check_spans(const struct limits_facts *facts)
{
    struct limits_span spans[LIMITS_SPANS_MAX];
    unsigned count = limits_spans(facts, spans);
    char text[64];

    if (count == 0 || count > LIMITS_SPANS_MAX)
        __builtin_trap();
    for (unsigned i = 0; i < count; i++) {
        limits_span_text(&spans[i], text, sizeof(text));
        check_text(text, sizeof(text));
        if (spans[i].from > spans[i].to || (i > 0 && spans[i].from <= spans[i - 1].to))
            __builtin_trap();
    }
}

static void check_findings_for(const struct limits_facts *facts, const struct limits_host *host)
{
    static struct limits_findings findings;
    const struct cls_log log = {.line = ignore_line};
    struct limits_config_lines lines;

    limits_find(facts, host, &findings);
    for (unsigned i = 0; i < findings.count; i++) {
        check_text(findings.list[i].what, sizeof(findings.list[i].what));
        check_text(findings.list[i].where, sizeof(findings.list[i].where));
        check_text(findings.list[i].remedy, sizeof(findings.list[i].remedy));
        (void)limits_config_lines(facts, findings.list[i].id, &lines);
    }
    limits_warn(&findings, host, &log);
    if (!limits_verdict_text(findings.verdict))
        __builtin_trap();
}

static void check_findings(const struct limits_facts *facts, unsigned bits)
{
    struct limits_host host = {0};

    check_findings_for(facts, &host);
    host = host_of(bits);
    check_findings_for(facts, &host);
    if (bits == 31)
        check_spans(facts);
}

enum part { HVM_CONTEXT, QEMU_RECORD, VCPU_EXTENDED, VCPU_XSAVE, TEXT, JSON, PARAMS, NAMES, PARTS };

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
    return repair_made(&repair) & ~(unsigned)LIMITS_REPAIR_VIRIDIAN; /* it adds another item */
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
    /* Of duplicate sections in a qemu record only one is removed. Other items are complete. */
    if (item.kind != IMAGE_EMULATOR && mend(&item, &other) != 0)
        __builtin_trap();
    limits_hold_free(&hold);
    limits_hold_free(&other);
}

#define PARAM_SIZE 9 /* index, value */

/* The TSC mode, then HVM parameters. */
static void fuzz_params(unsigned bits, const uint8_t *data, size_t size)
{
    const struct repair_request request = {.all = bits & 1,
                                           .named = bits & 2 ? LIMITS_REPAIR_ALL : 0};
    struct image_hvm_param list[2 * REPAIR_PARAMS_MAX];
    struct image_item tsc = {.kind = IMAGE_TSC_INFO}, params = {.kind = IMAGE_HVM_PARAMS}, before;
    const struct limits_host host = host_of(bits);
    const struct cls_log log = {.line = ignore_line};
    struct limits_facts facts;
    struct repair repair;
    struct cls_error err;
    bool has_before;

    if (size < 1)
        return;
    tsc.tsc_info.mode = data[0];
    for (size_t at = 1; size - at >= PARAM_SIZE && params.hvm_params.count < 2 * REPAIR_PARAMS_MAX;
         at += PARAM_SIZE)
        list[params.hvm_params.count++] =
            (struct image_hvm_param){data[at], get_le64(data + at + 1)};
    params.hvm_params.params = list;
    limits_facts_init(&facts);
    facts.guest = GUEST_HVM;
    limits_facts_item(&facts, &tsc);
    limits_facts_item(&facts, &params);
    check_findings(&facts, bits);

    repair_init(&repair, &request, &host);
    if (!repair_item(&repair, NULL, &tsc, &before, &has_before, &err) || has_before ||
        !repair_item(&repair, NULL, &params, &before, &has_before, &err) || has_before)
        __builtin_trap();
    if (repair.selected & LIMITS_REPAIR_TSC_MODE && tsc.tsc_info.mode == 3)
        __builtin_trap();
    for (uint32_t i = 0; i < params.hvm_params.count; i++)
        if (params.hvm_params.count <= REPAIR_PARAMS_MAX &&
            repair.selected & LIMITS_REPAIR_FIP_WIDTH &&
            params.hvm_params.params[i].index == HVM_PARAM_X87_FIP_WIDTH)
            __builtin_trap();
    (void)repair_drops_emulator(&repair, &request, &host, "/usr/bin/qemu");
    repair_log(&repair, &log);
}

/* A release, and the name of a repair, as on the command line. */
static void fuzz_names(const uint8_t *data, size_t size)
{
    char name[64], text[64];
    struct limits_facts facts;
    struct limits_host host = {0};
    unsigned repair = limits_repair_parse((const char *)data, size);

    if (repair && ((repair & ~LIMITS_REPAIR_ALL) || !limits_repair_name(repair)))
        __builtin_trap();
    size = size < sizeof(name) ? size : sizeof(name) - 1;
    memcpy(name, data, size);
    name[size] = '\0';
    if (!limits_host_parse(name, &host))
        return;
    if (!host.given || host.minor < LIMITS_MINOR_MIN || host.minor > LIMITS_MINOR_MAX)
        __builtin_trap();
    limits_host_text(&host, text, sizeof(text));
    check_text(text, sizeof(text));
    if (limits_repairs_for(&host) & ~LIMITS_REPAIR_ALL)
        __builtin_trap();
    limits_facts_init(&facts);
    check_findings_for(&facts, &host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[PARTS] = {"context", "qemu", "extended", "xsave",
                                             "text",    "json", "params",   "names"};
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
    if (part == PARAMS)
        fuzz_params(bits, data + 1, size - 1);
    if (part == NAMES)
        fuzz_names(data + 1, size - 1);
    if (part >= PARAMS)
        return 0;
    limits_facts_init(&facts);
    facts.guest = bits & 1 ? GUEST_HVM : GUEST_PV;
    config_facts(&facts, (const char *)data + 1, size - 1, part == JSON);
    check_findings(&facts, bits);
    return 0;
}
