#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ip_range.h"
#include "core/base/names.h"
#include "core/http/message.h"
#include "core/regex/regex.h"

namespace weir::route {

// The origin of a request, as far as routes use it.
struct Source {
  NameId listener = 0;
  IpAddress address;  // of the client
};

// A condition on the value of a header or a query parameter.
class TextMatch {
 public:
  enum class Kind : std::uint8_t { kExact, kPrefix, kSuffix, kContains, kRegex, kPresent, kAbsent };

  TextMatch(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  explicit TextMatch(Regex regex)
      : kind_(Kind::kRegex), text_(regex.pattern()), regex_(std::move(regex)) {}

  // An empty `value` stands for a missing header or parameter.
  bool matches(std::optional<std::string_view> value) const;
  std::string toString() const;  // "prefix v1"

 private:
  Kind kind_;
  std::string text_;
  std::optional<Regex> regex_;
};

// A route's conditions on a request in addition to its host and path.
struct Predicates {
  enum class Part : std::uint8_t { kNone, kListener, kSource, kMethod, kHeader, kQuery };
  struct Named {
    std::string name;
    TextMatch match;
  };
  // The first condition that the request does not meet; kNone if it meets all. `named` is the
  // header or parameter.
  struct Verdict {
    Part unmet = Part::kNone;
    const Named* named = nullptr;
  };

  bool empty() const;
  std::string key() const;  // equal for the same conditions in any order
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
// negative, positive, or zero if only the order of the file decides.
int comparePredicates(const Predicates& left, const Predicates& right);

}  // namespace weir::route
