/* The linker turns each sysconf(x) of the code under test into __wrap_sysconf(x). */
#include "small_memory.h"

#include <unistd.h>

long __real_sysconf(int name);
long __wrap_sysconf(int name);

static long pages_said;

void small_memory(long pages)
{
    pages_said = pages;
}

long __wrap_sysconf(int name)
{
    return name == _SC_PHYS_PAGES && pages_said ? pages_said : __real_sysconf(name);
}
