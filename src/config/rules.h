/*
 * What both forms of a configuration have in common when they are repaired.
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "config/repair.h"
#include "config/text.h"

/* Is the rule asked for, and of the releases since..until (minors) the one that matters? */
bool rule_applies(const struct config_request *r, unsigned rule, int since, int until);

/* Did this limit come out for the request's save and Xen? */
bool rule_found(const struct config_request *r, const char *id);

/* MiB that the guest must have at least; 0: not known. */
long rule_memory(const struct config_request *r, long memory);

/* Is the state that of qemu-traditional, and may it be named? From Xen 4.21 on xl refuses the name.
 */
bool rule_device_model(const struct config_request *r);

/* vcpus that it must have at least; 0: not known. */
long rule_vcpus(const struct config_request *r);

/* The lines that QEMU's state needs, of all limits together: ids of those. */
struct rule_qemu {
    struct limits_config_lines lines;
    char ids[32]; /* "R5, R36"; empty: no line is needed */
};
void rule_qemu(const struct config_request *r, struct rule_qemu *needed);

/* The needed arguments of QEMU, put behind the items of a list that was begun with "["; with the
 * list's end and a NUL. */
void rule_add_arguments(const struct rule_qemu *needed, struct config_text *list);

/* The stream's HVM_PARAM_VIRIDIAN as a list, by xl's names or libxl's numbers; NULL: there is none.
 */
const char *rule_viridian(const struct config_request *r, bool names);

/* May it be set in the configuration, too, and is then to be the same? */
bool rule_viridian_applies(const struct config_request *r);

/* Counts the change, and says what it is. */
void rule_note(const struct config_request *r, unsigned *changes, const char *id, const char *what);

#endif
