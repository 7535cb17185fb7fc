/*
 * Splits a command line into words like Python's shlex.split(), which xend uses for bootloader_args
 * (tools/python/xen/xend/XendBootloader.py of Xen 4.1).
 */
#ifndef CONFIG_SHELL_WORDS_H
#define CONFIG_SHELL_WORDS_H

#include <stdbool.h>

/*
 * Takes the first word of *s: *word points to it, in the same buffer and with a NUL at its end, and
 * *s is advanced. Returns false if there is none. An unclosed quote extends to the end.
 */
bool shell_word(char **s, char **word);

#endif
