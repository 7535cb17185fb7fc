/*
 * Changes a configuration so that the save can be restored with it (restore limits R1, R3, R5, R10,
 * R11, R13, R17, R18, R33, R34, R36; docs/limits.md).
 */
#ifndef CONFIG_REPAIR_H
#define CONFIG_REPAIR_H

#include "base/log.h"
#include "config/text.h"
#include "lazy/json.h"
#include "limits/limits.h"

/* Limits whose remedies are applied, as bits of a set. */
enum config_rule {
    CONFIG_RULE_R1 = 1 << 0,   /* name the device model that wrote the state */
    CONFIG_RULE_R3 = 1 << 1,   /* make viridian match the stream */
    CONFIG_RULE_R10 = 1 << 2,  /* replace or drop settings that xl rejects */
    CONFIG_RULE_R11 = 1 << 3,  /* allow as much memory as the stream populates */
    CONFIG_RULE_R13 = 1 << 4,  /* replace TSC mode 3 */
    CONFIG_RULE_R17 = 1 << 5,  /* drop the disk backend tap */
    CONFIG_RULE_R18 = 1 << 6,  /* allow as many vcpus as the stream has */
    CONFIG_RULE_QEMU = 1 << 7, /* R5, R33, R34, R36: arguments for QEMU */
};

#define CONFIG_RULES_ALL 0xffu

struct config_request {
    const struct limits_facts *facts; /* of the save; may be incomplete */
    const struct limits_host *host;
    unsigned rules;            /* bits of enum config_rule */
    bool keep_old;             /* text: keep changed settings as comments, with the reason */
    const struct cls_log *log; /* gets a line for each change; may be NULL */
};

/*
 * Changes settings in text (xl's text, or libxl's JSON) if the limits of the request apply; all
 * other bytes stay. *changes: the number of changed settings. If xl could not parse the text, it is
 * not changed, and a warning is logged. Fails only if there is no memory.
 */
bool config_repair_text(const struct config_request *request, struct config_text *text,
                        unsigned *changes, struct cls_error *err) CLS_MUST_CHECK;
bool config_repair_json(const struct config_request *request, const struct lazy_json *json,
                        struct config_text *text, unsigned *changes,
                        struct cls_error *err) CLS_MUST_CHECK;

#endif
