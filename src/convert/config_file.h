/*
 * The xl configuration that --write-config asks for: a second output, made like the first one.
 */
#ifndef CONVERT_CONFIG_FILE_H
#define CONVERT_CONFIG_FILE_H

#include "config/text.h"
#include "convert/out_file.h"

struct config_file {
    struct out_file file;
    struct convert_cleanup cleanup;
    char name[256];
};

/*
 * Makes the file that arg names ready for writing; it must be none of the two others. Close with
 * config_file_close(), also after failures.
 */
bool config_file_open(struct config_file *config, const char *arg, bool no_clobber,
                      const struct out_file *output, const struct stat *input,
                      struct cls_error *err) CLS_MUST_CHECK;

/* Writes the text; the file is to be named together with the output. */
bool config_file_write(const struct config_file *config, const struct config_text *text,
                       struct cls_error *err) CLS_MUST_CHECK;

void config_file_close(struct config_file *config);

#endif
