/*
 * Parts of limits_facts_item(), for the data of one item each.
 */
#ifndef LIMITS_FACTS_INTERNAL_H
#define LIMITS_FACTS_INTERNAL_H

#include "limits/facts.h"

void collect_hvm_context(struct limits_facts *facts, const uint8_t *context, size_t len);
void collect_extended(struct limits_facts *facts, const uint8_t *bytes, size_t len);
void collect_xsave(struct limits_facts *facts, const uint8_t *bytes, size_t len);

#endif
