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

    /* the record at hand */
    uint64_t record_nr; /* from 1, through both streams */
    uint64_t start;     /* offset of its header */
    uint32_t type, length;
    uint64_t data_pages; /* of a PAGE_DATA record: entries with content */
    uint64_t squashed;   /* PAGE_DATA records not yet told of */
    uint64_t squashed_pages;

    /* the libxc stream so far */
    bool static_data_end, pv_info, p2m_frames, page_data;
    bool vcpu_records, vcpu0_basic, shared_info;
    bool hvm_params, hvm_context;
    uint64_t frames;    /* PV: entries of the p2m frame list, from the first on without a gap */
    uint64_t max_pfn;   /* PV: the highest that P2M_FRAMES announced */
    uint64_t max_frame; /* and the highest among its frames */

    /* the libxl stream so far */
    bool libxc_context;

    uint8_t buf[8192];
};

/* Fails at the start of the record at hand. Always returns false. */
bool bad_record(struct verifier *v, struct cls_error *err, const char *fmt, ...) CLS_PRINTF(3, 4);

/* Reads the next record's header; name gives names to types. Ends with the place set. */
bool read_record_header(struct verifier *v, const char *(*name)(uint32_t type),
                        struct cls_error *err) CLS_MUST_CHECK;

/* Consumes n bytes of the record's body into v->buf (n <= sizeof(v->buf)). */
bool read_body(struct verifier *v, size_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Consumes the padding behind the body, which must be zero. */
bool check_padding(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

/* The record's length must be exactly / at least that. */
bool need_length(struct verifier *v, uint32_t length, struct cls_error *err) CLS_MUST_CHECK;
bool need_min_length(struct verifier *v, uint32_t length, struct cls_error *err) CLS_MUST_CHECK;

/* Bytes that must be zero. */
bool need_zero(struct verifier *v, const uint8_t *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;

/* Tells the observer that a part begins. */
void show_part(const struct verifier *v, const char *layer, const char *name, uint64_t offset);

/* Shows the observer an item. */
bool show_item(const struct verifier *v, const struct image_item *item,
               struct cls_error *err) CLS_MUST_CHECK;

/* As above, an item of this kind with the next len bytes as its data, which then are consumed. */
bool show_data(struct verifier *v, struct image_item *item, struct image_data *data, uint64_t len,
               const char *what, struct cls_error *err) CLS_MUST_CHECK;

/* Tells the log of PAGE_DATA records that were counted together. */
void tell_squashed(struct verifier *v);

bool verify_libxc(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;
bool verify_libxl(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

/* verify_libxc_records.c: the body of the record at hand, without its padding. */
bool verify_libxc_record(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

/* Consumes a qemu record, if there is one here. */
bool verify_qemu_record(struct verifier *v, struct cls_error *err) CLS_MUST_CHECK;

#endif
