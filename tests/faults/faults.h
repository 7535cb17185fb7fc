/*
 * A library to be preloaded into a program under test. It interposes functions of the C
 * library. Calls of one function fail, transfer less, or are interrupted by a signal.
 *
 * It is controlled by the environment (without FAULT_CALL it does nothing):
 *   FAULT_CALL        the function: read, write, splice, fsync, ... (see faults.c); allocations of
 *                     any kind are "malloc", landlock_*() and capset() are "syscall"
 *   FAULT_NTH         the first call that is hit, from 1
 *   FAULT_TIMES       how many calls are hit; 0: all further ones (default 1)
 *   FAULT_KIND        a number: fail with that errno; "short": transfer one byte; "flip": flip
 *                     the lowest bit of the first byte that is read or written; "before:N",
 *                     "after:N": send signal N just before or after the call; "exit:N": exit
 *                     with status N; "probe": run the probes of probes.c inside the call.
 *                     With a report, calls are counted in all descendants together; without,
 *                     each process continues the count of its parent.
 *   FAULT_FILE        only calls that open, read or write the file of this name count
 *   FAULT_FD          only calls on this fd count
 *   FAULT_LANDLOCK    the version of Landlock that the kernel reports; 0: not supported
 *   FAULT_REPORT      an inherited fd of a file of FAULTS_REPORT_SIZE bytes and two longs, which
 *                     is mapped: the longs (number of calls, bytes of text), and lines: "fired"
 *                     at each fault; "live N" at exit: number of allocations that were not freed;
 *                     "probe NAME ERRNO"
 *   FAULT_NO_TMPFILE  if set, O_TMPFILE fails as on file systems without it
 */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#define FAULTS_REPORT_SIZE (256 * 1024)

/* Adds a line to the report. */
void faults_report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Tries all calls that the sandbox must reject, and reports each result in a line. The process is
 * not changed. */
void faults_probe(void);

#endif
