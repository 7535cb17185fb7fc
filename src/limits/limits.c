#include "limits/limits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "table.h"

const char *limits_verdict_text(enum limits_verdict verdict)
{
    static const char *const texts[] = {[LIMITS_RESTORE_YES] = "yes",
                                        [LIMITS_RESTORE_ATTENTION] = "needs attention",
                                        [LIMITS_RESTORE_NO] = "no"};

    return texts[verdict];
}

static const char *const repair_names[LIMITS_REPAIRS] = {
    "viridian",  "tsc-mode", "xsave",        "mce-caps",
    "fip-width", "kvmvapic", "vga-revision", "emulator",
};

const char *limits_repair_name(unsigned repair)
{
    for (unsigned i = 0; i < LIMITS_REPAIRS; i++)
        if (repair == 1u << i)
            return repair_names[i];
    return "";
}

unsigned limits_repair_parse(const char *name, size_t len)
{
    for (unsigned i = 0; i < LIMITS_REPAIRS; i++)
        if (strlen(repair_names[i]) == len && strncmp(name, repair_names[i], len) == 0)
            return 1u << i;
    for (unsigned i = 0; i < limits_table_size; i++)
        if (limits_table[i].repair && strlen(limits_table[i].id) == len &&
            strncasecmp(name, limits_table[i].id, len) == 0)
            return limits_table[i].repair;
    return 0;
}

/* For which releases does the limit apply? *unchecked: that depends on the host, which is unknown.
 */
static enum range_match match_limit(const struct limit *limit, const struct limits_facts *facts,
                                    const struct limits_host *host, bool *unchecked)
{
    static const struct release_range since_4_17[RANGES_MAX] = {
        {LIMITS_RELEASE(17, 0), LIMITS_RELEASE(LIMITS_MINOR_MAX + 1, 0)}};
    enum limits_known known = limit->on_host ? limit->on_host(facts, host) : LIMITS_UNKNOWN;

    *unchecked = false;
    if (known != LIMITS_UNKNOWN)
        return known == LIMITS_NO ? RANGE_ALL : RANGE_NONE;
    if (!limit->ranges[0].from) {
        *unchecked = true;
        return RANGE_ALL;
    }
    if (host->given)
        return match_ranges(limit->ranges, host);
    for (unsigned i = 0; i < RANGES_MAX && limit->ranges[i].from; i++)
        if (limit->ranges[i].from <= since_4_17[0].from &&
            limit->ranges[i].before >= since_4_17[0].before)
            return RANGE_ALL;
    return RANGE_SOME;
}

static void fill_where(const struct limit *limit, struct limits_finding *finding)
{
    char releases[96];

    ranges_text(limit->ranges, releases, sizeof(releases));
    if (!limit->effect)
        snprintf(finding->where, sizeof(finding->where), "affects Xen %s", releases);
    else if (*releases)
        snprintf(finding->where, sizeof(finding->where), "%s %s", limit->effect, releases);
    else
        snprintf(finding->where, sizeof(finding->where), "%s", limit->effect);
}

static void fill_remedy(const struct limits_facts *facts, const struct limit *limit,
                        struct limits_finding *finding)
{
    struct limits_config_lines lines;
    char text[640] = "";
    bool has_lines = limits_config_lines(facts, limit->id, &lines);

    if (has_lines)
        limits_config_lines_text(&lines, text, sizeof(text));
    if (finding->repair)
        snprintf(finding->remedy, sizeof(finding->remedy), "convert with --repair=%s%s%s",
                 limits_repair_name(finding->repair),
                 has_lines ? ", or restore with this configuration: " : "", text);
    else if (has_lines)
        snprintf(finding->remedy, sizeof(finding->remedy), "restore with this configuration: %s",
                 text);
    else if (limit->remedy)
        snprintf(finding->remedy, sizeof(finding->remedy), "%s", limit->remedy);
}

/* Does the configuration already have the arguments for QEMU that avoid the limit? */
static bool is_configured(const struct limits_facts *facts, const struct limit *limit)
{
    struct limits_config_lines lines;
    char wanted[sizeof(lines.args[0]) + 2];

    if (!limits_config_lines(facts, limit->id, &lines) || lines.args_count == 0)
        return false;
    for (unsigned i = 0; i < lines.args_count; i++) {
        snprintf(wanted, sizeof(wanted), "\n%s\n", lines.args[i]);
        if (!strstr(facts->config.qemu_args, wanted))
            return false;
    }
    return true;
}

/* Adds the releases of a finding to the one before it, if they differ in nothing else. */
static bool join_last(const struct limit *limit, struct limits_findings *findings)
{
    struct limits_finding *finding = &findings->list[findings->count], *last;
    char releases[96];
    size_t used;

    if (findings->count == 0)
        return false;
    last = finding - 1;
    if (strcmp(last->id, finding->id) != 0 || strcmp(last->what, finding->what) != 0 ||
        strcmp(last->remedy, finding->remedy) != 0 || last->severity != finding->severity ||
        last->some_points != finding->some_points)
        return false;
    ranges_text(limit->ranges, releases, sizeof(releases));
    used = strlen(last->where);
    snprintf(last->where + used, sizeof(last->where) - used, ", %s", releases);
    return true;
}

static void check_limit(const struct limit *limit, const struct limits_facts *facts,
                        const struct limits_host *host, struct limits_findings *findings)
{
    struct limits_finding *finding = &findings->list[findings->count];
    enum range_match match;
    bool unchecked;

    *finding = (struct limits_finding){
        .id = limit->id, .severity = limit->severity, .repair = limit->repair};
    if (findings->count == LIMITS_FINDINGS_MAX || !limit->in_save(facts, host, limit, finding) ||
        is_configured(facts, limit))
        return;
    match = match_limit(limit, facts, host, &unchecked);
    if (match == RANGE_NONE)
        return;
    finding->some_points = match == RANGE_SOME;
    if (unchecked && finding->silent)
        return;
    if (unchecked)
        finding->severity = LIMITS_UNCHECKED;
    if (!finding->what[0] && limit->what)
        snprintf(finding->what, sizeof(finding->what), "%s", limit->what);
    fill_where(limit, finding);
    fill_remedy(facts, limit, finding);
    if (!join_last(limit, findings))
        findings->count++;
}

static enum limits_verdict verdict_of(const struct limits_finding *finding)
{
    switch (finding->severity) {
    case LIMITS_BLOCKS:
        return finding->some_points ? LIMITS_RESTORE_ATTENTION : LIMITS_RESTORE_NO;
    case LIMITS_HARMS:
        return LIMITS_RESTORE_ATTENTION;
    default:
        return LIMITS_RESTORE_YES;
    }
}

void limits_find(const struct limits_facts *facts, const struct limits_host *host,
                 struct limits_findings *findings)
{
    findings->verdict = LIMITS_RESTORE_YES;
    findings->count = 0;
    for (unsigned i = 0; i < limits_table_size && findings->count < LIMITS_FINDINGS_MAX; i++)
        check_limit(&limits_table[i], facts, host, findings);
    for (unsigned i = 0; i < findings->count; i++)
        if (verdict_of(&findings->list[i]) > findings->verdict)
            findings->verdict = verdict_of(&findings->list[i]);
}

void limits_warn(const struct limits_findings *findings, const struct limits_host *host,
                 const struct cls_log *log)
{
    char xen[64];

    limits_host_text(host, xen, sizeof(xen));
    for (unsigned i = 0; i < findings->count; i++) {
        const struct limits_finding *f = &findings->list[i];

        if (f->severity == LIMITS_BLOCKS && !f->some_points)
            cls_warn(log, "restore on %s will fail: %s: %s: %s%s%s", xen, f->id, f->what, f->where,
                     *f->remedy ? "; remedy: " : "", f->remedy);
    }
}

unsigned limits_repairs_for(const struct limits_host *host)
{
    unsigned repairs = 0;

    for (unsigned i = 0; i < limits_table_size; i++) {
        const struct limit *limit = &limits_table[i];

        if (!limit->ranges[0].from || !host->given ||
            match_ranges(limit->ranges, host) != RANGE_NONE)
            repairs |= limit->repair;
    }
    if (host->vendor == LIMITS_VENDOR_INTEL)
        repairs &= ~(unsigned)LIMITS_REPAIR_MCE_CAPS;
    return repairs;
}
