/*
 * Splits a command line into words as Python's shlex.split() does, which xend used for
 * bootloader_args (tools/python/xen/xend/XendBootloader.py of Xen 4.1).
 */
#ifndef CONFIG_SHELL_WORDS_H
#define CONFIG_SHELL_WORDS_H

#include <stdbool.h>

/*
 * Takes the first word of *s, in place: *word is ended by a NUL, *s stands behind it. Returns
 * false where there is none. A quote that is never closed ends at the end.
 */
bool shell_word(char **s, char **word);

#endif
