/*
 * Remus encodes a page as a delta to its previous content (xc_compression_uncompress_page() in
 * tools/libxc/xc_compression.c of Xen 4.2 to 4.5). The first byte is
 *   0x00: the page is unchanged;
 *   0x80: the whole page follows;
 *   else: the head of the first run. The runs cover exactly one page. The low 7 bits of a head are
 *   the number of 4-byte words (1..127). If bit 7 is set, they are unchanged; else they follow.
 */
#ifndef LEGACY_DELTA_H
#define LEGACY_DELTA_H

#include <stddef.h>
#include <stdint.h>

#define DELTA_UNCHANGED 0x00
#define DELTA_WHOLE     0x80

enum delta_result {
    DELTA_DONE,
    DELTA_SHORT,   /* the bytes end within the page: call again with more bytes */
    DELTA_NO_RUN,  /* a run of length 0 */
    DELTA_OVERRUN, /* a run crosses the end of the page */
};

/*
 * Applies the first encoded page in n bytes to page (4096 bytes, its previous content). *used: the
 * number of bytes consumed, or the offset of an invalid run. Unless the result is DELTA_DONE, page
 * may be changed in part; a call with the same bytes and more after them completes it.
 */
enum delta_result delta_apply(uint8_t *page, const uint8_t *bytes, size_t n, size_t *used);

#endif
