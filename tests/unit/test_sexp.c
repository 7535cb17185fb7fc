/*
 * container: xend's s-expressions.
 */
#include "envelope/sexp.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

static struct sexp of(const char *text)
{
    size_t where;

    CHECK_THAT(sexp_check(text, strlen(text), &where) == NULL, "%s", text);
    return (struct sexp){text, text + strlen(text)};
}

static void what_is_wrong(void)
{
    static const struct {
        const char *text, *reason;
        size_t where;
    } bad[] = {
        {"", "not a list", 0},
        {"a", "not a list", 0},
        {" ()", "not a list", 0},
        {")", "not a list", 0},
        {"(", "unterminated list", 1},
        {"(a (b)", "unterminated list", 6},
        {"(a) b", "data after the last parenthesis", 4},
        {"(a))", "data after the last parenthesis", 3},
        {"(a 'b)", "unterminated quoted string", 3},
        {"(a \"b')", "unterminated quoted string", 3},
        {"(a 'b\\')", "unterminated quoted string", 3},
        {"(a 'b\\", "unterminated quoted string", 3},
        {"(a '", "unterminated quoted string", 3},
        {"(a b\\c)", "invalid byte in an atom", 4},
        {"(a \x7f)", "invalid byte in an atom", 3},
        {"(a \x80)", "invalid byte in an atom", 3},
        {"(a \x01)", "invalid byte in an atom", 3},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t where = 99;
        const char *reason = sexp_check(bad[i].text, strlen(bad[i].text), &where);

        if (CHECK_THAT(reason != NULL, "%s", bad[i].text)) {
            CHECK_TEXT(reason, bad[i].reason);
            CHECK_INT(where, bad[i].where);
        }
    }
}

static void depths(void)
{
    char text[2 * (SEXP_DEPTH_MAX + 1)];
    size_t where;

    for (size_t depth = 1; depth <= SEXP_DEPTH_MAX + 1; depth++) {
        memset(text, '(', depth);
        memset(text + depth, ')', depth);
        CHECK((sexp_check(text, 2 * depth, &where) == NULL) == (depth <= SEXP_DEPTH_MAX));
    }
    CHECK_INT(where, SEXP_DEPTH_MAX);
}

static void walking_a_list(void)
{
    struct sexp list = of("(a\t( b  c )'d e' () \n f)"), s = sexp_first(list);

    CHECK(sexp_is_list(list) && sexp_is(s, "a") && !sexp_is_list(s));
    s = sexp_next(s);
    CHECK(sexp_is_list(s) && sexp_is(sexp_first(s), "b"));
    CHECK_INT(sexp_length(s), 8);
    CHECK(sexp_next(sexp_next(sexp_first(s))).p == NULL);
    s = sexp_next(s);
    CHECK(sexp_is(s, "d e"));
    CHECK_INT(sexp_length(s), 5);
    s = sexp_next(s);
    CHECK(sexp_is_list(s) && sexp_first(s).p == NULL);
    s = sexp_next(s);
    CHECK(sexp_is(s, "f"));
    CHECK(sexp_next(s).p == NULL);
    /* Functions accept "none". */
    s = sexp_next(s);
    CHECK(sexp_first(s).p == NULL && sexp_next(s).p == NULL && !sexp_is(s, ""));
    CHECK(sexp_child(s, "a").p == NULL);
}

static void values(void)
{
    static const struct {
        const char *text, *value; /* NULL: none */
    } atoms[] = {
        {"abc", "abc"},
        {"a-b_c:d/e~f.g", "a-b_c:d/e~f.g"},
        {"[x]{y}<z>#;,=", "[x]{y}<z>#;,="},
        {"''", ""},
        {"\"\"", ""},
        {"'a b'", "a b"},
        {"'a\"b'", "a\"b"},
        {"\"a'b\"", "a'b"},
        {"'(a)'", "(a)"},
        {"'\\a\\b\\t\\n\\v\\f\\r'", "\a\b\t\n\v\f\r"},
        {"'\\\\\\'\\\"'", "\\'\""},
        {"'\\x41\\x4a\\x4A\\x6g'", "AJJ\006g"},
        {"'\\101\\1012\\78'", "AA2\0078"},
        {"'\\q'", "q"},
        {"'gr\303\274n'", "gr\303\274n"},
        {"'a\\x00b'", NULL},
        {"'a\\0b'", NULL},
        {"'a\\0'", NULL},
        {"'a\\x00'", NULL},
        {"'\\0'", NULL},
        {"()", NULL},
        {"(a)", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < sizeof(atoms) / sizeof(atoms[0]); i++) {
        char text[100], buf[20] = "before";
        bool ok;

        snprintf(text, sizeof(text), "(x (key %s) y)", atoms[i].text);
        ok = sexp_value(of(text), "key", buf, sizeof(buf));
        CHECK_THAT(ok == (atoms[i].value != NULL), "%s", atoms[i].text);
        CHECK_TEXT(buf, ok ? atoms[i].value : "");
    }
}

static void values_that_do_not_fit(void)
{
    char buf[5] = "xxxx";

    CHECK(sexp_value(of("(x (key abcd))"), "key", buf, sizeof(buf)));
    CHECK_TEXT(buf, "abcd");
    CHECK(!sexp_value(of("(x (key abcde))"), "key", buf, sizeof(buf)));
    CHECK_TEXT(buf, "");
    CHECK(sexp_value(of("(x (key 'abc\\n'))"), "key", buf, sizeof(buf)));
    CHECK_TEXT(buf, "abc\n");
    CHECK(!sexp_value(of("(x (key 'abcd\\n'))"), "key", buf, sizeof(buf)));
}

static void children(void)
{
    struct sexp list = of("(key a (key 1) (other (key 2)) (key 3) ((key) 4) ('other' 5))");
    char buf[10];

    CHECK(sexp_value(list, "key", buf, sizeof(buf)));
    CHECK_TEXT(buf, "1");
    CHECK(sexp_value(sexp_child(list, "other"), "key", buf, sizeof(buf)));
    CHECK_TEXT(buf, "2");
    CHECK(sexp_child(list, "missing").p == NULL);
    CHECK(!sexp_value(list, "missing", buf, sizeof(buf)));
}

CU_TestInfo sexp_tests[] = {
    {"what is wrong", what_is_wrong},
    {"depths", depths},
    {"walking a list", walking_a_list},
    {"values", values},
    {"values that do not fit", values_that_do_not_fit},
    {"children", children},
    CU_TEST_INFO_NULL,
};
