/*
 * A conversion: opens both ends, reads envelope and legacy stream, writes the new save, names it.
 */
#ifndef CONVERT_CONVERT_H
#define CONVERT_CONVERT_H

#include <limits.h>
#include <signal.h>
#include <sys/types.h>

#include "base/image.h"
#include "base/log.h"
#include "limits/repair.h"

enum convert_format {
    CONVERT_FORMAT_DEFAULT, /* libxl where the envelope belongs to libxl, else libxc */
    CONVERT_FORMAT_LIBXC,
    CONVERT_FORMAT_LIBXL,
};

/* Do further checkpoints follow the first (Remus)? */
enum convert_checkpointed {
    CONVERT_CHECKPOINTED_DEFAULT, /* detected in regular files; elsewhere: no */
    CONVERT_CHECKPOINTED_NO,
    CONVERT_CHECKPOINTED_YES,
};

/* Ends that are already open, for files in a tree where symbolic links are not followed. */
struct convert_ends {
    int in_fd;            /* a regular file at its start, read by nobody else */
    int out_dir;          /* the output's directory */
    const char *out_name; /* its name there */
    /*
     * Make no temporary file. Few saves need one, and making it takes as long as converting a small
     * save. A conversion that needs it fails, with facts.spool_missed.
     */
    bool no_spool;
};

/* Called when all is written, before the output is named. False fails the conversion. */
struct convert_hook {
    bool (*before_commit)(void *ctx, int in_fd, int out_fd, uint64_t out_size,
                          struct cls_error *err);
    void *ctx;
};

struct convert_options {
    const char *in, *out;            /* a path, "-", or a decimal number: an inherited fd */
    const struct convert_ends *ends; /* if not NULL, in and out are for messages only */
    const struct convert_hook *hook; /* NULL: none */
    unsigned width;                  /* of the saving toolstack, in bytes; 0: detect */
    enum guest_type guest;           /* GUEST_UNKNOWN: detect */
    enum convert_format format;
    const char *write_config;     /* output for xl's configuration, as out; NULL: none */
    const char *config;           /* file with the configuration for the new header, or "auto" */
    unsigned repair_config;       /* repairs of the configuration in the header: enum config_rule */
    struct limits_host host;      /* host that is to restore the save */
    struct repair_request repair; /* what to repair for it */
    unsigned version;             /* of the libxc stream, 2 or 3 */
    bool need_xl;                 /* the input must have an xl header */
    bool skip_qemu;               /* libxc format: leave the qemu record in the input */
    bool sparse;                  /* holes in the output file for blocks of zeros */
    enum convert_checkpointed checkpointed;
    bool compact;       /* each page once; regular files only */
    bool drop_tmem;     /* leave out the guest's pages in tmem */
    bool verify;        /* read both ends back and compare before the output is named */
    bool no_sync;       /* no fsync before the output is named */
    bool no_clobber;    /* an output that exists is an error */
    uint64_t max_input; /* bytes of the input, uncompressed, that may be read; 0: any */
    bool no_sandbox;    /* for debugging: no sandbox and no child process */
    bool replace;       /* the output, which must name the same file, replaces the input */
    bool force;         /* replace even where that loses something: see open_ends.c */
    int keep_fd;        /* stays open in the sandbox (the connection to syslog); 0: none */
    bool copy;          /* copy the input unchanged, whatever it is */
};

enum convert_input {
    CONVERT_INPUT_OTHER, /* not recognised as a save, or not read */
    CONVERT_INPUT_LEGACY,
    CONVERT_INPUT_V2,         /* a save that needs no conversion */
    CONVERT_INPUT_UNREADABLE, /* may hold a save, or is damaged; err says what it is */
};

/* What a conversion found, up to where it ended. */
struct convert_facts {
    enum convert_input input;
    const char *envelope; /* as envelope_name(); static; NULL: not known */
    unsigned width;       /* of the saving toolstack, in bytes; 0: not known */
    enum guest_type guest;
    uint64_t p2m_size;
    uint64_t pages[16]; /* page entries by type (base/page_type.h), the dropped ones not counted */
    uint64_t bytes_in, bytes_out;
    bool verified; /* by reading both back */
    bool judged;   /* the whole stream was read, and these are set: */
    enum limits_verdict verdict;
    char limits[LIMITS_IDS_MAX]; /* ids of the limits that apply, "R1 R13"; cut to fit */
    unsigned repaired;           /* enum limits_repair */
    bool spool_missed;           /* failed because of convert_ends.no_spool: retry without */
    bool name_taken; /* failed because a file with the output's name was created meanwhile */
};

/*
 * What a signal handler must undo before the process exits; see convert_abandon(). Start with all
 * zero.
 */
struct convert_cleanup {
    volatile sig_atomic_t committed; /* the output is complete and has its name */
    volatile pid_t child;            /* the process that parses; 0: none */
    volatile sig_atomic_t has_file;  /* a temporary file with a name exists: */
    int dir_fd;                      /* the directory it is in */
    char file[NAME_MAX + 1];         /* its name there */
    volatile sig_atomic_t start_due; /* libxl waits for the first bytes of a stream on this fd: */
    int start_fd;
    struct convert_cleanup *volatile also; /* of the configuration file; NULL: none */
};

/* Async-signal-safe. Removes temporary files; returns false if the output already has its name. */
bool convert_abandon(struct convert_cleanup *cleanup);

/*
 * Converts one save. On failure err is filled, its status is the exit status to use, and a file
 * with the output's name is as it was before. watch, log and facts may be NULL; SIGPIPE must be
 * ignored.
 */
bool convert_stream(const struct convert_options *options, const struct cls_log *log,
                    struct cls_watch *watch, struct convert_cleanup *cleanup,
                    struct convert_facts *facts, struct cls_error *err) CLS_MUST_CHECK;

/* An argument of -i (input) or -o for messages: "old.save", "fd 12", "standard input". */
void convert_display_name(const char *arg, bool input, char *buf, size_t size);

/* The fd that it means ("-": standard_fd; INT_MAX: a number beyond int), or -1: it is a path. */
int convert_fd(const char *arg, int standard_fd);

/* The size of the input, if it is a regular file, and where it is to be read from; else 0 and 0. */
void convert_input_extent(const char *arg, uint64_t *start, uint64_t *size);

#endif
