// A C face for the RE2 library: what Prometheus's regular expressions need.
#ifndef HC_RE2_H
#define HC_RE2_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hc_re2 hc_re2;
typedef struct { int64_t offset, length; } hc_re2_span;

// Compiles pattern (dot matches newline); NULL and a NUL-terminated message on failure.
hc_re2 *hc_re2_new(const char *pattern, size_t length, char *error, size_t error_capacity);
void hc_re2_delete(hc_re2 *re);
int hc_re2_group_count(const hc_re2 *re);
// Number of the group called name, or -1.
int hc_re2_group_index(const hc_re2 *re, const char *name);
// Matches all of text; fills up to count spans of groups 1..count (offset -1: not in the match).
bool hc_re2_full_match(const hc_re2 *re, const char *text, size_t length, hc_re2_span *spans, int count);
#ifdef __cplusplus
}
#endif
#endif
