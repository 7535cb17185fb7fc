/*
 * inspect: what the model makes of parts, items and pages made by hand. Whole streams, and the
 * forms that are printed, are looked at by tests/e2e/test_inspect.py.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "inspect_model.h"
#include "support.h"

static struct inspection *start(void)
{
    struct inspection *r = calloc(1, sizeof(*r));

    must(r != NULL, "calloc");
    return r;
}

static void finish(struct inspection *r)
{
    inspection_free(r);
    free(r);
}

static void give_part(struct inspection *r, const char *layer, const char *name, uint64_t offset,
                      uint64_t count)
{
    struct stream_part part = {layer, name, offset, count};

    inspect_part(r, &part);
}

static void give(struct inspection *r, const struct image_item *item)
{
    struct cls_error err;

    CHECK(inspect_item(r, item, &err));
}

static void begin(struct inspection *r, enum guest_type guest, uint64_t p2m_size)
{
    struct image_item item = {.kind = IMAGE_BEGIN, .begin = {guest, p2m_size}};

    give(r, &item);
}

/* A batch with batch entries, of which these are not XTAB. */
static void give_pages(struct inspection *r, uint64_t batch, const uint32_t *entries,
                       uint32_t count)
{
    struct image_item item = {.kind = IMAGE_PAGES, .pages = {.count = count, .entries = entries}};

    give_part(r, NULL, "page batch", 0, batch);
    if (count > 0)
        give(r, &item);
}

static void check_run(const struct inspection *r, size_t i, const char *name, uint64_t offset,
                      uint64_t count, uint64_t bytes)
{
    CHECK_TEXT(r->runs[i].name, name);
    CHECK_INT(r->runs[i].offset, offset);
    CHECK_INT(r->runs[i].count, count);
    CHECK_INT(r->runs[i].bytes, bytes);
}

static void parts_of_a_kind_are_one_run(void)
{
    struct inspection *r = start();

    inspect_end(r, 0);
    CHECK_INT(r->runs_count, 0);
    give_part(r, NULL, "a", 100, 0);
    give_part(r, NULL, "b", 110, 0);
    give_part(r, NULL, "b", 130, 0);
    give_part(r, "libxc", "b", 160, 0);
    give_part(r, "libxl", "b", 170, 0);
    give_part(r, "libxl", "b", 180, 0);
    inspect_end(r, 200);
    CHECK_INT(r->runs_count, 4);
    check_run(r, 0, "a", 100, 1, 10);
    check_run(r, 1, "b", 110, 2, 50);
    check_run(r, 2, "b", 160, 1, 10);
    check_run(r, 3, "b", 170, 2, 30);
    CHECK(r->runs[1].layer == NULL);
    CHECK_TEXT(r->runs[2].layer, "libxc");
    finish(r);
}

static void runs_are_bounded(void)
{
    struct inspection *r = start();

    for (uint64_t i = 0; i < 5000; i++)
        give_part(r, NULL, i % 2 ? "odd" : "even", i, 0);
    inspect_end(r, 5000);
    CHECK_INT(r->runs_count, 5000);
    check_run(r, INSPECT_RUNS_MAX - 1, "odd", 999, 1, 1);
    finish(r);
}

static void pages_by_type(void)
{
    static const uint32_t entries[] = {0x00000001, 0x10000002, 0x90000003, 0xd0000004, 0xe0000005};
    struct inspection *r = start();

    begin(r, GUEST_PV, 0x100);
    give_pages(r, 7, entries, 5);
    give_pages(r, 3, NULL, 0); /* all are XTAB: no item */
    give_part(r, NULL, "something else", 0, 99);
    CHECK_INT(r->pages.entries[0], 1);
    CHECK_INT(r->pages.entries[1], 1);
    CHECK_INT(r->pages.entries[9], 1);
    CHECK_INT(r->pages.entries[13], 1);
    CHECK_INT(r->pages.entries[14], 1);
    CHECK_INT(r->pages.entries[15], 5);
    CHECK_INT(r->pages.mapped, 5);
    CHECK_INT(r->pages.distinct, 5);
    CHECK_INT(r->pages.passes, 1);
    finish(r);
}

static void passes_and_repetitions(void)
{
    static const uint32_t first[] = {1, 2, 0xff}, second[] = {2, 3}, third[] = {3, 0, 0};
    struct inspection *r = start();

    begin(r, GUEST_HVM, 0x100);
    CHECK_INT(r->pages.passes, 0);
    give_pages(r, 3, first, 3);
    CHECK_INT(r->pages.passes, 1);
    give_pages(r, 2, second, 2); /* begins below the last one */
    CHECK_INT(r->pages.passes, 2);
    give_pages(r, 3, third, 3); /* three times not above the previous one */
    CHECK_INT(r->pages.passes, 5);
    CHECK_INT(r->pages.mapped, 8);
    CHECK_INT(r->pages.distinct, 5);
    finish(r);
}

static void pages_of_a_v2_stream(void)
{
    struct inspection *r = start();

    for (int i = 0; i < 2; i++) {
        inspect_page(r, 0, 7);
        inspect_page(r, 15, 8); /* XTAB: not a page */
        inspect_page(r, 0, PFN_SET_MAX - 1);
        inspect_page(r, 0, PFN_SET_MAX); /* beyond the maximum: not counted */
        inspect_page(r, 0, UINT64_MAX >> 12);
    }
    CHECK_INT(r->pages.entries[15], 2);
    CHECK_INT(r->pages.mapped, 8);
    CHECK_INT(r->pages.distinct, 2 + 4);
    CHECK_INT(r->pages.seen.size, 32 << 20);
    CHECK_INT(r->pages.passes, 2);
    finish(r);
}

static void give_params(struct inspection *r, uint32_t count)
{
    struct image_hvm_param params[16];
    struct image_item item = {.kind = IMAGE_HVM_PARAMS, .hvm_params = {count, params}};

    for (uint32_t i = 0; i < count; i++)
        params[i] = (struct image_hvm_param){i, r->params_count + i};
    give(r, &item);
}

static void parameters(void)
{
    struct inspection *r = start();

    give_params(r, 10);
    give_params(r, 3);
    CHECK_INT(r->params_count, 13);
    CHECK_INT(r->params[11].index, 1);
    CHECK_INT(r->params[11].value, 11);
    for (int i = 0; i < 10; i++)
        give_params(r, 16);
    CHECK_INT(r->params_count, 173);
    CHECK_INT(r->params[INSPECT_PARAMS_MAX - 1].value, INSPECT_PARAMS_MAX - 1);
    finish(r);
}

static void small_facts(void)
{
    struct inspection *r = start();
    struct image_item pv = {.kind = IMAGE_PV_INFO, .pv_info = {4, 3}},
                      frames = {.kind = IMAGE_P2M_FRAMES, .p2m_frames = {.p2m_size = 0x400}},
                      tsc = {.kind = IMAGE_TSC_INFO, .tsc_info = {1, 2, 3, 4}},
                      vcpu = {.kind = IMAGE_VCPU_BASIC}, xsave = {.kind = IMAGE_VCPU_XSAVE},
                      end = {.kind = IMAGE_END};

    give(r, &pv);
    give(r, &frames);
    frames.p2m_frames.p2m_size = 0x200;
    give(r, &frames);
    give(r, &tsc);
    tsc.tsc_info.mode = 9;
    give(r, &tsc);
    give(r, &vcpu);
    give(r, &xsave);
    give(r, &vcpu);
    give(r, &end);
    CHECK_INT(r->guest_width, 4);
    CHECK_INT(r->pt_levels, 3);
    CHECK_INT(r->p2m_size, 0x400);
    CHECK(r->has_tsc);
    CHECK_INT(r->tsc.mode, 9);
    CHECK_INT(r->vcpus, 2);
    finish(r);
}

static void put_hvm_record(struct bytes *b, uint16_t type, uint32_t length, size_t body)
{
    uint8_t header[8] = {0};

    put_le16(header, type);
    put_le32(header + 4, length);
    put_raw(b, header, sizeof(header));
    put_fill(b, 0xff, body);
}

/* The number of vcpus found, from memory and from a file. */
static void check_context(const struct bytes *context, uint64_t vcpus)
{
    struct image_item item = {.kind = IMAGE_HVM_CONTEXT};
    struct inspection *r = start();
    struct cls_input in;
    int fd = memfd_of(context->p, context->len);

    item.data = (struct image_data){.len = context->len, .bytes = context->p};
    give(r, &item);
    CHECK_INT(r->vcpus, vcpus);
    CHECK_INT(r->hvm_context_bytes, context->len);
    cls_input_init(&in, fd, "context", 0, NULL);
    item.data = (struct image_data){.len = context->len, .from = &in};
    give(r, &item);
    CHECK_INT(r->vcpus, vcpus);
    CHECK(in.offset <= context->len);
    cls_input_release(&in);
    close(fd);
    finish(r);
}

static void vcpus_of_a_hvm_context(void)
{
    struct bytes b = {0};

    put_hvm_record(&b, 1, 24, 24);
    check_context(&b, 0);
    put_hvm_record(&b, 2, 1024, 1024);
    put_hvm_record(&b, 3, 0, 0);
    put_hvm_record(&b, 2, 0, 0);
    check_context(&b, 2);
    put_hvm_record(&b, 2, 5, 4); /* truncated */
    check_context(&b, 2);
    b.len -= 12;
    put_hvm_record(&b, 0, 0, 0);
    put_hvm_record(&b, 2, 0, 0); /* after the end */
    check_context(&b, 2);
    b.len = 7;
    check_context(&b, 0);
    bytes_free(&b);
}

static void check_emulator(const char *lead, size_t lead_len, const char *data, const char *kind,
                           bool savevm)
{
    struct image_item item = {.kind = IMAGE_EMULATOR};
    struct inspection *r = start();

    item.emulator.lead = (const uint8_t *)lead;
    item.emulator.lead_len = lead_len;
    item.emulator.data = (struct image_data){.len = strlen(data), .bytes = (const uint8_t *)data};
    give(r, &item);
    CHECK(r->emulator.found);
    CHECK_TEXT(r->emulator.kind, kind);
    CHECK_INT(r->emulator.bytes, strlen(data));
    CHECK_INT(r->emulator.savevm, savevm);
    CHECK_INT(r->emulator.savevm_version, savevm ? 0x01010103 : 0);
    finish(r);
}

static void emulators(void)
{
    check_emulator("DeviceModelRecord0002\4\0\0\0", 25, "QEVM\1\1\1\3", "DeviceModelRecord0002",
                   true);
    check_emulator("QemuDeviceModelRecord", 21, "QEVM\1\1\1\3more", "QemuDeviceModelRecord", true);
    check_emulator("QemuDeviceModelRecord\n\0\0\0\4", 26, "QEVM\1\1\1",
                   "QemuDeviceModelRecord of XAPI", false);
    check_emulator("\1\0\0\0\0\0\0\0", 8, "QEVm\1\1\1\3", "qemu-traditional", false);
    check_emulator("\2\0\0\0\0\0\0\0", 8, "", "qemu upstream", false);
}

static void strings_for_xenstore(void)
{
    struct inspection *r = start();

    inspect_xenstore(r, "physmap/1f/start_addr", "f000");
    inspect_xenstore(r, "physmap/1f/size", "800");
    inspect_xenstore(r, "physmap/1f/name", "vga");
    inspect_xenstore(r, "other", "value");
    inspect_xenstore(r, "physmap/2/size", "1");
    inspect_xenstore(r, "physmap/2/what", "x");
    CHECK_INT(r->physmap_count, 2);
    CHECK_INT(r->other_keys, 1);
    CHECK_INT(r->physmap[0].phys_offset, 0x1f);
    CHECK_INT(r->physmap[0].start_addr, 0xf000);
    CHECK_INT(r->physmap[0].size, 0x800);
    CHECK_TEXT(r->physmap[0].name, "vga");
    CHECK_INT(r->physmap[1].phys_offset, 2);
    CHECK_INT(r->physmap[1].size, 1);
    CHECK(!r->physmap[1].named);
    finish(r);
}

static void remarks(void)
{
    struct inspection *r = start();

    give_part(r, NULL, "unmapped pfns", 5, 0);
    CHECK_INT(r->lost.count, 0);
    give_part(r, NULL, "unmapped pfns", 5, 17);
    CHECK_INT(r->lost.count, 1);
    CHECK_CONTAINS(r->lost.text[0], "17 unmapped pfns");
    for (int i = 0; i < 100; i++)
        inspect_note(&r->remarks, "%0300d", i); /* truncated; after the maximum not stored */
    CHECK_INT(r->remarks.count, 100);
    CHECK_INT(strlen(r->remarks.text[INSPECT_NOTES_MAX - 1]), sizeof(r->remarks.text[0]) - 1);
    finish(r);
}

CU_TestInfo inspect_tests[] = {
    {"parts of a kind are one run", parts_of_a_kind_are_one_run},
    {"runs are bounded", runs_are_bounded},
    {"pages by type", pages_by_type},
    {"passes and repetitions", passes_and_repetitions},
    {"pages of a v2 stream", pages_of_a_v2_stream},
    {"parameters", parameters},
    {"small facts", small_facts},
    {"vcpus of a HVM context", vcpus_of_a_hvm_context},
    {"emulators", emulators},
    {"strings for xenstore", strings_for_xenstore},
    {"remarks", remarks},
    CU_TEST_INFO_NULL,
};
