/*
 * report.css and report.js, compiled into the program (CMakeLists.txt).
 */
#ifndef BATCH_REPORT_ASSETS_H
#define BATCH_REPORT_ASSETS_H

extern const char report_css[], report_js[];

#endif
