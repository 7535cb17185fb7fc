#include "rules.h"

#include <stdio.h>
#include <string.h>

#define PAGES_PER_MIB 256
#define SLACK_MIB     1 /* libxl allows so much more than "memory": LIBXL_MAXMEM_CONSTANT */

/* Bits of HVM_PARAM_VIRIDIAN that Xen 4.1.3 to 4.5 set (public/hvm/params.h). */
#define HVMPV_BASE_FREQ      1u
#define HVMPV_TIME_REF_COUNT 4u

/* Without --for, a rule must apply to all releases since 4.17. */
bool rule_applies(const struct config_request *r, unsigned rule, int since, int until)
{
    int from = r->host->given ? r->host->minor : 17;
    int to = r->host->given ? r->host->minor : LIMITS_MINOR_MAX;

    return r->rules & rule && since <= from && until >= to;
}

bool rule_found(const struct config_request *r, const char *id)
{
    struct limits_findings findings;

    limits_find(r->facts, r->host, &findings);
    for (unsigned i = 0; i < findings.count; i++)
        if (strcmp(findings.list[i].id, id) == 0 && findings.list[i].severity >= LIMITS_HARMS)
            return true;
    return false;
}

long rule_memory(const struct config_request *r, long memory)
{
    uint64_t needed = (r->facts->populated + PAGES_PER_MIB - 1) / PAGES_PER_MIB;

    if (memory < 0 || needed <= (uint64_t)memory + SLACK_MIB || needed > INT32_MAX)
        return memory;
    return (long)needed;
}

bool rule_device_model(const struct config_request *r)
{
    return r->rules & CONFIG_RULE_R1 && (!r->host->given || r->host->minor <= 20) &&
           r->facts->qemu.kind == LIMITS_QEMU_TRADITIONAL;
}

long rule_vcpus(const struct config_request *r)
{
    return (long)r->facts->vcpus_needed;
}

static void add_lines(struct limits_config_lines *to, const struct limits_config_lines *from)
{
    const unsigned max = sizeof(to->args) / sizeof(to->args[0]);

    if (from->vga)
        to->vga = from->vga;
    if (from->videoram)
        to->videoram = from->videoram;
    to->xen_platform_pci_off |= from->xen_platform_pci_off;
    to->no_soundhw |= from->no_soundhw;
    for (unsigned i = 0; i + 1 < from->args_count && to->args_count + 2 <= max; i += 2) {
        bool present = false;

        for (unsigned j = 0; j + 1 < to->args_count; j += 2)
            present |= strcmp(to->args[j], from->args[i]) == 0 &&
                       strcmp(to->args[j + 1], from->args[i + 1]) == 0;
        if (present)
            continue;
        memcpy(to->args[to->args_count++], from->args[i], sizeof(to->args[0]));
        memcpy(to->args[to->args_count++], from->args[i + 1], sizeof(to->args[0]));
    }
}

/* The lines of R5 and R34 include those of R33, as they put the VGA into its slot. */
void rule_qemu(const struct config_request *r, struct rule_qemu *needed)
{
    static const char *const ids[] = {"R5", "R34", "R36", "R33"};
    struct limits_config_lines some;

    *needed = (struct rule_qemu){.ids = ""};
    if (!(r->rules & CONFIG_RULE_QEMU) || r->facts->qemu.kind != LIMITS_QEMU_UPSTREAM)
        return;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        size_t used = strlen(needed->ids);

        if (!rule_found(r, ids[i]) || (strcmp(ids[i], "R33") == 0 && needed->lines.vga) ||
            !limits_config_lines(r->facts, ids[i], &some))
            continue;
        add_lines(&needed->lines, &some);
        snprintf(needed->ids + used, sizeof(needed->ids) - used, "%s%s", used ? ", " : "", ids[i]);
    }
}

void rule_add_arguments(const struct rule_qemu *needed, struct config_text *list)
{
    for (unsigned i = 0; i < needed->lines.args_count; i++) {
        config_text_add(list, list->len > 1 ? ", \"" : "\"", list->len > 1 ? 3 : 1);
        config_text_add(list, needed->lines.args[i], strlen(needed->lines.args[i]));
        config_text_add(list, "\"", 1);
    }
    config_text_add(list, "]", 2); /* and the NUL */
}

bool rule_viridian_applies(const struct config_request *r)
{
    return rule_applies(r, CONFIG_RULE_R3, 6, 14) && r->facts->has_viridian &&
           r->facts->viridian != 0;
}

/* Numbers as of viridian_enlightenment in libxl_types.idl of Xen 4.5. */
const char *rule_viridian(const struct config_request *r, bool names)
{
    switch (r->facts->viridian) {
    case HVMPV_BASE_FREQ:
        return names ? "[\"base\", \"freq\"]" : "[0, 1]";
    case HVMPV_BASE_FREQ | HVMPV_TIME_REF_COUNT:
        return names ? "[\"base\", \"freq\", \"time_ref_count\"]" : "[0, 1, 2]";
    default:
        return NULL;
    }
}

void rule_note(const struct config_request *r, unsigned *changes, const char *id, const char *what)
{
    ++*changes;
    if (r->keep_old)
        cls_info(r->log, "configuration: %s (%s)", what, id);
    else
        cls_warn(r->log, "repaired (%s): configuration: %s", id, what);
}
