#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/http/message.h"
#include "core/route/ip_range.h"
#include "core/route/regex.h"

namespace weir::route {

// Where a request came from, as far as routes look at it.
struct Source {
  NameId listener = 0;
  IpAddress address;  // of the client
};

// A demand on the value of a header or a query parameter.
class TextMatch {
 public:
  enum class Kind : std::uint8_t { kExact, kPrefix, kSuffix, kContains, kRegex, kPresent, kAbsent };

  TextMatch(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  explicit TextMatch(Regex regex)
      : kind_(Kind::kRegex), text_(regex.pattern()), regex_(std::move(regex)) {}

  // Nothing stands for a header or parameter that is not there.
  bool matches(std::optional<std::string_view> value) const;
  std::string toString() const;  // "prefix v1"

 private:
  Kind kind_;
  std::string text_;
  std::optional<Regex> regex_;
};

// What a route demands of a request beside its host and path.
struct Predicates {
  enum class Part : std::uint8_t { kNone, kListener, kSource, kMethod, kHeader, kQuery };
  struct Named {
    std::string name;
    TextMatch match;
  };
  // The first part that the request does not meet; kNone when it meets all. `named` is the header
  // or parameter.
  struct Verdict {
    Part unmet = Part::kNone;
    const Named* named = nullptr;
  };

  bool empty() const;
  std::string key() const;  // the same for the same demands in any order
  Verdict check(const http::Request& request, const Source& source) const;

  std::uint16_t methods = 0;               // one bit for each http::Method; kOther by name
  std::vector<std::string> other_methods;  // case-sensitive
  std::vector<NameId> listeners;
  std::vector<IpRange> sources;
  std::vector<Named> headers;
  std::vector<Named> query;

 private:
  bool allowsMethod(const http::Request& request) const;
  bool allowsSource(const Source& source) const;
};

// Whether `left` is tried before `right` on the same path, in the order that RouteTable documents:
// negative, positive, or zero when only the order of the file is left.
int comparePredicates(const Predicates& left, const Predicates& right);

}  // namespace weir::route
