#include "core/redis/reply.h"

#include <algorithm>
#include <optional>

#include "core/base/number.h"

namespace weir::redis {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::optional<std::int64_t> signedNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto number = parseNumber<std::int64_t>(text.substr(negative ? 1 : 0));
  if (!number) return std::nullopt;
  return negative ? -*number : *number;
}

}  // namespace

bool Reply::isError(std::string_view code) const {
  if (kind() != Kind::kError || !text().starts_with(code)) return false;
  return text().size() == code.size() || text()[code.size()] == ' ';
}

bool Reply::isIntegers(std::size_t count) const {
  if (kind() != Kind::kArray || size() != count + 1) return false;
  return std::all_of(values_.begin() + 1, values_.end(),
                     [](const Value& value) { return value.kind == Kind::kInteger; });
}

void ReplyReader::begin() {
  reply_.values_.clear();
  reply_.text_.clear();
  complete_ = false;
}

ReplyReader::Outcome ReplyReader::read(Bytes& bytes) {
  if (complete_) begin();
  Outcome outcome = Outcome::kMore;
  while (outcome == Outcome::kMore && !bytes.empty()) {
    outcome = in_text_ ? readText(bytes) : readLine(bytes);
  }
  complete_ = outcome == Outcome::kComplete;
  return outcome;
}

ReplyReader::Outcome ReplyReader::readLine(Bytes& bytes) {
  const std::string_view text = asText(bytes);
  const std::size_t end = text.find('\n');
  const std::size_t taken = end == std::string_view::npos ? text.size() : end + 1;
  if (taken > kMostBytes - std::min(kMostBytes, line_.size())) return Outcome::kInvalid;
  line_.append(text.substr(0, taken));
  bytes = bytes.subspan(taken);
  if (end == std::string_view::npos) return Outcome::kMore;
  if (!line_.ends_with(kLineEnd)) return Outcome::kInvalid;
  line_.resize(line_.size() - kLineEnd.size());
  const Outcome outcome = onLine();
  line_.clear();
  return outcome;
}

bool ReplyReader::keep(std::string_view text) {
  if (text.size() > kMostBytes - reply_.text_.size()) return false;
  reply_.text_.append(text);
  return true;
}

ReplyReader::Outcome ReplyReader::onLine() {
  if (line_.empty()) return Outcome::kInvalid;
  const std::string_view line = line_;
  const std::string_view rest = line.substr(1);
  const char type = line.front();
  if (type == '+' || type == '-') {
    const Reply::Value value{type == '+' ? Reply::Kind::kStatus : Reply::Kind::kError, 0,
                             reply_.text_.size(), rest.size()};
    return keep(rest) ? add(value) : Outcome::kInvalid;
  }
  const auto number = signedNumber(rest);
  if (!number) return Outcome::kInvalid;
  if (type == ':') return add({Reply::Kind::kInteger, *number});
  if (type == '$') return onLength(*number);
  if (type == '*') return onElements(*number);
  return Outcome::kInvalid;
}

ReplyReader::Outcome ReplyReader::onLength(std::int64_t number) {
  if (number == -1) return add({Reply::Kind::kNull});
  const auto length = static_cast<std::size_t>(number);
  if (number < 0 || length > kMostBytes - reply_.text_.size()) return Outcome::kInvalid;
  if (reply_.values_.size() >= kMostValues) return Outcome::kInvalid;
  reply_.values_.push_back({Reply::Kind::kText, 0, reply_.text_.size(), length});
  text_left_ = length + kLineEnd.size();
  in_text_ = true;
  return Outcome::kMore;
}

ReplyReader::Outcome ReplyReader::readText(Bytes& bytes) {
  const Bytes piece = bytes.first(std::min(bytes.size(), text_left_));
  bytes = bytes.subspan(piece.size());
  // Of the piece, what precedes the CRLF; the rest is compared with it.
  const std::size_t body_left =
      text_left_ > kLineEnd.size() ? text_left_ - kLineEnd.size() : std::size_t{0};
  const std::size_t body = std::min(piece.size(), body_left);
  reply_.text_.append(asText(piece.first(body)));
  for (std::size_t i = body; i < piece.size(); ++i) {
    const std::size_t left = text_left_ - i;
    if (piece[i] != kLineEnd[kLineEnd.size() - left]) return Outcome::kInvalid;
  }
  text_left_ -= piece.size();
  if (text_left_ > 0) return Outcome::kMore;
  in_text_ = false;
  const Reply::Value value = reply_.values_.back();
  reply_.values_.pop_back();
  return add(value);
}

ReplyReader::Outcome ReplyReader::onElements(std::int64_t number) {
  if (number == -1) return add({Reply::Kind::kNull});
  if (number == 0) return add({Reply::Kind::kArray});
  const auto most = static_cast<std::int64_t>(kMostValues);
  if (number < 0 || number > most || open_.size() >= kMostDepth) return Outcome::kInvalid;
  if (reply_.values_.size() >= kMostValues) return Outcome::kInvalid;
  reply_.values_.push_back({Reply::Kind::kArray, number});
  open_.push_back(static_cast<std::size_t>(number));
  return Outcome::kMore;
}

// Adds a value that has no elements, and closes the arrays that it completes.
ReplyReader::Outcome ReplyReader::add(const Reply::Value& value) {
  if (reply_.values_.size() >= kMostValues) return Outcome::kInvalid;
  reply_.values_.push_back(value);
  while (!open_.empty()) {
    if (--open_.back() > 0) return Outcome::kMore;
    open_.pop_back();
  }
  return Outcome::kComplete;
}

}  // namespace weir::redis
