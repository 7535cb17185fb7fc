/*
 * The state of a guest after a restore, from a legacy stream or from a v2 stream: two small
 * decoders that are independent of the converter. They follow the specifications of the formats
 * (xen tools/libxc/xg_save_restore.h of 4.5, docs/specs/libxc-migration-stream.pandoc and
 * libxl-migration-stream.pandoc of 4.21) and docs/deviations.md.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_PFNS   4160 /* STREAM_PFNS of build_stream.h */
#define MODEL_VCPUS  128
#define MODEL_PARAMS 40
#define MODEL_NAMES  64 /* xenstore entries */

struct model_blob {
    const uint8_t *at; /* NULL: none */
    size_t len;
};

struct model_page {
    bool known;
    uint8_t type;
    const uint8_t *data; /* 4096 bytes; NULL: none */
};

struct model_vcpu {
    struct model_blob basic, extended, xsave;
};

struct model_guest {
    bool hvm;
    unsigned guest_width;
    uint64_t p2m_size;
    struct model_blob frames; /* little-endian u64 each */
    struct model_page pages[MODEL_PFNS];
    struct model_vcpu vcpus[MODEL_VCPUS];
    struct model_blob shared_info, context, emulator;
    bool has_tsc;
    uint32_t tsc_mode, tsc_khz, tsc_incarnation;
    uint64_t tsc_nsec;
    bool has_param[MODEL_PARAMS];
    uint64_t params[MODEL_PARAMS];
    struct model_blob xenstore; /* keys and values, each with its NUL */
    bool given_back[MODEL_PFNS];
    bool beyond; /* there are pages or vcpus above the limits */
};

enum model_verdict {
    MODEL_SOUND,
    MODEL_BAD,
    MODEL_UNSURE, /* either result of the converter is accepted */
};

struct model_hints {
    unsigned width;
    bool hvm, drop_tmem, no_emulator; /* no_emulator: stop after the HVM context */
    bool checkpoints;                 /* read further checkpoints */
};

/* Decodes a legacy stream. The guest refers to the bytes and to memory of model_alloc(). */
enum model_verdict model_legacy(struct model_guest *guest, const struct model_hints *hints,
                                const uint8_t *bytes, size_t n);

/* Decodes a v2 stream of either format, in any container that a conversion makes. Returns false if
 * it is invalid. */
bool model_new_save(struct model_guest *guest, const uint8_t *bytes, size_t n);

/* Applies all repairs of docs/limits.md, except for those of the configuration. */
void model_repair(struct model_guest *guest);

/* Allocates memory that is valid until the next model_legacy(). */
uint8_t *model_alloc(size_t n);

/* Returns NULL if the guests are equal, otherwise the name of a part that differs. */
const char *model_difference(const struct model_guest *a, const struct model_guest *b);

#endif
