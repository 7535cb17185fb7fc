/*
 * The whole conversion: any bytes as the input, in every format, version and way to be told things.
 * The first byte picks those. Either the input is refused, or the output is sound by our own
 * verifier.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert/convert.h"
#include "convert/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct convert_options choose(uint8_t bits)
{
    static const unsigned widths[] = {0, 4, 8, 0};

    return (struct convert_options){
        .format = (enum convert_format)(bits & 1 ? CONVERT_FORMAT_LIBXL : CONVERT_FORMAT_LIBXC),
        .version = bits & 2 ? 3 : 2,
        .skip_qemu = bits & 4,
        .width = widths[bits >> 3 & 3],
        .guest = bits & 0x20 ? (bits & 0x40 ? GUEST_HVM : GUEST_PV) : GUEST_UNKNOWN,
        .no_sync = true,
    };
}

static void check_output(int out, const char *out_arg)
{
    struct verify_options options = {.in = out_arg};
    struct v2_summary summary;
    struct cls_error err = {0};

    if (lseek(out, 0, SEEK_SET) != 0 || !verify_stream(&options, NULL, &summary, &err)) {
        fprintf(stderr, "byte %llu: %s: %s\n", (unsigned long long)err.offset, err.place,
                err.reason);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct convert_cleanup cleanup = {0};
    struct convert_options options;
    struct cls_error err = {0};
    char in_arg[16], out_arg[16];
    int in = memfd_create("in", 0), out = memfd_create("out", 0);

    if (size == 0 || in < 0 || out < 0 || write(in, data + 1, size - 1) != (ssize_t)(size - 1) ||
        lseek(in, 0, SEEK_SET) != 0)
        goto done;
    options = choose(data[0]);
    snprintf(in_arg, sizeof(in_arg), "%d", in);
    snprintf(out_arg, sizeof(out_arg), "%d", out);
    options.in = in_arg;
    options.out = out_arg;
    if (convert_stream(&options, NULL, NULL, &cleanup, &err))
        check_output(out, out_arg);
    else if (err.status != CLS_BAD_INPUT)
        abort(); /* nothing but the input can be wrong here */
done:
    close(in);
    close(out);
    return 0;
}
