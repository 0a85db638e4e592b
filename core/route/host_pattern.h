#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::route {

// The host of host[:port] as routes compare it: lower case, without the port, the brackets of IPv6
// and a dot at the end. A view where that is how it stands there already, else a copy on the stack.
// A host too long to be a name is kept empty and matches "*" only.
class HostKey {
 public:
  static constexpr std::size_t kMaxBytes = 255;

  explicit HostKey(std::string_view authority);
  HostKey(const HostKey&) = delete;
  HostKey& operator=(const HostKey&) = delete;

  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  char lowered_[kMaxBytes];  // set when text_ lies there
};

// A host as the configuration writes it: "example.com", "*.example.com" or "*".
struct HostPattern {
  enum class Kind : std::uint8_t { kExact, kSuffix, kAny };
  Kind kind = Kind::kAny;
  std::string text;  // in the form of HostKey; of a kSuffix what follows "*."

  // Nothing for what is none of the three.
  static std::optional<HostPattern> parse(std::string_view text);
  bool matches(std::string_view host) const;  // host: the text of a HostKey
  std::string toString() const;               // which parse() reads back
  bool operator==(const HostPattern&) const = default;
};

}  // namespace weir::route
