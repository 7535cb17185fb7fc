/*
 * --inspect: from the input to what is printed.
 */
#ifndef TOOL_INSPECT_H
#define TOOL_INSPECT_H

#include "convert_options.h"

/*
 * Inspects options->in and prints what was found in this form, also where the save turns out to be
 * damaged; err then says how. Warnings are part of what is printed.
 */
bool inspect_and_print(const struct convert_options *options, enum inspect_form form, bool verbose,
                       const struct cls_log *log, struct cls_watch *watch,
                       struct cls_error *err) CLS_MUST_CHECK;

#endif
