/*
 * Rules for changes that are the same for xl's text (text_rules.c) and JSON (json_rules.c).
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "config/repair.h"
#include "config/text.h"

/* Is the rule requested, and is the request's Xen in the minor releases since..until? */
bool rule_applies(const struct config_request *r, unsigned rule, int since, int until);

/* Does the limit apply to the request's save and Xen, with at least LIMITS_HARMS? */
bool rule_found(const struct config_request *r, const char *id);

/* Returns the MiB that the guest needs: at least memory, the MiB it is configured to have. */
long rule_memory(const struct config_request *r, long memory);

/* Must qemu-traditional be named, since it saved the state? xl since Xen 4.21 rejects the name. */
bool rule_device_model(const struct config_request *r);

/* The number of vcpus that the guest needs; 0: not known. */
long rule_vcpus(const struct config_request *r);

/* The lines that QEMU's state needs, for all limits together. */
struct rule_qemu {
    struct limits_config_lines lines;
    char ids[32]; /* the limits, "R5, R36"; empty: none */
};
void rule_qemu(const struct config_request *r, struct rule_qemu *needed);

/* Appends the arguments for QEMU, "]" and a NUL to a list, which begins with "[". */
void rule_add_arguments(const struct rule_qemu *needed, struct config_text *list);

/* The stream's HVM_PARAM_VIRIDIAN as a list of xl's names or libxl's numbers; NULL: not possible.
 */
const char *rule_viridian(const struct config_request *r, bool names);

/* Must viridian in the configuration, if it is set, have the value of the stream? */
bool rule_viridian_applies(const struct config_request *r);

/* Counts and logs a change. */
void rule_note(const struct config_request *r, unsigned *changes, const char *id, const char *what);

#endif
