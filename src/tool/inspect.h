/*
 * --inspect: inspects the input and prints the result.
 */
#ifndef TOOL_INSPECT_H
#define TOOL_INSPECT_H

#include "convert_options.h"

/*
 * Inspects options->in and prints the result, which includes warnings. If the save is damaged, what
 * was found before the damage is printed and the call fails with the error.
 */
bool inspect_and_print(const struct convert_options *options, enum inspect_form form, bool verbose,
                       const struct cls_log *log, struct cls_watch *watch,
                       struct cls_error *err) CLS_MUST_CHECK;

#endif
