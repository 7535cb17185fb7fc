/*
 * The verifier's state, shared by the files that each verify one kind of stream.
 */
#ifndef V2_VERIFY_INTERNAL_H
#define V2_VERIFY_INTERNAL_H

#include "v2/verify.h"

/* The hypervisor's MAX_VIRT_CPUS, the most vcpus that a PV guest can have. */
#define VCPUS_MAX 8192

struct verifier {
    struct cls_input *in;
    const struct cls_log *log;
    const struct v2_observer *observer;
    struct v2_summary *summary;

    /* the current record */
    uint64_t record_nr; /* from 1, through both streams */
    uint64_t start;     /* offset of its header */
    uint32_t type, length;
    const char *name;                  /* NULL: the type is unknown */
    uint64_t squashed, squashed_pages; /* PAGE_DATA records not yet logged, and their entries */

    /* the libxc stream so far */
    bool vcpu_records, vcpu0_basic;
    uint64_t frames;    /* PV: entries of the p2m frame list, from the first on without a gap */
    uint64_t max_pfn;   /* PV: the highest that P2M_FRAMES announced */
    uint64_t max_frame; /* and the highest among its frames */

    uint8_t buf[8192];
};

/* Fails at the start of the current record. Always false. */
#define bad_record(v, err, ...) cls_input_fail((v)->in, err, (v)->start, __VA_ARGS__)

/* Was there a record of this type in the libxc stream, the current one included? */
static inline bool has_record(const struct verifier *v, uint32_t type)
{
    return v->summary->records[type] > 0;
}

/*
 * Reads the next record's header and sets the place; names gives names to types. The observer sees
 * the record as a part of layer.
 */
bool read_record_header(struct verifier *v, const char *layer, const char *(*names)(uint32_t type),
                        struct cls_error *err) CLS_MUST_CHECK;

/* Consumes n bytes of the record's body into v->buf (n <= sizeof(v->buf)). */
bool read_body(struct verifier *v, size_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Consumes the padding behind the body, which must be zero. */
bool check_padding(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

/* The record's length must be at least min, or exactly that where max is the same. */
bool need_length(struct verifier *v, uint32_t min, uint32_t max,
                 struct cls_error *err) CLS_MUST_CHECK;

/* Bytes that must be zero. */
bool need_zero(struct verifier *v, const uint8_t *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;

/* Shows the observer that a part begins. */
void show_part(const struct verifier *v, const char *layer, const char *name, uint64_t offset);

/* Shows the observer an item. */
bool show_item(const struct verifier *v, const struct image_item *item,
               struct cls_error *err) CLS_MUST_CHECK;

/* As above, an item with the next len bytes as its data, which then are consumed. */
bool show_data(struct verifier *v, struct image_item *item, struct image_data *data, uint64_t len,
               const char *what, struct cls_error *err) CLS_MUST_CHECK;

bool verify_libxc(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;
bool verify_libxl(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

/* verify_libxc_records.c: the body of the current record, without its padding. */
bool verify_libxc_record(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

/*
 * The name of the first record in list, which ends with REC_TYPE_END, that is missing although
 * streams of this guest type and version have it; NULL: none is missing.
 */
const char *missing_record(const struct verifier *v, const uint32_t *list);

/* Consumes a qemu record, if there is one here. */
bool verify_qemu_record(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

#endif
