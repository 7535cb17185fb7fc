/*
 * report.css and report.js, as the build puts them into the program.
 */
#ifndef BATCH_REPORT_ASSETS_H
#define BATCH_REPORT_ASSETS_H

extern const char report_css[], report_js[];

#endif
