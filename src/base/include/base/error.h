/*
 * The one error type. Functions that can fail return bool (true: done) and fill a struct cls_error
 * on the first failure; only src/tool/ prints it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#define CLS_MUST_CHECK        __attribute__((warn_unused_result))
#define CLS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* What went wrong, as the exit status of the programs (EXIT STATUS in the manual page). */
enum cls_status {
    CLS_OK = 0,
    CLS_BAD_INPUT = 1, /* the input is not a sound stream */
    CLS_USAGE = 2,     /* the call makes no sense */
    CLS_SYSTEM = 3,    /* the system failed: open, read, write, space, memory */
};

struct cls_error {
    enum cls_status status;
    bool about_input; /* the reason is in the input, at this offset */
    uint64_t offset;  /* bytes from the start of the input */
    char place[64];   /* where in the structure: "page batch 12"; may be empty */
    char reason[320]; /* what was expected, what was found */
};

/* Fills err with a reason that has no place in the input. Always returns false. */
bool cls_fail(struct cls_error *err, enum cls_status status, const char *fmt, ...) CLS_PRINTF(3, 4);

/* As cls_fail() with CLS_SYSTEM, and ": " and the text of errno value errnum at the end. */
bool cls_fail_errno(struct cls_error *err, int errnum, const char *fmt, ...) CLS_PRINTF(3, 4);

#endif
