/*
 * Parts of limits_facts_item(), for the data of one item each.
 */
#ifndef LIMITS_FACTS_INTERNAL_H
#define LIMITS_FACTS_INTERNAL_H

#include "limits/facts.h"

void take_hvm_context(struct limits_facts *facts, const uint8_t *context, size_t len);
void take_extended(struct limits_facts *facts, const uint8_t *bytes, size_t len);
void take_xsave(struct limits_facts *facts, const uint8_t *bytes, size_t len);

#endif
