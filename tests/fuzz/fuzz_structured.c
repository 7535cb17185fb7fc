/*
 * Converts valid and slightly invalid saves. The fuzzer's input is not the save, but the choices by
 * which it is built, so that random inputs get past the header.
 */
#include "build_container.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices c = {.data = data, .left = size};
    struct convert_options options = options_from_bits(choose(&c) & 0x87);
    struct stream_shape shape;
    struct bytes save, stream;
    enum container container;
    uint8_t cut;

    choose_shape(&c, &shape);
    choose_container(&c, &container, &shape);
    if (container != BARE)
        options.format = CONVERT_FORMAT_DEFAULT;
    shape.tmem_pages = options.drop_tmem;
    save = build_save(&c, container, &shape, &stream);
    cut = choose(&c);
    save.n -= cut < 0xe0 || cut > save.n ? 0 : cut;
    check_conversion(options, save.at, save.n);
    if (is_one_of(4, data, size))
        check_conversion_of_pipe(options, save.at, save.n);
    return 0;
}
