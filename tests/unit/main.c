/*
 * unit-tests [SUITE]: runs one suite, or all of them. Exit status 0: every assertion held.
 */
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "suites.h"

static CU_SuiteInfo all_suites[] = {
    {"base", NULL, NULL, NULL, NULL, base_tests},
    {"move", NULL, NULL, NULL, NULL, move_tests},
    {"reader", NULL, NULL, NULL, NULL, reader_tests},
    {"body", NULL, NULL, NULL, NULL, body_tests},
    {"tails", NULL, NULL, NULL, NULL, tails_tests},
    {"toolstack", NULL, NULL, NULL, NULL, toolstack_tests},
    {"detect", NULL, NULL, NULL, NULL, detect_tests},
    {"envelope", NULL, NULL, NULL, NULL, envelope_tests},
    {"sexp", NULL, NULL, NULL, NULL, sexp_tests},
    {"writer", NULL, NULL, NULL, NULL, writer_tests},
    {"compare", NULL, NULL, NULL, NULL, compare_tests},
    {"out_file", NULL, NULL, NULL, NULL, out_file_tests},
    {"apart", NULL, NULL, NULL, NULL, apart_tests},
    {"spool", NULL, NULL, NULL, NULL, spool_tests},
    {"delta", NULL, NULL, NULL, NULL, delta_tests},
    {"checkpoint", NULL, NULL, NULL, NULL, checkpoint_tests},
    {"convert", NULL, NULL, NULL, NULL, convert_tests},
    {"inspect", NULL, NULL, NULL, NULL, inspect_tests},
    {"limits", NULL, NULL, NULL, NULL, limits_tests},
    {"repair", NULL, NULL, NULL, NULL, repair_tests},
    {"host", NULL, NULL, NULL, NULL, host_tests},
    {"truncation", NULL, NULL, NULL, NULL, truncation_tests},
    {"batch", NULL, NULL, NULL, NULL, batch_tests},
};
#define SUITES (sizeof(all_suites) / sizeof(all_suites[0]))

static bool register_suites(const char *only)
{
    bool any = false;

    for (size_t i = 0; i < SUITES; i++) {
        CU_SuiteInfo one[2] = {all_suites[i], CU_SUITE_INFO_NULL};

        if (only && strcmp(only, all_suites[i].pName) != 0)
            continue;
        any = true;
        if (CU_register_suites(one) != CUE_SUCCESS)
            return false;
    }
    return any;
}

/* CUnit's own return value knows nothing of failed assertions, and those nothing of failed set-ups.
 */
static bool run(void)
{
    CU_basic_set_mode(CU_BRM_VERBOSE);
    return CU_basic_run_tests() == CUE_SUCCESS && CU_get_number_of_failures() == 0 &&
           CU_get_number_of_suites_failed() == 0 && CU_get_number_of_asserts() > 0;
}

int main(int argc, char **argv)
{
    bool ok;

    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    if (!register_suites(argc > 1 ? argv[1] : NULL)) {
        fprintf(stderr, "unit-tests: cannot run suite %s\n", argc > 1 ? argv[1] : "(all)");
        CU_cleanup_registry();
        return 1;
    }
    ok = run();
    CU_cleanup_registry();
    return ok ? 0 : 1;
}
