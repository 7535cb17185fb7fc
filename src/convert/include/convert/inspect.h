/*
 * Inspects a legacy or v2 save in any envelope. All lists are limited: a list has its first entries
 * and the total count.
 */
#ifndef CONVERT_INSPECT_H
#define CONVERT_INSPECT_H

#include "base/pfn_set.h"
#include "convert/convert.h"
#include "envelope/envelope.h"
#include "limits/limits.h"

#define INSPECT_RUNS_MAX    1000
#define INSPECT_PARAMS_MAX  64
#define INSPECT_PHYSMAP_MAX 100
#define INSPECT_NOTES_MAX   32
#define INSPECT_STRING_MAX  96

enum inspect_stream {
    INSPECT_UNKNOWN,
    INSPECT_LEGACY,
    INSPECT_LIBXC, /* libxc stream, v2 or v3 */
    INSPECT_LIBXL, /* libxl stream with a libxc stream in it */
};

/* Consecutive parts of the same kind. */
struct inspect_run {
    const char *layer, *name; /* as in struct stream_part */
    uint64_t offset, bytes;   /* of the first part; size of all parts */
    uint64_t count;
};

struct inspect_pages {
    uint64_t entries[16]; /* by type (base/page_type.h) */
    /*
     * mapped: entries of all types except XTAB. passes: a live save sends the pfns in ascending
     * order, several times; a pass begins if a pfn is not above the previous one.
     */
    uint64_t mapped, passes;
    uint64_t distinct; /* distinct pfns; those from PFN_SET_MAX on count at each occurrence */
    /* used during the inspection */
    struct pfn_set seen; /* if its no_memory is set, distinct is wrong */
    uint64_t last_pfn;
    uint64_t batch_entries; /* of the current legacy batch, not counted in entries yet */
};

struct inspect_physmap {
    uint64_t phys_offset, start_addr, size;
    bool named;
    char name[INSPECT_STRING_MAX]; /* if named; truncated */
};

struct inspect_emulator {
    bool found;
    char kind[32];          /* signature of the qemu record; libxl stream: name of the emulator */
    uint64_t offset, bytes; /* of its data; offset 0 if it was held in memory */
    bool savevm;            /* begins with QEVM, like every state that QEMU saves */
    uint32_t savevm_version;
};

/* Remarks. text has the first INSPECT_NOTES_MAX of count. */
struct inspect_notes {
    uint64_t count;
    char text[INSPECT_NOTES_MAX][256];
};

struct inspection {
    char input[256];     /* name for messages */
    uint64_t start, end; /* offsets of the first byte, and after the last one that was read */

    const char *envelope; /* as in struct convert_facts */
    struct envelope_config config;
    char name[256], uuid[40]; /* from the envelope's config; empty: not given */
    enum guest_type config_guest;

    enum inspect_stream stream;
    uint64_t stream_offset, stream_end; /* more of the envelope may follow */
    unsigned width;              /* legacy: of the saving toolstack, in bytes; 0: not known */
    uint64_t checkpoints_before; /* legacy: complete ones before the one that is used (Remus) */
    unsigned version;            /* v2: of the libxc stream */
    bool converted;              /* v2: from a legacy stream */

    enum guest_type guest;
    unsigned guest_width, pt_levels; /* PV; 0: not known */
    uint64_t p2m_size;               /* in pages; 0: not known (HVM in v2) */
    uint64_t vcpus;                  /* number of vcpus with a context in the stream */
    struct inspect_pages pages;
    bool has_tsc;
    struct image_tsc_info tsc; /* the last one */
    uint64_t params_count;
    struct image_hvm_param params[INSPECT_PARAMS_MAX];
    uint64_t hvm_context_bytes;
    uint64_t physmap_count;
    struct inspect_physmap physmap[INSPECT_PHYSMAP_MAX];
    uint64_t other_keys;   /* v2: of xenstore, outside of physmap */
    uint64_t physmap_last; /* v2: phys_offset of the current entry */
    struct inspect_emulator emulator;

    struct limits_hold hold; /* used during the inspection */
    struct limits_facts facts;
    struct limits_host host; /* host that is to restore the save */
    struct limits_findings findings;

    struct inspect_run run; /* the current one, during the inspection */
    uint64_t runs_count;
    struct inspect_run runs[INSPECT_RUNS_MAX];

    /* Result of a conversion with these options. */
    bool convertible;           /* false: it is v2 already, or err has the reason */
    enum convert_format format; /* of the output, if known */
    unsigned target_version;
    struct inspect_notes lost;    /* data that the output would lack */
    struct inspect_notes remarks; /* other unusual facts */

    bool failed;
    struct cls_error err; /* if failed */
};

/*
 * Reads a whole save and writes nothing. The options for reading the input, format and version are
 * used as for a conversion. inspection is filled up to the first error, which is both in
 * inspection->err and in err; free it with inspection_free(), also after a failure. This enters the
 * sandbox: libraries for printing must be loaded before. What is detected is logged (CLS_LOG_INFO);
 * warnings are stored as remarks. watch and log may be NULL.
 */
bool inspect_stream(const struct convert_options *options, const struct cls_log *log,
                    struct cls_watch *watch, struct inspection *inspection,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Frees the memory of an inspection. */
void inspection_free(struct inspection *inspection);

#endif
