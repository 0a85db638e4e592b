#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ip_range.h"
#include "core/base/keyed_hash.h"
#include "core/config/table.h"
#include "core/expr/setting.h"
#include "core/filter/control.h"
#include "core/http/facts.h"
#include "core/http/message.h"

namespace weir::gateway {

// The parts of a request whose values distinguish the callers of a limit.
class LimitKey {
 public:
  struct Hash {
    std::uint64_t value = 0;
    bool complete = true;  // no part is missing
  };

  // The parts as written; `prefix4` and `prefix6` are the bits of a client's address that count.
  // Records the mistakes in the elements of `setting` and leaves those parts out.
  static LimitKey read(const std::vector<std::string>& parts, unsigned prefix4, unsigned prefix6,
                       config::Table& table, std::string_view setting);

  // A missing part counts as a value of its own. Keys in different scopes have different hashes.
  Hash hash(const http::Request& request, const filter::Control& control, const KeyedHash& keyed,
            NameId scope) const;

  friend bool operator==(const LimitKey&, const LimitKey&) = default;

 private:
  using Text = expr::Expression<http::RequestVariables, expr::Kind::kString>;
  enum class Kind : std::uint8_t { kClientAddress, kMethod, kHeader, kCookie, kExpression };
  struct Part {
    Kind kind = Kind::kClientAddress;
    std::string name;  // of a header or cookie
    Text expression = {};

    friend bool operator==(const Part&, const Part&) = default;
  };

  struct Fault {
    std::string what;
    std::string suggestion;
  };
  static std::optional<Part> parse(std::string_view text, Fault& fault);
  std::optional<std::string_view> valueOf(const Part& part, const http::Request& request,
                                          const filter::Control& control, IpAddress& address) const;
  bool maskedClient(const filter::Control& control, IpAddress& address) const;

  std::vector<Part> parts_;
  IpAddress mask4_;
  IpAddress mask6_;
};

}  // namespace weir::gateway
