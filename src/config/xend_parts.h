/*
 * The parts of an xl configuration that take more than a row of the table.
 */
#ifndef CONFIG_XEND_PARTS_H
#define CONFIG_XEND_PARTS_H

#include "xend_guest.h"

/* Type, kernel, bootloader and command line. */
void xend_put_boot(struct config_text *t, struct xend_guest *g);

/* A text setting that xl has by the same name, if it is there. */
void xend_put_text(struct config_text *t, const struct xend_guest *g, const char *key);

/* memory, maxmem, vcpus, maxvcpus. Sets g->vcpus. */
void xend_put_size(struct config_text *t, struct xend_guest *g);

/* cpus: pinning; cpuid. */
void xend_put_pinning(struct config_text *t, struct xend_guest *g);
void xend_put_cpuid(struct config_text *t, struct xend_guest *g);

/* Lists of devices: nothing where there is none. */
void xend_put_disks(struct config_text *t, struct xend_guest *g);
void xend_put_vifs(struct config_text *t, struct xend_guest *g);
void xend_put_pci(struct config_text *t, struct xend_guest *g);

/* Comments of what has no equivalent, counted, and of all as xend had it. */
void xend_put_rest(struct config_text *t, struct xend_guest *g);

/* VNC and SDL: settings of an HVM guest, a vfb of a PV guest. */
void xend_put_graphics(struct config_text *t, struct xend_guest *g);

#endif
