#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/route/text_index.h"

namespace weir::route {

// A host as routes compare it: lower case, without the port, the brackets of IPv6 and a dot at the
// end. Lies on the stack; a host too long to be a name is kept empty and matches "*" only.
class HostKey {
 public:
  static constexpr std::size_t kMaxBytes = 255;

  explicit HostKey(std::string_view authority);
  HostKey(const HostKey&) = delete;
  HostKey& operator=(const HostKey&) = delete;

  std::string_view text() const { return {text_, size_}; }

 private:
  std::size_t size_ = 0;
  char text_[kMaxBytes + 1];
};

// A host as the configuration writes it: "example.com", "*.example.com" or "*".
struct HostPattern {
  enum class Kind : std::uint8_t { kExact, kSuffix, kAny };
  Kind kind = Kind::kAny;
  std::string text;  // in the form of HostKey; of a kSuffix what follows "*."

  // Nothing, with `why` filled, for what is none of the three.
  static std::optional<HostPattern> parse(std::string_view text, std::string& why);
  bool matches(std::string_view host) const;  // host: the text of a HostKey
  std::string toString() const;
};

// Numbers for hosts. "*.example.com" matches a.example.com and a.b.example.com, not example.com.
class HostTable {
 public:
  // The number of a pattern: the known one, or `number`, which it then has.
  std::uint32_t add(const HostPattern& pattern, std::uint32_t number);
  void shrink() { index_.shrink(); }

  // Calls visit(number) for the patterns that match, the most specific first, until it says true.
  template <typename Visit>
  bool visit(std::string_view host, Visit&& visit) const {
    if (const auto number = index_.find(kExactScope, host); number && visit(*number)) return true;
    if (longest_suffix_ != 0 && visitSuffixes(host, visit)) return true;
    return any_ && visit(*any_);
  }

 private:
  static constexpr std::uint32_t kExactScope = 0;
  static constexpr std::uint32_t kSuffixScope = 1;

  template <typename Visit>
  bool visitSuffixes(std::string_view host, Visit&& visit) const {
    // No suffix that is longer, or has more labels, than every configured one is looked up.
    std::size_t dot = suffixStart(host);
    for (; dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
      const auto number = index_.find(kSuffixScope, host.substr(dot + 1));
      if (number && visit(*number)) return true;
    }
    return false;
  }
  std::size_t suffixStart(std::string_view host) const;  // the first dot worth looking behind

  TextIndex index_;
  std::optional<std::uint32_t> any_;
  std::size_t longest_suffix_ = 0;  // bytes
  std::size_t most_labels_ = 0;     // of a suffix
};

}  // namespace weir::route
