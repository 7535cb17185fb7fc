/*
 * Parts of legacy streams, put together by hand. width: of the saving toolstack.
 */
#ifndef UNIT_STREAMS_H
#define UNIT_STREAMS_H

#include "support.h"

#define CONTEXT_32 2800 /* vcpu_guest_context of a 32-bit guest */
#define CONTEXT_64 5168

/* Blocks of an extended info: "vcpu" (empty context), "extv", "xcnt". */
void put_block(struct bytes *b, const char *id, uint32_t size);

/* The marker, followed by these blocks. */
void put_extended_info(struct bytes *b, unsigned width, const struct bytes *blocks);

/* p2m_size, extended info with vcpu and extv, and a frame list of one entry. */
void put_pv_start(struct bytes *b, unsigned width, unsigned guest_width, uint32_t p2m_size);

/* count entries, then a page for each that has data, filled with its pfn's low byte. */
void put_batch(struct bytes *b, unsigned width, const uint32_t *entries, uint32_t count);
void put_page(struct bytes *b, unsigned width, uint32_t entry);

/* A chunk with a HVM parameter; the padding is not zero. */
void put_param(struct bytes *b, int32_t id, uint64_t value);
void put_id(struct bytes *b, int32_t id);
void put_vcpu_info(struct bytes *b, uint32_t max_id, uint64_t map);

/* End of the body, magic pfns f0, f1, f2, a context of 3 bytes. */
void put_hvm_tail(struct bytes *b);
#define HVM_TAIL_TEXT "PARAMS 5=f0 6=f1 1=f2\nHVM_CONTEXT 3*cc\nLIBXC_END\n"
void put_qemu(struct bytes *b); /* DeviceModelRecord0002 with "QEVM" */
#define QEMU_TEXT "EMULATOR DeviceModelRecord0002[04][00][00][00] | 1*51,1*45,1*56,1*4d\n"

/* End of the body and an empty list of unmapped pfns. */
void put_pv_tail_head(struct bytes *b);
void put_vcpu(struct bytes *b, unsigned guest_width, uint8_t value, bool extended);
void put_shared_info(struct bytes *b);

/* Whole streams: one page, vcpu 0. */
void put_small_hvm(struct bytes *b, unsigned width);
void put_small_pv(struct bytes *b, unsigned width);

#endif
