/*
 * Configurations: converted from xend's and from JSON, repaired as text and in place. A second
 * repair must change nothing, and repaired JSON must be valid.
 */
#include <stdlib.h>
#include <string.h>

#include "config/json_text.h"
#include "config/repair.h"
#include "config/xend.h"
#include "part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* A guest whose facts trigger all rules for configurations. */
static void ask(struct config_request *request, struct limits_facts *facts,
                struct limits_host *host, bool keep_old)
{
    limits_facts_init(facts);
    facts->guest = GUEST_HVM;
    facts->populated = 4000;
    facts->vcpus_needed = 3;
    facts->has_viridian = true;
    facts->viridian = 5;
    facts->qemu.kind = LIMITS_QEMU_UPSTREAM;
    facts->qemu.vga_slot = 2;
    facts->qemu.platform_slot = 3;
    must(limits_host_parse("4.14", host));
    *request = (struct config_request){
        .facts = facts, .host = host, .rules = CONFIG_RULES_ALL, .keep_old = keep_old};
}

static void repair_text(struct config_text *text, bool keep_old)
{
    struct limits_facts facts;
    struct limits_host host;
    struct config_request request;
    struct cls_error err = {0};
    unsigned changes;

    ask(&request, &facts, &host, keep_old);
    request.rules &= ~(unsigned)CONFIG_RULE_QEMU; /* it adds lines each time */
    must(config_repair_text(&request, text, &changes, &err));
    must(config_repair_text(&request, text, &changes, &err) && changes == 0);
    request.rules = CONFIG_RULE_QEMU;
    must(config_repair_text(&request, text, &changes, &err));
}

static void repair_json(struct config_text *text)
{
    struct limits_facts facts;
    struct limits_host host;
    struct config_request request;
    struct cls_error err = {0};
    const struct lazy_json *json = lazy_json(&err);
    struct config_text xl = {0};
    unsigned changes;

    must(json != NULL);
    ask(&request, &facts, &host, false);
    if (config_repair_json(&request, json, text, &changes, &err))
        must(config_repair_json(&request, json, text, &changes, &err));
    (void)config_from_json(json, text, &xl, &err);
    config_text_free(&xl);
}

static void make_of_xend(const char *bytes, size_t len, struct config_text *text)
{
    size_t where;

    if (sexp_check(bytes, len, &where) == NULL)
        (void)config_from_xend((struct sexp){bytes, bytes + len}, GUEST_UNKNOWN, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { XEND, TEXT, JSON, PARTS };
    static const char *const names[PARTS] = {"xend", "text", "json"};
    struct config_text text = {0};
    unsigned part;

    if (size == 0)
        return 0;
    part = choose_part(names, PARTS, data[0]);
    if (part == XEND)
        make_of_xend((const char *)data + 1, size - 1, &text);
    else
        config_text_add(&text, (const char *)data + 1, size - 1);
    if (part == JSON)
        repair_json(&text);
    else
        repair_text(&text, data[0] / PARTS & 1);
    config_text_free(&text);
    return 0;
}
