#include "units.h"

#include <stdio.h>

void units_size(char *buf, size_t size, double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    for (; bytes >= 1024 && unit < sizeof(units) / sizeof(units[0]) - 1; unit++)
        bytes /= 1024;
    snprintf(buf, size, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void units_time(char *buf, size_t size, double seconds)
{
    unsigned long s = seconds < 360000 ? (unsigned long)(seconds + 0.5) : 360000;

    if (s < 60)
        snprintf(buf, size, "%lu s", s);
    else if (s < 3600)
        snprintf(buf, size, "%lu:%02lu min", s / 60, s % 60);
    else
        snprintf(buf, size, "%lu:%02lu h", s / 3600, s / 60 % 60);
}
