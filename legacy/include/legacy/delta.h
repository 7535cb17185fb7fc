/*
 * How Remus encodes one page against its previous content (xc_compression_uncompress_page() in
 * tools/libxc/xc_compression.c of Xen 4.2 to 4.5): 0x00: nothing changed; 0x80: the whole page
 * follows; else runs that cover exactly one page, each a byte with the number of 4-byte words in
 * its low 7 bits (1..127): these words stay as they are (bit 7 set), or follow (bit 7 clear).
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
 * Applies the first encoded page of n bytes to page (4096 bytes, its previous content). *used: how
 * many bytes it took; for an invalid run, where that begins. A page that is not done may be changed
 * in part; applying the same bytes again, with more behind them, completes it.
 */
enum delta_result delta_apply(uint8_t *page, const uint8_t *bytes, size_t n, size_t *used);

#endif
