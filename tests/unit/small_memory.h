/*
 * Simulates a machine with little memory: the size of a large output depends on it.
 */
#ifndef UNIT_SMALL_MEMORY_H
#define UNIT_SMALL_MEMORY_H

/* Makes sysconf(_SC_PHYS_PAGES) return this number; 0: the real one. */
void small_memory(long pages);

#endif
