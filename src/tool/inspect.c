#include "inspect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "inspect_print.h"
#include "lazy/json.h"
#include "lazy/xml.h"
#include "std_fds.h"
#include "xl_config.h"

/*
 * Loads all libraries before the sandbox is entered. Without json-c only the JSON form fails: else
 * it is used just to show names from xl's configurations.
 */
static bool load_libraries(enum inspect_form form, const struct lazy_json **json,
                           struct cls_error *err)
{
    *json = lazy_json(err);
    if (form == INSPECT_JSON)
        return *json;
    return form != INSPECT_XML || lazy_xml(err);
}

static bool print(const struct inspection *r, enum inspect_form form, bool verbose,
                  struct cls_error *err)
{
    bool ok;

    if (form == INSPECT_XML)
        ok = document_print_xml(inspect_document, r, err);
    else if (form == INSPECT_JSON)
        ok = document_print_json(inspect_document, r, err);
    else
        ok = inspect_print_text(r, verbose, err);
    return ok && std_fds_flush(err);
}

bool inspect_and_print(const struct convert_options *options, enum inspect_form form, bool verbose,
                       const struct cls_log *log, struct cls_watch *watch, struct cls_error *err)
{
    struct inspection *r = malloc(sizeof(*r));
    const struct lazy_json *json;
    struct cls_error print_err;
    bool ok;

    if (!r)
        return cls_fail_errno(err, ENOMEM, "cannot start");
    if (!load_libraries(form, &json, err)) {
        free(r);
        return false;
    }
    ok = inspect_stream(options, log, watch, r, err);
    xl_config_read(r, json);
    /* After a usage error the input was not examined. */
    if ((ok || err->status != CLS_USAGE) && !print(r, form, verbose, &print_err)) {
        *err = print_err;
        ok = false;
    }
    inspection_free(r);
    free(r);
    return ok;
}
