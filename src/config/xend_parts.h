/*
 * The parts of an xl configuration that take more than a row of the table.
 */
#ifndef CONFIG_XEND_PARTS_H
#define CONFIG_XEND_PARTS_H

#include "xend_guest.h"

/* memory, maxmem, vcpus, maxvcpus. Sets g->vcpus. */
void xend_put_size(struct config_text *t, struct xend_guest *g);

/* cpus: pinning; cpuid. */
void xend_put_pinning(struct config_text *t, struct xend_guest *g);
void xend_put_cpuid(struct config_text *t, struct xend_guest *g);

/* Lists of devices: nothing where there is none. */
void xend_put_disks(struct config_text *t, struct xend_guest *g);
void xend_put_vifs(struct config_text *t, struct xend_guest *g);
void xend_put_pci(struct config_text *t, struct xend_guest *g);

/* VNC and SDL: settings of an HVM guest, a vfb of a PV guest. */
void xend_put_graphics(struct config_text *t, struct xend_guest *g);

/* From child on, the next (device (CLASS ...)) of these classes; *device is (CLASS ...). */
struct sexp xend_find_device(struct sexp child, const char *const *classes, struct sexp *device);

/* A value that may stand between the commas of a device's options. */
bool xend_is_option(const char *value);

#endif
