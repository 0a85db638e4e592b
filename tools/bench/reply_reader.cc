#include "tools/bench/reply_reader.h"

#include <charconv>
#include <strings.h>

namespace weir::bench {
namespace {

constexpr std::size_t kMostHead = 16384;
constexpr std::string_view kEndOfHead = "\r\n\r\n";

bool isField(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         strncasecmp(line.data(), name.data(), name.size()) == 0;
}

std::string_view valueOf(std::string_view line, std::string_view name) {
  line.remove_prefix(name.size() + 1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

template <typename Number>
bool parseWhole(std::string_view text, Number& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

}  // namespace

ReplyReader::State ReplyReader::feed(std::string_view bytes) {
  if (!in_body_) {
    std::string_view all = bytes;
    if (!head_.empty()) all = head_.append(bytes);
    const auto end = all.find(kEndOfHead);
    if (end == std::string_view::npos) {
      if (head_.empty()) head_ = bytes;
      return head_.size() > kMostHead ? State::kWrong : State::kMore;
    }
    if (!readHead(all.substr(0, end + 2))) return State::kWrong;
    in_body_ = true;
    bytes = all.substr(end + kEndOfHead.size());
  }
  if (bytes.size() > left_) return State::kWrong;
  left_ -= bytes.size();
  return left_ == 0 ? State::kComplete : State::kMore;
}

void ReplyReader::reset() {
  head_.clear();
  length_ = left_ = 0;
  status_ = 0;
  in_body_ = has_length_ = closes_ = false;
}

bool ReplyReader::readHead(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (!head.starts_with(kVersion) || head.size() < kVersion.size() + 3) return false;
  if (!parseWhole(head.substr(kVersion.size(), 3), status_)) return false;
  for (auto at = head.find("\r\n") + 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    if (!readField(head.substr(at, end - at))) return false;
    at = end + 2;
  }
  left_ = length_;
  return has_length_;
}

bool ReplyReader::readField(std::string_view line) {
  constexpr std::string_view kLength = "content-length";
  constexpr std::string_view kConnection = "connection";
  if (isField(line, kLength)) {
    if (has_length_) return false;
    has_length_ = true;
    return parseWhole(valueOf(line, kLength), length_);
  }
  if (isField(line, "transfer-encoding")) return false;
  if (isField(line, kConnection))
    closes_ = strncasecmp(valueOf(line, kConnection).data(), "close", 5) == 0;
  return true;
}

}  // namespace weir::bench
