/*
 * Compares the converter with an independent model (model.h): a valid stream, converted with any
 * options, must give a v2 stream of the same guest; with repairs, only these may differ.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build_container.h"
#include "memory_input.h"
#include "model.h"
#include "property.h"

#define OUTPUT_MAX (STREAM_MAX * 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct comparison {
    struct convert_options options;
    struct model_hints hints;
    enum container container;
    struct bytes save, stream;
    bool valid, named; /* named: the output is a new file */
};

/* Reports a difference. FUZZ_SAVE=FILE: also writes the save to FILE. */
static _Noreturn void differs(const struct comparison *it, const char *what)
{
    const char *path = getenv("FUZZ_SAVE");
    FILE *file = path ? fopen(path, "wb") : NULL;

    if (file) {
        (void)fwrite(it->save.at, 1, it->save.n, file);
        fclose(file);
    }
    fprintf(stderr, "%s: container %d, -w %u -g %s, format %d, version %u%s%s%s%s%s%s\n", what,
            (int)it->container, it->hints.width * 8, it->hints.hvm ? "hvm" : "pv",
            (int)it->options.format, it->options.version, it->options.compact ? ", --compact" : "",
            it->options.drop_tmem ? ", --drop-tmem" : "",
            it->options.skip_qemu ? ", --skip-qemu" : "",
            it->options.repair.named ? ", --repair" : "", it->named ? ", named" : "",
            it->valid ? ", all valid" : "");
    abort();
}

/* Returns the length of the output; 0 if the save was rejected. */
static size_t convert(const struct comparison *it, uint8_t *output, struct cls_error *err)
{
    struct convert_options options = it->options;
    struct convert_cleanup cleanup = {0};
    struct cls_input in;
    char in_arg[16], out_arg[64];
    int in_fd = memory_input(&in, it->save.at, it->save.n), out_fd;
    ssize_t n = 0;

    out_fd = memfd_create("output", 0);
    snprintf(in_arg, sizeof(in_arg), "%d", in_fd);
    if (it->named)
        snprintf(out_arg, sizeof(out_arg), "/dev/shm/fuzz_differential.%d", (int)getpid());
    else
        snprintf(out_arg, sizeof(out_arg), "%d", out_fd);
    options.in = in_arg;
    options.out = out_arg;
    if (convert_stream(&options, NULL, NULL, &cleanup, NULL, err)) {
        if (it->named) {
            close(out_fd);
            out_fd = open(out_arg, O_RDONLY | O_CLOEXEC);
            unlink(out_arg);
        }
        n = pread(out_fd, output, OUTPUT_MAX, 0);
        if (n <= 0 || n == OUTPUT_MAX)
            abort();
    } else {
        must_blame_input(err);
    }
    close(in_fd);
    close(out_fd);
    return (size_t)n;
}

/* Applies the effects of the options to the guest that the stream describes. */
static void expect(const struct comparison *it, struct model_guest *guest)
{
    bool libxc = it->options.format == CONVERT_FORMAT_LIBXC || it->container == XAPI ||
                 it->container == XAPI_STRUCTURED;

    for (unsigned pfn = 0; it->named && pfn < MODEL_PFNS; pfn++)
        if (guest->given_back[pfn])
            guest->pages[pfn] = (struct model_page){0};
    if (libxc)
        guest->xenstore = (struct model_blob){0};
    if (it->options.repair.named)
        model_repair(guest);
}

static void compare(const struct comparison *it)
{
    static struct model_guest expected, got;
    static uint8_t output[OUTPUT_MAX];
    struct cls_error err = {0};
    size_t n = convert(it, output, &err);
    enum model_verdict verdict;
    const char *what;

    verdict = model_legacy(&expected, &it->hints, it->stream.at, it->stream.n);
    if (verdict == MODEL_BAD && it->valid)
        differs(it, "the model rejects a valid stream");
    if (n == 0) {
        if (verdict == MODEL_SOUND && it->valid) {
            fprintf(stderr, "byte %llu: %s: %s\n", (unsigned long long)err.offset, err.place,
                    err.reason);
            differs(it, "a valid stream was rejected");
        }
        return;
    }
    if (!model_new_save(&got, output, n))
        differs(it, "the output is no sound save");
    if (verdict == MODEL_BAD)
        differs(it, "the model rejects a stream that was converted");
    if (verdict == MODEL_UNSURE || got.beyond)
        return;
    expect(it, &expected);
    what = model_difference(&expected, &got);
    if (what)
        differs(it, what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices c = {.data = data, .left = size};
    struct comparison it = {0};
    struct stream_shape shape;
    uint8_t bits = choose(&c), more = choose(&c), cut;

    it.options = options_from_bits(bits & 0x87);
    it.options.repair.named = more & 1 ? LIMITS_REPAIR_ALL : 0;
    it.named = more & 2;
    c.only_valid = !(more & 4);
    choose_shape(&c, &shape);
    choose_container(&c, &it.container, &shape);
    if (it.container != BARE)
        it.options.format = CONVERT_FORMAT_DEFAULT;
    shape.tmem_pages = it.options.drop_tmem;
    it.options.skip_qemu &= it.options.format == CONVERT_FORMAT_LIBXC;
    /* Without extended info, width and guest type may not be detectable. */
    if (more & 8 || (!shape.hvm && !shape.extended_info)) {
        it.options.width = shape.width;
        it.options.guest = shape.hvm ? GUEST_HVM : GUEST_PV;
    }
    it.save = build_save(&c, it.container, &shape, &it.stream);
    cut = c.only_valid ? 0 : choose(&c);
    if (cut >= 0xe0 && cut < it.stream.n && it.container == BARE) {
        it.save.n = it.stream.n -= cut;
        c.has_invalid = true;
    }
    /* An image is followed by other data, which an invalid stream may seem to include. */
    if (it.container == XAPI || it.container == XAPI_STRUCTURED)
        it.stream.n = (size_t)(it.save.at + it.save.n - it.stream.at);
    it.valid = !c.has_invalid;
    it.hints = (struct model_hints){.width = shape.width,
                                    .hvm = shape.hvm,
                                    .drop_tmem = it.options.drop_tmem,
                                    .no_emulator = it.options.skip_qemu && shape.hvm,
                                    .checkpoints =
                                        it.container != XAPI && it.container != XAPI_STRUCTURED};
    compare(&it);
    return 0;
}
