/*
 * What a configuration needs so that the save can be restored with it (restore limits R1, R3, R5,
 * R10, R11, R13, R17, R18, R33, R34, R36; src/limits).
 */
#ifndef CONFIG_REPAIR_H
#define CONFIG_REPAIR_H

#include "base/log.h"
#include "config/text.h"
#include "lazy/json.h"
#include "limits/limits.h"

/* The limits whose remedies are applied, as bits of a set. */
enum config_rule {
    CONFIG_RULE_R1 = 1 << 0,   /* name the device model that wrote the state */
    CONFIG_RULE_R3 = 1 << 1,   /* viridian: as the stream has it */
    CONFIG_RULE_R10 = 1 << 2,  /* keys that xl refuses */
    CONFIG_RULE_R11 = 1 << 3,  /* memory: what the stream populates */
    CONFIG_RULE_R13 = 1 << 4,  /* TSC mode 3 */
    CONFIG_RULE_R17 = 1 << 5,  /* the disk backend tap */
    CONFIG_RULE_R18 = 1 << 6,  /* as many vcpus as the stream has */
    CONFIG_RULE_QEMU = 1 << 7, /* R5, R33, R34, R36: arguments for QEMU */
};

#define CONFIG_RULES_ALL 0xffu

struct config_request {
    const struct limits_facts *facts; /* as far as they are known: facts->complete */
    const struct limits_host *host;
    unsigned rules;
    bool keep_old; /* text: each changed setting stays, as a comment, and another says why */
    const struct cls_log *log; /* each change is a line; may be NULL */
};

/*
 * Changes text (xl's, or libxl's JSON) where the request's limits apply, and nothing else, byte
 * for byte. *changes: how many settings that were. One that xl could not read stays as it is, with
 * a warning. Fails only where there is no memory. json: for JSON only.
 */
bool config_repair_text(const struct config_request *request, struct config_text *text,
                        unsigned *changes, struct cls_error *err) CLS_MUST_CHECK;
bool config_repair_json(const struct config_request *request, const struct lazy_json *json,
                        struct config_text *text, unsigned *changes,
                        struct cls_error *err) CLS_MUST_CHECK;

#endif
