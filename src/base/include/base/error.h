/*
 * The only error type. A function that can fail returns true on success. On failure it returns
 * false and fills a struct cls_error, which only src/tool/ prints.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#define CLS_MUST_CHECK        __attribute__((warn_unused_result))
#define CLS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Kinds of errors. The values are the exit statuses of the programs (EXIT STATUS in the manual). */
enum cls_status {
    CLS_OK = 0,
    CLS_BAD_INPUT = 1, /* the input is not a sound stream */
    CLS_USAGE = 2,     /* wrong usage */
    CLS_SYSTEM = 3,    /* system error: open, read, write, out of space or memory */
};

struct cls_error {
    enum cls_status status;
    bool about_input; /* the error is in the input, at offset */
    bool over_limit;  /* the input is longer than the user allows (CLS_BAD_INPUT) */
    uint64_t offset;  /* bytes from the start of the input */
    char place[64];   /* part of the structure, as "page batch 12"; may be empty */
    char reason[640]; /* what was expected and found */
};

/* Fills err with a reason that refers to no offset of the input. Always returns false. */
bool cls_fail(struct cls_error *err, enum cls_status status, const char *fmt, ...) CLS_PRINTF(3, 4);

/* Like cls_fail() with CLS_SYSTEM; appends ": " and the text of the errno value errnum. */
bool cls_fail_errno(struct cls_error *err, int errnum, const char *fmt, ...) CLS_PRINTF(3, 4);

#endif
