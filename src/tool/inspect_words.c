#include "inspect_print.h"

const char *inspect_guest_name(enum guest_type guest)
{
    return guest == GUEST_PV ? "pv" : guest == GUEST_HVM ? "hvm" : "unknown";
}

const char *inspect_stream_name(enum inspect_stream stream)
{
    static const char *const names[] = {[INSPECT_UNKNOWN] = "unknown",
                                        [INSPECT_LEGACY] = "legacy",
                                        [INSPECT_LIBXC] = "libxc",
                                        [INSPECT_LIBXL] = "libxl"};

    return names[stream];
}

const char *inspect_format_name(enum convert_format format)
{
    return format == CONVERT_FORMAT_LIBXL ? "libxl" : "libxc";
}

const char *inspect_config_name(enum envelope_config_format format)
{
    return format == ENVELOPE_CONFIG_JSON ? "json" : "text";
}

uint64_t inspect_entries(const struct inspect_pages *pages)
{
    uint64_t all = 0;

    for (unsigned type = 0; type < 16; type++)
        all += pages->entries[type];
    return all;
}
