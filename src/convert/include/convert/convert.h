/*
 * A conversion: opens both ends, reads the envelope and the legacy stream, writes the new save and
 * renames it into place.
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
    CONVERT_FORMAT_DEFAULT, /* libxl if libxl reads the envelope, else libxc */
    CONVERT_FORMAT_LIBXC,
    CONVERT_FORMAT_LIBXL,
};

/* Do further checkpoints follow the first one (Remus)? */
enum convert_checkpointed {
    CONVERT_CHECKPOINTED_DEFAULT, /* detected in regular files; else no */
    CONVERT_CHECKPOINTED_NO,
    CONVERT_CHECKPOINTED_YES,
};

/* Ends that are open already, for files in a tree where symbolic links are not followed. */
struct convert_ends {
    int in_fd;            /* a regular file at its start, not read by other processes */
    int out_dir;          /* the output's directory */
    const char *out_name; /* its name there */
    /*
     * Create no temporary file. Few saves need one, and creating it takes as long as converting a
     * small save. A conversion that needs one fails with facts.spool_missed.
     */
    bool no_spool;
};

/* Called when all is written, before the output gets its name. False fails the conversion. */
struct convert_hook {
    bool (*before_commit)(void *ctx, int in_fd, int out_fd, uint64_t out_size,
                          struct cls_error *err);
    void *ctx;
};

struct convert_options {
    const char *in, *out;            /* a path, "-", or the decimal number of an inherited fd */
    const struct convert_ends *ends; /* if not NULL, in and out are for messages only */
    const struct convert_hook *hook; /* NULL: none */
    unsigned width;                  /* of the saving toolstack, in bytes; 0: detect */
    enum guest_type guest;           /* GUEST_UNKNOWN: detect */
    enum convert_format format;
    const char *write_config;     /* output for xl's configuration, like out; NULL: none */
    const char *config;           /* file with the configuration for the new header, or "auto" */
    unsigned repair_config;       /* repairs of the configuration in the header: enum config_rule */
    struct limits_host host;      /* host that is to restore the save */
    struct repair_request repair; /* repairs of the stream and the envelope */
    unsigned version;             /* of the libxc stream, 2 or 3 */
    bool need_xl;                 /* the input must have an xl header */
    bool skip_qemu;               /* libxc format: leave the qemu record unread in the input */
    bool sparse;                  /* write blocks of zeros as holes */
    enum convert_checkpointed checkpointed;
    bool compact;       /* write each page once; regular files only */
    bool drop_tmem;     /* convert without the guest's pages in tmem */
    bool verify;        /* read both ends again and compare, before the output gets its name */
    bool no_sync;       /* no fsync before the output gets its name */
    bool no_clobber;    /* fail if the output exists */
    uint64_t max_input; /* maximum size of the decompressed input, in bytes; 0: any */
    bool no_sandbox;    /* for debugging: no sandbox and no child process */
    bool replace;       /* the output replaces the input; in and out name the same file */
    bool force;         /* replace even compressed, linked or read-only files (open_ends.c) */
    int keep_fd;        /* fd that stays open in the sandbox (syslog's socket); 0: none */
    bool copy;          /* copy the input unchanged, in any format */
};

enum convert_input {
    CONVERT_INPUT_OTHER, /* not recognised as a save, or not read */
    CONVERT_INPUT_LEGACY,
    CONVERT_INPUT_V2,         /* a save that needs no conversion */
    CONVERT_INPUT_UNREADABLE, /* may contain a save, or is damaged; err has the details */
};

/* Facts that a conversion has found, also if it failed. */
struct convert_facts {
    enum convert_input input;
    const char *envelope; /* as envelope_name(); static; NULL: not known */
    unsigned width;       /* of the saving toolstack, in bytes; 0: not known */
    enum guest_type guest;
    uint64_t p2m_size;
    uint64_t pages[16]; /* page entries by type (base/page_type.h), without dropped ones */
    uint64_t bytes_in, bytes_out;
    bool verified; /* both ends were read again (--verify) */
    bool judged;   /* the whole stream was read, and the next three are set */
    enum limits_verdict verdict;
    char limits[LIMITS_IDS_MAX]; /* ids of the limits that apply, "R1 R13"; truncated */
    unsigned repaired;           /* repairs made, bits of enum limits_repair */
    bool spool_missed;           /* failed because of convert_ends.no_spool: retry without it */
    bool name_taken; /* failed because a file of the output's name was created meanwhile */
};

/*
 * State that a signal handler needs to clean up before the process exits; see convert_abandon().
 * Initialise to zero.
 */
struct convert_cleanup {
    volatile sig_atomic_t committed; /* the output is complete and has its name */
    volatile pid_t child;            /* the process that parses; 0: none */
    volatile sig_atomic_t has_file;  /* a temporary file with a name exists; the next two are set */
    int dir_fd;                      /* its directory */
    char file[NAME_MAX + 1];         /* its name */
    volatile sig_atomic_t start_due; /* libxl waits for the first bytes of a stream on start_fd */
    int start_fd;
    struct convert_cleanup *volatile also; /* that of the configuration file; NULL: none */
};

/*
 * Kills the process that parses, removes temporary files, and writes the bytes that libxl waits
 * for. Does nothing and returns false if the output already has its name. Async-signal-safe.
 */
bool convert_abandon(struct convert_cleanup *cleanup);

/*
 * Converts one save. On failure err->status is the exit status to use, and an existing file of the
 * output's name is unchanged, unless it is written directly or only the sync of its directory
 * failed. watch, log and facts may be NULL. SIGPIPE must be ignored. This enters the sandbox unless
 * a child process parses.
 */
bool convert_stream(const struct convert_options *options, const struct cls_log *log,
                    struct cls_watch *watch, struct convert_cleanup *cleanup,
                    struct convert_facts *facts, struct cls_error *err) CLS_MUST_CHECK;

/* Writes the name of -i (input) or -o for messages: "old.save", "fd 12", "standard input". */
void convert_display_name(const char *arg, bool input, char *buf, size_t size);

/* Returns the fd that arg names ("-": standard_fd; INT_MAX: too large), or -1 for a path. */
int convert_fd(const char *arg, int standard_fd);

/* Sets the size of the input in bytes and its file offset; both 0 if it is not a regular file. */
void convert_input_extent(const char *arg, uint64_t *start, uint64_t *size);

#endif
