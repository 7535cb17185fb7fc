/*
 * Finds the bytes of an element in the domain XML, so that it can be removed and all other bytes
 * stay. libxml2 has parsed the text, so it is well-formed and has no DOCTYPE; libxml2 also parses
 * the result.
 */
#include <string.h>

#include "domain_xml.h"

#define PATH_DEPTH 3

static const char *const path[PATH_DEPTH] = {"domain", "devices", "emulator"};

/* Returns the byte after the next occurrence of end; NULL: there is none. */
static const char *after_string(const char *p, const char *end)
{
    p = strstr(p, end);
    return p ? p + strlen(end) : NULL;
}

/* Returns the byte after the tag at p; a quoted attribute value may contain '>'. */
static const char *after_tag(const char *p)
{
    char quote = '\0';

    for (; *p; p++) {
        if (quote)
            quote = *p == quote ? '\0' : quote;
        else if (*p == '"' || *p == '\'')
            quote = *p;
        else if (*p == '>')
            return p + 1;
    }
    return NULL;
}

static bool is_named(const char *tag, const char *name)
{
    size_t n = strlen(name);

    return strncmp(tag + 1, name, n) == 0 && strchr(" \t\r\n/>", tag[1 + n]) != NULL;
}

bool domain_xml_find_emulator(const char *xml, size_t *start, size_t *end)
{
    const char *p = xml, *element = NULL, *next;
    int depth = 0;   /* number of open elements */
    int matched = 0; /* how many of them, from the root, are those of the path */

    while ((p = strchr(p, '<'))) {
        if (strncmp(p, "<!--", 4) == 0) {
            next = after_string(p + 4, "-->");
        } else if (strncmp(p, "<![CDATA[", 9) == 0) {
            next = after_string(p, "]]>");
        } else if (p[1] == '?') {
            next = after_string(p, "?>");
        } else if (p[1] == '/') {
            next = after_tag(p);
            depth--;
            if (element && depth == PATH_DEPTH - 1)
                break;
            matched = matched > depth ? depth : matched;
        } else {
            next = after_tag(p);
            if (!element && depth < PATH_DEPTH && matched == depth && is_named(p, path[depth])) {
                matched++;
                element = matched == PATH_DEPTH ? p : NULL;
            }
            depth++;
            if (next && next[-2] == '/') {
                depth--;
                if (element && depth == PATH_DEPTH - 1)
                    break;
                matched = matched > depth ? depth : matched;
            }
        }
        if (!next)
            return false;
        p = next;
    }
    if (!p || !element || !next)
        return false;
    *start = (size_t)(element - xml);
    *end = (size_t)(next - xml);
    return true;
}
