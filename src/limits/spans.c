/*
 * The verdict for each release, if --for is not given.
 */
#include "limits/limits.h"

/* Higher than all point releases so far; the highest is 4.17.7. */
#define POINTS_SEEN 9

unsigned limits_spans(const struct limits_facts *facts, struct limits_span spans[LIMITS_SPANS_MAX])
{
    struct limits_host host = {.given = true};
    struct limits_findings findings;
    unsigned count = 0;

    for (host.minor = LIMITS_MINOR_MIN; host.minor <= LIMITS_MINOR_MAX; host.minor++) {
        for (host.point = 0; host.point <= POINTS_SEEN; host.point++) {
            int release = LIMITS_RELEASE(host.minor, host.point);

            limits_find(facts, &host, &findings);
            if (count == 0 ||
                (spans[count - 1].verdict != findings.verdict && count < LIMITS_SPANS_MAX))
                spans[count++] = (struct limits_span){release, release, findings.verdict};
            spans[count - 1].to =
                host.point == POINTS_SEEN ? LIMITS_RELEASE(host.minor, 99) : release;
        }
    }
    return count;
}
