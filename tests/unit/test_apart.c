/*
 * convert: results of the process that parses are untrusted.
 */
#include "apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/page_type.h"
#include "support.h"

#define TEXT "new"

#define MESSAGE_TEXT 400

struct heard {
    unsigned lines;
    size_t length; /* of the last one */
    enum cls_log_level level;
};

static void store_line(void *ctx, enum cls_log_level level, const char *text)
{
    struct heard *heard = ctx;

    heard->lines++;
    heard->length = strlen(text);
    heard->level = level;
}

static bool valid_result(struct conversion *c, struct cls_error *err)
{
    (void)err;
    c->out.offset = strlen(TEXT);
    c->in.offset = 42;
    c->facts.width = 8;
    c->facts.envelope = envelope_name(ENVELOPE_XEND);
    c->envelope.kind = ENVELOPE_XEND;
    return write(c->out_file.fd, TEXT, strlen(TEXT)) == (ssize_t)strlen(TEXT);
}

static bool fails(struct conversion *c, struct cls_error *err)
{
    c->in.offset = 42;
    return cls_fail(err, CLS_BAD_INPUT, "no good");
}

static bool too_long(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);

    c->out.offset++;
    return ok;
}

static bool no_such_page_type(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);
    unsigned type = 0;

    while (page_type_name(type))
        type++;
    c->facts.pages[type] = 1;
    return ok;
}

static bool odd_width(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);

    c->facts.width = 3;
    return ok;
}

static bool no_such_guest(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);

    c->facts.guest = (enum guest_type)99;
    return ok;
}

static bool no_such_input(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);

    c->facts.input = (enum convert_input)99;
    return ok;
}

static bool no_such_envelope(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);

    c->envelope.kind = (enum envelope_kind)99;
    return ok;
}

static bool no_flag(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);

    memset(&c->facts.verified, 2, sizeof(c->facts.verified));
    return ok;
}

static bool endless_limits(struct conversion *c, struct cls_error *err)
{
    bool ok = valid_result(c, err);

    memset(c->facts.limits, 'R', sizeof(c->facts.limits));
    return ok;
}

static bool endless_reason(struct conversion *c, struct cls_error *err)
{
    (void)fails(c, err);
    memset(err->reason, 'x', sizeof(err->reason));
    return false;
}

static bool no_such_status(struct conversion *c, struct cls_error *err)
{
    (void)fails(c, err);
    err->status = (enum cls_status)99;
    return false;
}

static bool fails_with_status_ok(struct conversion *c, struct cls_error *err)
{
    (void)fails(c, err);
    err->status = CLS_OK;
    return false;
}

static bool exits_with_status_0(struct conversion *c, struct cls_error *err)
{
    (void)valid_result(c, err);
    _exit(0);
}

static bool crashes(struct conversion *c, struct cls_error *err)
{
    (void)valid_result(c, err);
    kill(getpid(), SIGKILL);
    return true;
}

static bool floods(struct conversion *c, struct cls_error *err)
{
    for (unsigned i = 0; i < 30000; i++)
        c->log->line(c->log->ctx, CLS_LOG_WARNING, "one more");
    return valid_result(c, err);
}

/* A message of an unknown level, without a NUL. */
static bool sends_endless_text(struct conversion *c, struct cls_error *err)
{
    struct {
        uint32_t level;
        char text[MESSAGE_TEXT];
    } message = {.level = 99};

    memset(message.text, 'x', sizeof(message.text));
    return write(c->keep_fd, &message, sizeof(message)) == sizeof(message) && valid_result(c, err);
}

struct trial {
    struct scratch dir;
    struct convert_cleanup cleanup;
    struct convert_options options;
    struct conversion *c;
    struct cls_log log;
    struct heard heard;
    struct cls_error err;
    bool ok;
};

static void try_out(struct trial *t, bool (*work)(struct conversion *, struct cls_error *))
{
    struct conversion *c = t->c = calloc(1, sizeof(*t->c));

    scratch_make(&t->dir);
    t->log = (struct cls_log){.line = store_line, .ctx = &t->heard};
    c->options = &t->options;
    c->cleanup = &t->cleanup;
    c->log = &t->log;
    c->in_file = IN_FILE_NONE;
    c->in.fd = c->out.fd = -1;
    snprintf(c->in_file.name, sizeof(c->in_file.name), "IN");
    snprintf(c->out_name, sizeof(c->out_name), "OUT");
    CHECK(out_file_resolve(&c->out_file, scratch_path(&t->dir, "out"), "OUT", false, &t->cleanup,
                           &t->err) &&
          out_file_open(&c->out_file, &t->err));
    t->ok = apart_run(c, work, NULL, &t->err);
    CHECK_INT(t->cleanup.child, 0);
}

static void finish(struct trial *t)
{
    out_file_close(&t->c->out_file);
    scratch_remove(&t->dir);
    free(t->c);
}

static void valid_results_are_taken(void)
{
    struct trial t = {0};

    try_out(&t, valid_result);
    CHECK(t.ok);
    CHECK_INT(t.c->in.offset, 42);
    CHECK_INT(t.c->facts.width, 8);
    CHECK_TEXT(t.c->facts.envelope, "xend");
    CHECK_INT(t.heard.lines, 0);
    finish(&t);
    t = (struct trial){0};
    try_out(&t, fails);
    CHECK(!t.ok);
    CHECK_INT(t.err.status, CLS_BAD_INPUT);
    CHECK_TEXT(t.err.reason, "no good");
    CHECK_INT(t.c->in.offset, 42);
    finish(&t);
}

static void check_invalid(bool (*work)(struct conversion *, struct cls_error *), const char *reason)
{
    struct trial t = {0};

    try_out(&t, work);
    CHECK(!t.ok);
    CHECK_INT(t.err.status, CLS_SYSTEM);
    CHECK(strstr(t.err.reason, reason) != NULL);
    CHECK_INT(t.c->facts.width, work == too_long ? 8 : 0);
    finish(&t);
}

static void invalid_results_are_rejected(void)
{
    bool (*const invalid[])(struct conversion *, struct cls_error *) = {
        no_such_page_type,    odd_width,           no_such_guest,
        no_such_input,        no_such_envelope,    no_flag,
        endless_limits,       endless_reason,      no_such_status,
        fails_with_status_ok, exits_with_status_0,
    };

    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        check_invalid(invalid[i], "IN: conversion process exited without a result, status ");
    check_invalid(too_long, "OUT has 3 bytes, but the conversion process reported 4");
    check_invalid(crashes, "IN: conversion process was killed by signal 9");
}

static void test_flood(void)
{
    struct trial t = {0};

    try_out(&t, floods);
    CHECK(t.ok);
    CHECK(t.heard.lines > 1000 && t.heard.lines <= 20000);
    finish(&t);
}

static void text_without_end(void)
{
    struct trial t = {0};

    try_out(&t, sends_endless_text);
    CHECK(t.ok);
    CHECK_INT(t.heard.lines, 1);
    CHECK_INT(t.heard.length, MESSAGE_TEXT - 1);
    CHECK_INT(t.heard.level, CLS_LOG_INFO);
    finish(&t);
}

CU_TestInfo apart_tests[] = {
    {"valid results are taken", valid_results_are_taken},
    {"invalid results are rejected", invalid_results_are_rejected},
    {"remarks have an end", test_flood},
    {"text without end", text_without_end},
    CU_TEST_INFO_NULL,
};
