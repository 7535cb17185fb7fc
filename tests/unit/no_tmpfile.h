/*
 * Stands in for file systems without unnamed files (NFS, FAT): openat() with O_TMPFILE fails as it
 * does there.
 */
#ifndef UNIT_NO_TMPFILE_H
#define UNIT_NO_TMPFILE_H

#include <stdbool.h>

extern bool no_tmpfile;

#endif
