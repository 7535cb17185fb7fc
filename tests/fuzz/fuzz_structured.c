/*
 * The whole conversion of streams that are nearly right: the fuzzer's bytes are not the stream but
 * the choices by which one is built, so that random bytes get beyond the header.
 */
#include "build_stream.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices c = {.data = data, .left = size};
    struct convert_options options = options_from_bits(choose(&c) & 0x87);
    struct stream_shape shape;
    struct bytes stream;
    uint8_t cut;

    choose_shape(&c, &shape);
    shape.tmem_pages = options.drop_tmem;
    stream = build_stream(&c, &shape);
    cut = choose(&c);
    check_conversion(options, stream.at, cut < 0xe0 || cut > stream.n ? stream.n : stream.n - cut);
    return 0;
}
