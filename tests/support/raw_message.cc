#include "tests/support/raw_message.h"

#include <algorithm>
#include <charconv>

#include "core/base/lower_case.h"

namespace weir::test {
namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

bool isTokenByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kTokenMarks.find(c) != std::string_view::npos;
}

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isTokenByte);
}

bool isValueByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool isValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), isValueByte) && !text.starts_with(' ') &&
         !text.ends_with(' ');
}

std::optional<std::uint64_t> number(std::string_view digits, int base) {
  std::uint64_t result = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, result, base);
  if (digits.empty() || error != std::errc() || at != end) return std::nullopt;
  return result;
}

// Removes one line and its CRLF from the front; nullopt if the line is incomplete.
std::optional<std::string_view> takeLine(std::string_view& bytes) {
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 2);
  return line;
}

// Removes field lines up to the empty one. False if they are incomplete or invalid.
bool takeFields(std::string_view& bytes, std::vector<RawField>& fields, std::string& fault) {
  while (const auto line = takeLine(bytes)) {
    if (line->empty()) return true;
    const std::size_t colon = line->find(": ");
    if (colon == std::string_view::npos || !isToken(line->substr(0, colon)) ||
        !isValue(line->substr(colon + 2))) {
      fault = "bad field line: " + std::string(*line);
      return false;
    }
    fields.push_back({lowerCase(line->substr(0, colon)), std::string(line->substr(colon + 2))});
  }
  return false;
}

bool takeHead(std::string_view& bytes, RawMessage& message) {
  const auto line = takeLine(bytes);
  if (!line) return false;
  message.start_line = *line;
  message.has_head = takeFields(bytes, message.fields, message.fault);
  return message.has_head;
}

void takeLength(std::string_view& bytes, RawMessage& message, std::uint64_t length) {
  message.framing = RawFraming::kLength;
  const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(length, bytes.size()));
  message.body = bytes.substr(0, now);
  bytes.remove_prefix(now);
  message.whole = now == length;
}

void takeChunks(std::string_view& bytes, RawMessage& message) {
  message.framing = RawFraming::kChunked;
  while (const auto line = takeLine(bytes)) {
    const auto size = number(*line, 16);
    if (!size) {
      message.fault = "bad chunk size: " + std::string(*line);
      return;
    }
    if (*size == 0) {
      message.whole = takeFields(bytes, message.trailers, message.fault);
      return;
    }
    const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(*size, bytes.size()));
    message.body += bytes.substr(0, now);
    bytes.remove_prefix(now);
    if (now < *size || bytes.size() < 2) return;
    if (!bytes.starts_with("\r\n")) message.fault = "no CRLF behind a chunk";
    if (!message.fault.empty()) return;
    bytes.remove_prefix(2);
  }
}

// True if the fields define a framing; then the body is read.
bool takeFramedBody(std::string_view& bytes, RawMessage& message) {
  const auto length = message.value("content-length");
  const auto coding = message.value("transfer-encoding");
  if (message.count("content-length") + message.count("transfer-encoding") > 1) {
    message.fault = "framed more than once";
    return true;
  }
  if (coding) {
    if (*coding != "chunked") message.fault = "coding " + *coding;
    if (message.fault.empty()) takeChunks(bytes, message);
    return true;
  }
  if (!length) return false;
  const auto count = number(*length, 10);
  if (!count) message.fault = "length " + *length;
  if (count) takeLength(bytes, message, *count);
  return true;
}

}  // namespace

std::optional<std::string> RawMessage::value(std::string_view name) const {
  for (const RawField& field : fields) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::size_t RawMessage::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      fields.begin(), fields.end(), [&](const RawField& field) { return field.name == name; }));
}

int RawMessage::status() const {
  if (!start_line.starts_with("HTTP/1.1 ") || start_line.size() < 13) return 0;
  const auto status = number(std::string_view(start_line).substr(9, 3), 10);
  return status && start_line[12] == ' ' ? static_cast<int>(*status) : 0;
}

RawMessage takeRequest(std::string_view& bytes) {
  RawMessage message;
  if (!takeHead(bytes, message)) return message;
  if (!takeFramedBody(bytes, message)) message.whole = true;
  return message;
}

RawMessage takeResponse(std::string_view& bytes, RawAnswer answer) {
  RawMessage message;
  if (!takeHead(bytes, message)) return message;
  const int status = message.status();
  if (status == 0) {
    message.fault = "bad status line: " + message.start_line;
    return message;
  }
  if (status < 200 || status == 204 || status == 304 || answer.to_head) {
    message.whole = true;
    return message;
  }
  if (takeFramedBody(bytes, message)) return message;
  message.framing = RawFraming::kUntilClose;
  message.body = bytes;
  message.whole = answer.closed;
  bytes = {};
  return message;
}

}  // namespace weir::test
