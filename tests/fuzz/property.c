#include "property.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert/verify.h"
#include "inspect_print.h"
#include "memory_input.h"
#include "xl_config.h"

/* One in this many inputs is printed: verdicts for all releases are slow, see fuzz_limits. */
#define PRINTED 16

#define PIPE_SIZE (1 << 20) /* bytes; the most that a user may set */

/* Keeps temporary files in memory. */
__attribute__((constructor)) static void stay_off_disks(void)
{
    setenv("TMPDIR", "/dev/shm", 0);
}

bool is_one_of(unsigned count, const uint8_t *bytes, size_t n)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < n; i += 1 + n / 64)
        hash = (hash ^ bytes[i]) * 16777619u;
    return (hash >> 16) % count == 0;
}

struct convert_options options_from_bits(uint8_t bits)
{
    static const unsigned widths[] = {0, 4, 8, 0};

    return (struct convert_options){
        .format = bits & 1 ? CONVERT_FORMAT_LIBXL : CONVERT_FORMAT_LIBXC,
        .version = bits & 2 ? 3 : 2,
        .skip_qemu = bits & 4,
        .width = widths[bits >> 3 & 3],
        .guest = bits & 0x20 ? (bits & 0x40 ? GUEST_HVM : GUEST_PV) : GUEST_UNKNOWN,
        .compact = bits & 0x80,
        .drop_tmem = bits & 0x80,
        .repair.named = bits & 2 ? LIMITS_REPAIR_ALL : 0,
        .no_sync = true,
    };
}

static void check_output(int out, const char *out_arg)
{
    struct verify_options options = {.in = out_arg};
    struct v2_summary summary;
    struct cls_error err = {0};

    if (lseek(out, 0, SEEK_SET) == 0 && verify_stream(&options, NULL, &summary, &err))
        return;
    fprintf(stderr, "not sound: byte %llu: %s: %s\n", (unsigned long long)err.offset, err.place,
            err.reason);
    abort();
}

static void no_begin(void *ctx, const char *name, bool list)
{
    (void)ctx, (void)name, (void)list;
}

static void no_end(void *ctx)
{
    (void)ctx;
}

/* Texts must not contain control characters. */
static void check_text(void *ctx, const char *name, const char *value)
{
    (void)ctx, (void)name;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            abort();
}

static void no_number(void *ctx, const char *name, uint64_t value)
{
    (void)ctx, (void)name, (void)value;
}

static void no_flag(void *ctx, const char *name, bool value)
{
    (void)ctx, (void)name, (void)value;
}

bool check_inspection(struct convert_options options, int fd, bool print)
{
    char arg[16];
    struct document_writer w = {no_begin, no_end, check_text, no_number, no_flag, NULL};
    static struct inspection r;
    struct cls_error err = {0};
    bool ok;

    snprintf(arg, sizeof(arg), "%d", fd);
    options.in = arg;
    ok = lseek(fd, 0, SEEK_SET) == 0 && inspect_stream(&options, NULL, NULL, &r, &err);
    if (!ok)
        must_blame_input(&err);
    xl_config_read(&r, lazy_json(&err));
    if (print)
        inspect_document(&w, &r);
    inspection_free(&r);
    return ok;
}

/* Puts the bytes into a pipe whose other end is closed. Returns -1 if they do not fit. */
static int pipe_of(const uint8_t *bytes, size_t n)
{
    int fds[2];
    bool ok;

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    (void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE);
    ok = write(fds[1], bytes, n) == (ssize_t)n && fcntl(fds[0], F_SETFL, 0) == 0;
    close(fds[1]);
    if (ok)
        return fds[0];
    close(fds[0]);
    return -1;
}

void check_conversion_of_pipe(struct convert_options options, const uint8_t *bytes, size_t n)
{
    struct convert_cleanup cleanup = {0};
    struct cls_error err = {0};
    char in_arg[16], out_arg[16];
    int in_fd = pipe_of(bytes, n), out_fd = memfd_create("output", 0);

    snprintf(in_arg, sizeof(in_arg), "%d", in_fd);
    snprintf(out_arg, sizeof(out_arg), "%d", out_fd);
    options.in = in_arg;
    options.out = out_arg;
    options.compact = false; /* for regular files only */
    options.checkpointed =
        is_one_of(2, bytes, n) ? CONVERT_CHECKPOINTED_YES : CONVERT_CHECKPOINTED_DEFAULT;
    if (in_fd >= 0 && convert_stream(&options, NULL, NULL, &cleanup, NULL, &err))
        check_output(out_fd, out_arg);
    else if (in_fd >= 0)
        must_blame_input(&err);
    close(in_fd);
    close(out_fd);
}

void check_conversion(struct convert_options options, const uint8_t *bytes, size_t n)
{
    struct convert_cleanup cleanup = {0};
    struct cls_error err = {0};
    struct cls_input in;
    char in_arg[16], out_arg[16];
    bool print = is_one_of(PRINTED, bytes, n);
    int in_fd = memory_input(&in, bytes, n), out_fd = memfd_create("output", 0);

    snprintf(in_arg, sizeof(in_arg), "%d", in_fd);
    snprintf(out_arg, sizeof(out_arg), "%d", out_fd);
    options.in = in_arg;
    options.out = out_arg;
    options.verify = true;
    if (convert_stream(&options, NULL, NULL, &cleanup, NULL, &err)) {
        check_output(out_fd, out_arg);
        /* A conversion to libxc format skips the toolstack blob; an inspection reads it. */
        if (!check_inspection(options, in_fd, print) && options.format == CONVERT_FORMAT_LIBXL)
            abort();
        if (!check_inspection(options, out_fd, print))
            abort();
    } else {
        must_blame_input(&err);
        /* v2 saves are rejected, but can be inspected. */
        if (check_inspection(options, in_fd, print) && !strstr(err.reason, "already"))
            abort();
    }
    close(in_fd);
    close(out_fd);
}
