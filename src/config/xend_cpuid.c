/*
 * CPUID: xend and xl have the same characters for the bits, in a different syntax.
 */
#include <string.h>

#include "xend_parts.h"

#define CPUID_REGISTER 32

/* Reads (eax VALUE), where VALUE has a character for each of 32 bits. */
static bool is_register(struct sexp s, char *reg, char *value)
{
    static const char *const names[] = {"eax", "ebx", "ecx", "edx"};
    bool known = false;

    if (!sexp_atom(sexp_first(s), reg, XEND_VALUE_MAX) || !xend_item_value(s, value))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        known |= strcmp(reg, names[i]) == 0;
    return known && strlen(value) == CPUID_REGISTER && strspn(value, "01xks") == CPUID_REGISTER;
}

/* Reads (1 ((ecx ...) (edx ...))): a leaf, or leaf and subleaf, and its registers. */
static bool is_leaf(struct sexp leaf, char *number, struct sexp *registers)
{
    char reg[XEND_VALUE_MAX], value[XEND_VALUE_MAX];
    struct sexp s;

    if (!sexp_atom(sexp_first(leaf), number, XEND_VALUE_MAX) || !*number ||
        strspn(number, "0123456789abcdefx,") < strlen(number))
        return false;
    *registers = sexp_first(sexp_next(sexp_first(leaf)));
    for (s = *registers; s.p; s = sexp_next(s))
        if (!is_register(s, reg, value))
            return false;
    return registers->p != NULL;
}

static void put_leaf(struct config_text *t, const char *number, struct sexp registers)
{
    char reg[XEND_VALUE_MAX], value[XEND_VALUE_MAX];
    const char *sign = ":";

    xl_item_begin(t);
    xl_put_part(t, number);
    for (; registers.p; registers = sexp_next(registers), sign = ",") {
        (void)is_register(registers, reg, value);
        xl_put(t, sign);
        xl_put_part(t, reg);
        xl_put(t, "=");
        xl_put_part(t, value);
    }
    xl_item_end(t);
}

void xend_put_cpuid(struct config_text *t, struct xend_guest *g)
{
    struct sexp leaves = sexp_first(sexp_next(sexp_first(g->items[xend_row("cpuid")])));
    char number[XEND_VALUE_MAX];
    struct sexp registers;

    for (struct sexp leaf = leaves; leaf.p; leaf = sexp_next(leaf))
        if (!is_leaf(leaf, number, &registers)) {
            xend_mark_unusable(g, "cpuid");
            return;
        }
    if (!leaves.p)
        return;
    xl_list_begin(t, "cpuid");
    for (struct sexp leaf = leaves; leaf.p; leaf = sexp_next(leaf)) {
        (void)is_leaf(leaf, number, &registers);
        put_leaf(t, number, registers);
    }
    xl_list_end(t);
}
