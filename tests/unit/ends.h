/*
 * Ends of every kind: a source that gives bytes, a sink that takes them. A pipe's or socket's other
 * end is a thread that works in odd small pieces.
 */
#ifndef UNIT_ENDS_H
#define UNIT_ENDS_H

#include <pthread.h>

#include "support.h"

enum end {
    END_FILE,
    END_PIPE,
    END_SOCKET,
    END_KINDS,
};

struct source {
    int fd; /* to be read by the test */
    enum end end;
    int other;
    const struct bytes *content;
    pthread_t thread;
};

/* content must outlive the source. */
void source_open(struct source *s, enum end end, const struct bytes *content, bool nonblocking);
/* Reads what the test has not read. */
void source_rest(struct source *s, struct bytes *rest);
void source_close(struct source *s);

struct sink {
    int fd; /* to be written by the test */
    enum end end;
    int other;
    pthread_t thread;
    struct bytes got; /* after sink_finish() */
};

void sink_open(struct sink *s, enum end end, bool nonblocking);
/* Closes the test's end and waits until all bytes are in got. */
void sink_finish(struct sink *s);
void sink_free(struct sink *s);

#endif
