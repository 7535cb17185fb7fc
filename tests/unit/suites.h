/*
 * The suites: each is an array of tests, ended by CU_TEST_INFO_NULL, in the file of its name.
 */
#ifndef UNIT_SUITES_H
#define UNIT_SUITES_H

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>

extern CU_TestInfo base_tests[];
extern CU_TestInfo move_tests[];
extern CU_TestInfo reader_tests[];
extern CU_TestInfo body_tests[];
extern CU_TestInfo tails_tests[];
extern CU_TestInfo toolstack_tests[];
extern CU_TestInfo detect_tests[];
extern CU_TestInfo envelope_tests[];
extern CU_TestInfo sexp_tests[];
extern CU_TestInfo writer_tests[];
extern CU_TestInfo compare_tests[];
extern CU_TestInfo out_file_tests[];
extern CU_TestInfo apart_tests[];
extern CU_TestInfo spool_tests[];
extern CU_TestInfo delta_tests[];
extern CU_TestInfo checkpoint_tests[];
extern CU_TestInfo convert_tests[];
extern CU_TestInfo inspect_tests[];
extern CU_TestInfo limits_tests[];
extern CU_TestInfo repair_tests[];
extern CU_TestInfo host_tests[];
extern CU_TestInfo truncation_tests[];
extern CU_TestInfo batch_tests[];

#endif
