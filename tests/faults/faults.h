/*
 * A library to be preloaded into a program under test. It interposes functions of the C
 * library, and makes calls of one function fail, come up short, or be hit by a signal.
 *
 * It is controlled by the environment (without FAULT_CALL it does nothing):
 *   FAULT_CALL        the function: read, write, splice, fsync, ... (see faults.c); allocations of
 *                     any kind are "malloc", landlock_*() and capset() are "syscall"
 *   FAULT_NTH         the first call that is hit, from 1
 *   FAULT_TIMES       how many calls are hit; 0: all further ones (default 1)
 *   FAULT_KIND        an errno's number: fail with it; "short": transfer one byte; "flip": the
 *                     lowest bit of the first byte that is read or written flips; "before:N",
 *                     "after:N": signal N comes just before or after the call; "exit:N": the
 *                     process ends there, with that status; "probe": run the
 *                     probes of probes.c from inside the call
 *                     (calls are counted over all processes that come of the first one where
 *                     there is a report; else each goes on counting where its parent was)
 *   FAULT_FILE        only calls on the file of this name count: when it is opened, read, written
 *   FAULT_FD          only calls on this fd count
 *   FAULT_LANDLOCK    the version of Landlock that the kernel reports; 0: not supported
 *   FAULT_REPORT      an inherited fd, a file that is FAULTS_REPORT_SIZE bytes large and a bit, to
 *                     be mapped: two longs (calls so far, bytes of text), and lines: "fired", at
 *                     each hit; "live N", at exit: allocations that were not freed; "probe NAME
 *                     ERRNO"
 *   FAULT_NO_TMPFILE  if set, O_TMPFILE fails as on file systems without it
 */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#define FAULTS_REPORT_SIZE (256 * 1024)

/* Adds a line to the report. */
void faults_report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Tries all calls that the sandbox must reject; one line of report each. Leaves the process
 * unchanged. */
void faults_probe(void);

#endif
