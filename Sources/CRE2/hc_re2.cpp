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

extern "C" bool hc_re2_full_match(const hc_re2 *re, const char *text, size_t length, hc_re2_span *spans, int count) {
  re2::StringPiece subject(text ? text : "", length);
  // Piece 0 is the whole match, which the caller knows already.
  std::vector<re2::StringPiece> pieces(count > 0 ? count + 1 : 0);
  if (!re->re.Match(subject, 0, length, RE2::ANCHOR_BOTH, pieces.data(), static_cast<int>(pieces.size()))) return false;
  for (int i = 0; i < count; i++) {
    const re2::StringPiece &piece = pieces[i + 1];
    spans[i].offset = piece.data() ? piece.data() - subject.data() : -1;
    spans[i].length = static_cast<int64_t>(piece.size());
  }
  return true;
}
