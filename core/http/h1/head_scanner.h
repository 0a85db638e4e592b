#pragma once

#include <cstddef>
#include <string_view>

#include "core/http/h1/head_scan.h"
#include "core/http/message.h"

namespace weir::http::h1 {

// Reads a head in one pass, if it is written as nearly all are: a common method, a target in
// origin-form, HTTP/1.0 or 1.1, one space where a space belongs, CRLF after each line. It rejects
// nothing: a head that is not as expected, or not complete, has to be read by other means.
//
// The text is followed by kPadding zeros, at which every search ends.
class HeadScanner {
 public:
  static constexpr std::size_t kPadding = 16;

  explicit HeadScanner(const char* head) : at_(head) {}

  // Each takes one line. If the result is false, the line is not as expected; the scanner is then
  // still at its beginning, but the results may have been changed.
  bool takeRequestLine(Request& request, std::string_view& target);
  bool takeStatusLine(Response& response);
  bool takeField(std::string_view& name, std::string_view& value) {
    const char* const colon = HeadScan::endOfName(at_);
    if (colon == at_ || *colon != ':') return false;
    const char* const from = colon + (colon[1] == ' ' ? 2 : 1);
    const char* const end = HeadScan::endOfValue(from);
    if (!isLineEnd(end)) return false;
    // White space that would have to be removed, which may change the framing.
    if (end != from && (from[0] == ' ' || end[-1] == ' ')) return false;
    name = {at_, static_cast<std::size_t>(colon - at_)};
    value = {from, static_cast<std::size_t>(end - from)};
    at_ = end + 2;
    return true;
  }
  bool takeEmptyLine() {
    if (!isLineEnd(at_)) return false;
    at_ += 2;
    return true;
  }
  const char* at() const { return at_; }

 private:
  static bool isLineEnd(const char* at) { return at[0] == '\r' && at[1] == '\n'; }

  const char* at_;
};

}  // namespace weir::http::h1
