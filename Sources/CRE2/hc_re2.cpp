#include "hc_re2.h"

#include <re2/re2.h>

#include <cstring>
#include <string>
#include <vector>

struct hc_re2 {
  RE2 re;
  hc_re2(const re2::StringPiece &pattern, const RE2::Options &options) : re(pattern, options) {}
};

extern "C" hc_re2 *hc_re2_new(const char *pattern, size_t length, char *error, size_t error_capacity) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(8 << 20);
  hc_re2 *result = new hc_re2(re2::StringPiece(pattern ? pattern : "", length), options);
  if (result->re.ok()) return result;
  std::strncpy(error, result->re.error().c_str(), error_capacity - 1);
  error[error_capacity - 1] = 0;
  delete result;
  return nullptr;
}

extern "C" void hc_re2_delete(hc_re2 *re) { delete re; }

extern "C" int hc_re2_group_count(const hc_re2 *re) { return re->re.NumberOfCapturingGroups(); }

extern "C" int hc_re2_group_index(const hc_re2 *re, const char *name) {
  const auto &groups = re->re.NamedCapturingGroups();
  auto found = groups.find(name);
  return found == groups.end() ? -1 : found->second;
}

static bool match(const hc_re2 *re, const char *text, size_t length, size_t start, RE2::Anchor anchor,
                  bool with_whole, hc_re2_span *spans, int count) {
  re2::StringPiece subject(text ? text : "", length);
  int wanted = with_whole ? count : (count > 0 ? count + 1 : 0);
  std::vector<re2::StringPiece> pieces(wanted);
  if (!re->re.Match(subject, start, length, anchor, pieces.data(), wanted)) return false;
  for (int i = 0; i < count; i++) {
    const re2::StringPiece &piece = pieces[with_whole ? i : i + 1];
    spans[i].offset = piece.data() ? piece.data() - subject.data() : -1;
    spans[i].length = static_cast<int64_t>(piece.size());
  }
  return true;
}

extern "C" bool hc_re2_full_match(const hc_re2 *re, const char *text, size_t length, hc_re2_span *spans, int count) {
  return match(re, text, length, 0, RE2::ANCHOR_BOTH, false, spans, count);
}

extern "C" bool hc_re2_find(const hc_re2 *re, const char *text, size_t length, size_t start, hc_re2_span *spans,
                            int count) {
  return match(re, text, length, start, RE2::UNANCHORED, true, spans, count);
}
