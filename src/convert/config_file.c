#include "config_file.h"

#include "base/output.h"

bool config_file_open(struct config_file *config, const char *arg, bool no_clobber,
                      const struct out_file *output, const struct stat *input,
                      struct cls_error *err)
{
    convert_display_name(arg, false, config->name, sizeof(config->name));
    if (!out_file_resolve(&config->file, arg, config->name, no_clobber, &config->cleanup, err))
        return false;
    if (out_file_is(&config->file, input) || out_file_are_same(&config->file, output))
        return cls_fail(err, CLS_USAGE, "%s cannot take the configuration, too", config->name);
    return out_file_open(&config->file, err);
}

bool config_file_write(const struct config_file *config, const struct config_text *text,
                       struct cls_error *err)
{
    struct cls_output out;
    bool ok;

    cls_output_init(&out, config->file.fd, config->name, NULL);
    ok = cls_output_write(&out, text->bytes, text->len, err) && cls_output_finish(&out, err);
    cls_output_release(&out);
    return ok;
}

void config_file_close(struct config_file *config)
{
    out_file_close(&config->file);
}
