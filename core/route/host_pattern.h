#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::route {

// The host of host[:port] in the form that routes compare: lower case, without the port, the
// brackets of IPv6 and a trailing dot. A view if the text already has this form, else a copy on the
// stack. A host that is too long for a name is stored as empty and matches only "*".
class HostKey {
 public:
  static constexpr std::size_t kMaxBytes = 255;

  explicit HostKey(std::string_view authority);
  HostKey(const HostKey&) = delete;
  HostKey& operator=(const HostKey&) = delete;

  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  char lowered_[kMaxBytes];  // used if text_ points here
};

// A host of the configuration: "example.com", "*.example.com" or "*".
struct HostPattern {
  enum class Kind : std::uint8_t { kExact, kSuffix, kAny };
  Kind kind = Kind::kAny;
  std::string text;  // in the form of HostKey; the part after "*." for kSuffix

  // Empty if `text` has none of these forms.
  static std::optional<HostPattern> parse(std::string_view text);
  bool matches(std::string_view host) const;  // host: the text of a HostKey
  std::string toString() const;               // parse() accepts the result
  bool operator==(const HostPattern&) const = default;
};

}  // namespace weir::route
