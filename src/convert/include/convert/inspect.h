/*
 * Inspects a save, legacy or v2, in any envelope. Everything is bounded: a list keeps its first
 * entries and counts the rest.
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
    INSPECT_LIBXC, /* v2 or v3, bare */
    INSPECT_LIBXL, /* the same inside a libxl stream */
};

/* Consecutive parts of the same kind. */
struct inspect_run {
    const char *layer, *name; /* as in struct stream_part */
    uint64_t offset, bytes;   /* of all of them */
    uint64_t count;
};

struct inspect_pages {
    uint64_t entries[16]; /* by type (base/page_type.h) */
    /*
     * Entries of all types but XTAB. A live save sends the pfns in ascending order, several times;
     * a new pass begins where a pfn is not above the one before.
     */
    uint64_t mapped, passes;
    uint64_t distinct; /* pfns; those from PFN_SET_MAX on count at each occurrence */
    /* during the inspection */
    struct pfn_set seen; /* no_memory: distinct is wrong */
    uint64_t last_pfn;
    uint64_t batch_entries; /* of the current legacy batch, not yet counted in entries */
};

struct inspect_physmap {
    uint64_t phys_offset, start_addr, size;
    bool named;
    char name[INSPECT_STRING_MAX]; /* then; cut to fit */
};

struct inspect_emulator {
    bool found;
    char kind[32]; /* of the qemu record: its signature; in a libxl stream: the emulator's */
    uint64_t offset, bytes; /* of its data; offset 0 where it was held in memory */
    bool savevm;            /* begins with QEVM, as every state that qemu saves, */
    uint32_t savevm_version;
};

/* Remarks. Only the first INSPECT_NOTES_MAX of count are kept. */
struct inspect_notes {
    uint64_t count;
    char text[INSPECT_NOTES_MAX][256];
};

struct inspection {
    char input[256];     /* name for messages */
    uint64_t start, end; /* offsets of the first byte and behind the last that was read */

    const char *envelope; /* as in struct convert_facts */
    struct envelope_config config;
    char name[256], uuid[40]; /* as the envelope's config says; empty: it doesn't */
    enum guest_type config_guest;

    enum inspect_stream stream;
    uint64_t stream_offset, stream_end; /* behind it may lie more of the envelope */
    unsigned width;              /* legacy: of the saving toolstack, in bytes; 0: not known */
    uint64_t checkpoints_before; /* legacy: complete ones before that which counts (Remus) */
    unsigned version;            /* v2: of the libxc stream */
    bool converted;              /* v2: from a legacy stream */

    enum guest_type guest;
    unsigned guest_width, pt_levels; /* PV; 0: not known */
    uint64_t p2m_size;               /* in pages; 0: not known (HVM in v2) */
    uint64_t vcpus;                  /* that have a context in the stream */
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

    struct limits_hold hold; /* while it is read */
    struct limits_facts facts;
    struct limits_host host; /* that is to restore it */
    struct limits_findings findings;

    struct inspect_run run; /* the current one, during the inspection */
    uint64_t runs_count;
    struct inspect_run runs[INSPECT_RUNS_MAX];

    /* What a conversion with these options would do. */
    bool convertible;           /* else it is v2 already, or err gives the reason */
    enum convert_format format; /* of the output, where that is known */
    unsigned target_version;
    struct inspect_notes lost;    /* what the output would lack */
    struct inspect_notes remarks; /* what else is unusual */

    bool failed;
    struct cls_error err; /* then */
};

/*
 * Reads a whole save and writes nothing. The options in, width, guest, format, version, need_xl,
 * skip_qemu and no_sandbox are used as for a conversion. inspection is filled in any case, with
 * what was found up to the first error, which is in inspection->err as well as in err; free it with
 * inspection_free(). This enters the sandbox: libraries for printing must be loaded before. What is
 * detected is logged (CLS_LOG_INFO); warnings become remarks. watch and log may be NULL.
 */
bool inspect_stream(const struct convert_options *options, const struct cls_log *log,
                    struct cls_watch *watch, struct inspection *inspection,
                    struct cls_error *err) CLS_MUST_CHECK;
void inspection_free(struct inspection *inspection);

#endif
