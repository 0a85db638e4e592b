#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observability/access_log/field.h"

namespace weir::access_log {

// The layout of a line. Compiled once, on the control thread; constant afterwards.
class Format {
 public:
  static constexpr std::size_t kMaxFields = 64;
  static constexpr std::size_t kMaxTemplate = 4096;  // bytes

  // One JSON object; fields without a value are omitted.
  static Format json(const std::vector<FieldUse>& fields);
  // Text with fields such as "${request.id}"; "$$" is a dollar sign, "-" replaces a missing value.
  // nullopt, with the reason in `why`, if the template is malformed.
  static std::optional<Format> compile(std::string_view source, std::string& why);

  // Returns the number of bytes written, including the line end, or 0 if `room` is too small.
  // Values longer than `value_limit` are truncated.
  std::size_t write(const http::ExchangeRecord& record, Redaction redaction, std::span<char> room,
                    std::size_t value_limit) const;

  friend bool operator==(const Format&, const Format&) = default;

 private:
  struct Piece {
    std::string literal;  // before the value
    FieldUse use;
    friend bool operator==(const Piece&, const Piece&) = default;
  };
  explicit Format(Escape escape) : escape_(escape) {}
  void writeJson(const http::ExchangeRecord& record, Redaction redaction, Line& line) const;
  void writePlain(const http::ExchangeRecord& record, Redaction redaction, Line& line) const;

  Escape escape_;
  std::vector<Piece> pieces_;
  std::string tail_;  // after the last value
};

}  // namespace weir::access_log
