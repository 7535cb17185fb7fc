/*
 * batch: parts of a list, names as text, lists of files, lines of reports; sizes and times as text.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"
#include "batch/classify.h"
#include "batch/digest.h"
#include "batch/hex.h"
#include "batch/path_list.h"
#include "batch/report.h"
#include "batch/report_reasons.h"
#include "batch/shard.h"
#include "batch/tree.h"
#include "support.h"
#include "units.h"

static const struct shard everything;

/* Makes close_range() fail in this process, as in kernels before 5.9. */
static bool forget_close_range(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Runs in a child; returns 0 if all checks pass. */
static int close_most(bool old_kernel)
{
    int keep[] = {-1, 20, 10}, wrong = 0;

    if (old_kernel && !forget_close_range())
        return 0; /* such as an emulator */
    for (int fd = 5; fd < 40; fd++)
        dup2(STDERR_FILENO, fd);
    fds_keep_only(keep, sizeof(keep) / sizeof(keep[0]));
    for (int fd = 0; fd < 40; fd++)
        wrong += (fcntl(fd, F_GETFD) >= 0) != (fd <= STDERR_FILENO || fd == 10 || fd == 20);
    return wrong;
}

static void only_listed_fds_stay_open(void)
{
    for (int old_kernel = 0; old_kernel < 2; old_kernel++) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0)
            _exit(close_most(old_kernel));
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK_INT(status, 0);
    }
}

static void the_hash_is_as_documented(void)
{
    /* Values from a Python program that implements docs/batch.md. */
    CHECK(shard_hash("") == 0xcbf29ce44fd0bfc1);
    CHECK(shard_hash("a") == 0xaf63dc4c296230c0);
    CHECK(shard_hash("foobar") == 0x8594417172ad2699);
    CHECK(shard_hash("d/x\n\xff.save") == 0x82102d5d6bec23b);
}

static void each_path_is_in_one_part(void)
{
    enum { PARTS = 8, PATHS = 4000 };
    unsigned sizes[PARTS + 1] = {0};
    char path[64];

    for (unsigned i = 0; i < PATHS; i++) {
        unsigned in = 0;

        snprintf(path, sizeof(path), "host%02u/vm-%04u.save", i % 16, i);
        for (unsigned k = 1; k <= PARTS; k++) {
            if (shard_has(&(struct shard){.number = k, .count = PARTS}, path)) {
                in++;
                sizes[k]++;
            }
        }
        CHECK_INT(in, 1);
        CHECK(shard_has(&everything, path));
    }
    for (unsigned k = 1; k <= PARTS; k++)
        CHECK_THAT(sizes[k] > PATHS / PARTS * 8 / 10 && sizes[k] < PATHS / PARTS * 12 / 10,
                   "part %u has %u of %d", k, sizes[k], PATHS);
}

static void parts_as_text(void)
{
    static const char *const wrong[] = {"",     "1",    "1/",           "/2",   "0/2",
                                        "3/2",  "1/2x", "x/2",          "-1/2", " 1/2",
                                        "1//2", "1/0",  "1/99999999999"};
    struct shard shard;

    CHECK(shard_parse("2/3", &shard));
    CHECK_INT(shard.number, 2);
    CHECK_INT(shard.count, 3);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_THAT(!shard_parse(wrong[i], &shard), "'%s' is no part", wrong[i]);
}

static void list_of(const char *text, size_t len, const char *wanted)
{
    struct path_list list = {0};
    struct bytes joined = {0};
    struct cls_error err;
    struct scratch dir;
    bool ok;

    scratch_make(&dir);
    write_file(scratch_path(&dir, "list"), text, len);
    ok = path_list_read(&list, scratch_path(&dir, "list"), &everything, &err);
    CHECK_INT(ok, wanted != NULL);
    for (size_t i = 0; i < list.count; i++) {
        put_text(&joined, list.paths[i]);
        put_text(&joined, "|");
    }
    put_raw(&joined, "", 1);
    if (wanted)
        CHECK_TEXT((const char *)joined.p, wanted);
    bytes_free(&joined);
    path_list_free(&list);
    scratch_remove(&dir);
}
#define LIST_OF(text, wanted) list_of(text, sizeof(text) - 1, wanted)

static void lists(void)
{
    LIST_OF("", "");
    LIST_OF("b\na\n\nb\n", "a|b|");
    LIST_OF("./a//b/./c", "a/b/c|");
    LIST_OF("b\nc\0a\0", "a|b\nc|");
    LIST_OF("..a\n", "..a|");
    LIST_OF("/a\n", NULL);
    LIST_OF("a/../b\n", NULL);
    LIST_OF("..\n", NULL);
    LIST_OF(".\n", NULL);
}

/* To JSON and back. */
static void check_line(const struct row *row)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct cls_error err;
    struct row back;
    bool torn;

    must(out != NULL, "open_memstream");
    CHECK(report_jsonl_row(out, row, &err));
    fclose(out);
    CHECK(text[size - 1] == '\n' && strchr(text, '\n') == text + size - 1);
    CHECK(report_jsonl_read(text, &back, &torn));
    CHECK_TEXT(back.path, row->path);
    CHECK_INT(back.result, row->result);
    CHECK_INT(back.status, row->status);
    CHECK_INT(back.copied, row->copied);
    CHECK_TEXT(back.envelope, row->envelope);
    CHECK_INT(back.guest, row->guest);
    CHECK_INT(back.width, row->width);
    CHECK(back.p2m_size == row->p2m_size && back.bytes_in == row->bytes_in &&
          back.bytes_out == row->bytes_out && back.usec == row->usec);
    CHECK(memcmp(back.pages, row->pages, sizeof(back.pages)) == 0);
    CHECK_INT(back.has_digests, row->has_digests);
    CHECK(memcmp(back.digest_in, row->digest_in, DIGEST_SIZE) == 0 &&
          memcmp(back.digest_out, row->digest_out, DIGEST_SIZE) == 0);
    CHECK_INT(back.why != NULL, row->why != NULL);
    if (back.why && row->why) {
        CHECK_INT(back.why->about_input, row->why->about_input);
        CHECK(back.why->offset == row->why->offset);
        CHECK_TEXT(back.why->place, row->why->place);
        CHECK_TEXT(back.why->reason, row->why->reason);
    }
    row_free(&back);
    free(text);
}

static void rows_as_lines(void)
{
    char path[] = "d/\xff\n.save", plain[] = "\xc3\xa9\"\\/<";
    struct cls_error why = {.about_input = true, .offset = UINT64_C(1) << 40, .place = "body"};
    struct row row = {.path = path,
                      .result = ROW_CONVERTED,
                      .envelope = "xl",
                      .guest = GUEST_PV,
                      .width = 4,
                      .p2m_size = 0x0fffffff,
                      .pages = {[0] = UINT64_MAX / 4, [9] = 7, [15] = 1},
                      .bytes_in = 1,
                      .bytes_out = UINT64_C(1) << 50,
                      .usec = 1234567890123,
                      .has_digests = true};

    memset(row.digest_in, 0x5a, DIGEST_SIZE);
    memset(row.digest_out, 0x01, DIGEST_SIZE);
    check_line(&row);
    snprintf(why.reason, sizeof(why.reason), "a \"reason\"");
    check_line(&(struct row){.path = plain,
                             .result = ROW_FAILED,
                             .status = CLS_SYSTEM,
                             .guest = GUEST_HVM,
                             .why = &why});
    why.about_input = false;
    why.offset = 0;
    why.place[0] = '\0';
    check_line(&(struct row){.path = plain, .result = ROW_OTHER, .copied = true, .why = &why});
}

static void invalid_lines(void)
{
    static const char *const torn_lines[] = {
        "",
        "\n",
        "{\"type\":\"file\",\"pa",
        "[]",
        "1",
        "{}",
        "{\"type\":\"file\"}",
        "{\"type\":\"file\",\"path\":\"a\",\"result\":\"x\"}",
        "{\"type\":\"file\",\"path\":null,\"result\":\"other\"}",
        "{\"type\":\"file\",\"path\":\"a\",\"path_hex\":\"6\","
        "\"result\":\"other\"}",
        "{\"type\":\"file\",\"path\":\"a\",\"path_hex\":\"6100\","
        "\"result\":\"other\"}",
        "{\"type\":\"file\",\"path\":\"a\",\"result\":\"failed\","
        "\"status\":9}"};
    struct row row;
    bool torn;

    for (size_t i = 0; i < sizeof(torn_lines) / sizeof(torn_lines[0]); i++) {
        CHECK(!report_jsonl_read(torn_lines[i], &row, &torn));
        CHECK_THAT(torn, "%s is no line", torn_lines[i]);
    }
    CHECK(!report_jsonl_read("{\"type\":\"totals\",\"files\":3}", &row, &torn));
    CHECK(!torn);
}

static void the_worst_decides(void)
{
    struct row_totals totals = {0};

    CHECK_INT(row_totals_status(&totals), CLS_OK);
    row_totals_add(&totals, &(struct row){.result = ROW_UP_TO_DATE});
    CHECK_INT(row_totals_status(&totals), CLS_OK);
    row_totals_add(&totals, &(struct row){.result = ROW_UNREADABLE});
    CHECK_INT(row_totals_status(&totals), CLS_BAD_INPUT);
    totals = (struct row_totals){0};
    row_totals_add(&totals, &(struct row){.result = ROW_FAILED, .status = CLS_USAGE});
    CHECK_INT(row_totals_status(&totals), CLS_BAD_INPUT);
    row_totals_add(&totals, &(struct row){.result = ROW_FAILED, .status = CLS_SYSTEM});
    row_totals_add(&totals, &(struct row){.result = ROW_FAILED, .status = CLS_BAD_INPUT});
    CHECK_INT(row_totals_status(&totals), CLS_SYSTEM);
}

static void reasons_are_counted(void)
{
    static const char *const said[] = {"pfn 0x1f lies beyond 99", "pfn 0xa0 lies beyond 7",
                                       "a v2 stream", "pfn 0x0 lies beyond 1..4",
                                       "pfn 0x2 lies beyond 5"};
    struct cls_error why[6] = {{.about_input = true}};
    struct row rows[7] = {{.result = ROW_CONVERTED}};
    const struct report report = {.rows = rows, .count = 7};
    struct reason reasons[3];

    for (size_t i = 0; i < 5; i++) {
        snprintf(why[i].place, sizeof(why[i].place), "page batch %zu", i);
        snprintf(why[i].reason, sizeof(why[i].reason), "%s", said[i]);
        rows[i + 1] = (struct row){.result = i == 4 ? ROW_UNREADABLE : ROW_FAILED, .why = &why[i]};
    }
    snprintf(why[5].reason, sizeof(why[5].reason), "pfn 1 lies beyond 2");
    rows[6] = (struct row){.result = ROW_OTHER, .why = &why[5]};
    CHECK_INT(report_reasons(&report, reasons, 3), 3);
    CHECK_TEXT(reasons[0].text, "page batch N: pfn N lies beyond N");
    CHECK_INT(reasons[0].files, 3);
    CHECK_INT(reasons[1].files, 1);
    CHECK_TEXT(reasons[1].text, "page batch N: a v2 stream");
    CHECK_TEXT(reasons[2].text, "page batch N: pfn N lies beyond N..N");
    CHECK(reasons[2].example == &rows[4]);
    for (size_t i = 0; i < 3; i++)
        free(reasons[i].text);
    CHECK_INT(report_reasons(&report, reasons, 1), 1);
    free(reasons[0].text);
}

static void names_of_saves(void)
{
    static const char *const saves[] = {"a.save",    "d/a.SAVE",        "checkpoint.chk", "x.xvs",
                                        "a.save.gz", "a.chk.Z",         "suspend-image",  ".save",
                                        "a.save.XZ", "suspend-image.gz"};
    static const char *const others[] = {"a.saved",          "a.gz",        "save",
                                         "a.save/notes",     "a.txt",       "a.savegz",
                                         "my-suspend-image", "a.save.gz.gz"};

    for (size_t i = 0; i < sizeof(saves) / sizeof(saves[0]); i++)
        CHECK_INT(classify_rejected(CONVERT_INPUT_OTHER, saves[i]), ROW_UNREADABLE);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        CHECK_THAT(classify_rejected(CONVERT_INPUT_OTHER, others[i]) == ROW_OTHER, "%s", others[i]);
        CHECK_INT(classify_rejected(CONVERT_INPUT_UNREADABLE, others[i]), ROW_UNREADABLE);
    }
    CHECK_INT(classify_rejected(CONVERT_INPUT_V2, "a.save"), ROW_ALREADY_V2);
    CHECK_INT(classify_rejected(CONVERT_INPUT_LEGACY, "a.save"), ROW_FAILED);
}

static bool is_at(const struct scratch *dir, const char *path, int fd)
{
    char name[512];
    struct stat want, got;

    snprintf(name, sizeof(name), "%s/%s", dir->dir, path);
    return fd >= 0 && stat(name, &want) == 0 && fstat(fd, &got) == 0 && want.st_ino == got.st_ino;
}

static void a_position_in_a_tree(void)
{
    static const char *const paths[] = {"a/b/c", "a/bc", "a/b", "", "ab/c", "a", "a/b/c", "ab"};
    const struct tree_mkdir mkdir_options = {.mode = 0700};
    static const char *const emptied[] = {"a/bc", "a", "ab/b/c", "ab/b", "ab/c", "ab"};
    struct scratch dir;
    struct tree tree = {.fd = -1};
    char from[300], to[300];

    scratch_make(&dir);
    tree.root = open(dir.dir, O_RDONLY | O_DIRECTORY);
    CHECK(tree_enter(&tree, "a/b/c", NULL) < 0 && errno == ENOENT);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        CHECK(is_at(&dir, paths[i], tree_enter(&tree, paths[i], &mkdir_options)));
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        CHECK(is_at(&dir, paths[i], tree_enter(&tree, paths[i], NULL)));

    /* If the directory is moved meanwhile, its parent is another one. */
    CHECK(is_at(&dir, "a/b/c", tree_enter(&tree, "a/b/c", NULL)));
    snprintf(from, sizeof(from), "%s/a/b", dir.dir);
    snprintf(to, sizeof(to), "%s/ab/b", dir.dir);
    CHECK(rename(from, to) == 0);
    CHECK(is_at(&dir, "a/bc", tree_enter(&tree, "a/bc", NULL)));
    CHECK(symlink("../ab", from) == 0);
    CHECK(tree_enter(&tree, "a/b/c", NULL) < 0);
    CHECK(tree_enter(&tree, "a/b", &mkdir_options) < 0);
    CHECK(is_at(&dir, "ab/b/c", tree_enter(&tree, "ab/b/c", NULL)));
    tree_free(&tree);
    close(tree.root);
    must(unlink(from) == 0, "unlink");
    for (size_t i = 0; i < sizeof(emptied) / sizeof(emptied[0]); i++) {
        snprintf(to, sizeof(to), "%s/%s", dir.dir, emptied[i]);
        must(rmdir(to) == 0, to);
    }
    scratch_remove(&dir);
}

static void digests_of_two_files(void)
{
    /* from sha256sum, for "abc" and for no bytes */
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char none[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    int in = memfd_of((const uint8_t *)"abc", 3), out = memfd_of((const uint8_t *)"abcdef", 6);
    uint8_t want_abc[DIGEST_SIZE], want_none[DIGEST_SIZE];
    struct digests d = {0};
    struct cls_error err;

    must(hex_decode(abc, want_abc, DIGEST_SIZE) && hex_decode(none, want_none, DIGEST_SIZE), "hex");
    CHECK(digests_take(&d, in, out, 3, &err));
    CHECK(memcmp(d.in, want_abc, DIGEST_SIZE) == 0 && memcmp(d.out, want_abc, DIGEST_SIZE) == 0);
    CHECK(digests_take(&d, in, out, 0, &err));
    CHECK(memcmp(d.out, want_none, DIGEST_SIZE) == 0);
    CHECK(lseek(in, 0, SEEK_CUR) == 0);
    close(in);
    close(out);
    CHECK(!digests_take(&d, in, out, 3, &err));
    CHECK_INT(err.status, CLS_SYSTEM);
}

static void sizes_and_times_as_text(void)
{
    static const struct {
        double value;
        const char *size, *time;
    } tests[] = {
        {0, "0 bytes", "0 s"},           {59.4, "59 bytes", "59 s"},
        {59.6, "60 bytes", "1:00 min"},  {1023, "1023 bytes", "17:03 min"},
        {1024, "1.0 KiB", "17:04 min"},  {3599.4, "3.5 KiB", "59:59 min"},
        {3600, "3.5 KiB", "1:00 h"},     {359999, "351.6 KiB", "99:59 h"},
        {0x1p40, "1.0 TiB", "100:00 h"}, {0x1p54, "16384.0 TiB", "100:00 h"},
    };

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        char text[32];

        units_size(text, sizeof(text), tests[i].value);
        CHECK_TEXT(text, tests[i].size);
        units_time(text, sizeof(text), tests[i].value);
        CHECK_TEXT(text, tests[i].time);
    }
}

CU_TestInfo batch_tests[] = {
    {"sizes and times as text", sizes_and_times_as_text},
    {"the hash is as documented", the_hash_is_as_documented},
    {"each path is in one part", each_path_is_in_one_part},
    {"parts as text", parts_as_text},
    {"lists of files", lists},
    {"rows as lines, and back", rows_as_lines},
    {"invalid lines", invalid_lines},
    {"the worst decides", the_worst_decides},
    {"reasons are counted", reasons_are_counted},
    {"names of saves", names_of_saves},
    {"a position in a tree", a_position_in_a_tree},
    {"digests of two files", digests_of_two_files},
    {"only listed fds stay open", only_listed_fds_stay_open},
    CU_TEST_INFO_NULL,
};
