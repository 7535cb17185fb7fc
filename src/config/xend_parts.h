/*
 * Parts of an xl configuration that need more than a row of the table. Each appends to t.
 */
#ifndef CONFIG_XEND_PARTS_H
#define CONFIG_XEND_PARTS_H

#include "xend_guest.h"

/* Type, kernel, bootloader and command line. */
void xend_put_boot(struct config_text *t, struct xend_guest *g);

/* A text setting with the same name in xl, if it exists. */
void xend_put_text(struct config_text *t, const struct xend_guest *g, const char *key);

/* memory, maxmem, vcpus, maxvcpus. Sets g->vcpus. */
void xend_put_size(struct config_text *t, struct xend_guest *g);

/* cpus (affinity); cpuid. */
void xend_put_pinning(struct config_text *t, struct xend_guest *g);
void xend_put_cpuid(struct config_text *t, struct xend_guest *g);

/* Lists of devices; nothing if there are none. */
void xend_put_disks(struct config_text *t, struct xend_guest *g);
void xend_put_vifs(struct config_text *t, struct xend_guest *g);
void xend_put_pci(struct config_text *t, struct xend_guest *g);

/* Comments: lost settings and devices, which are counted, and xend's original. */
void xend_put_rest(struct config_text *t, struct xend_guest *g);

/* VNC and SDL: settings of an HVM guest, a vfb of a PV guest. */
void xend_put_graphics(struct config_text *t, struct xend_guest *g);

#endif
