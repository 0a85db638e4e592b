#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/headers.h"
#include "core/route/text.h"

namespace weir::route {

// Changes to the headers of a message, in the order in which they were added.
//
// Fields that frame or address a message (Host, Content-Length, Connection and so on) or that only
// weir may set (X-Weir-Identity) cannot be changed. A text with variables that expands to the empty
// string omits the header.
class HeaderRules {
 public:
  // For building. Each returns false, and sets `why`, if a name or text is not acceptable.
  bool remove(std::string_view name, std::string& why);
  bool set(std::string_view name, std::string_view text, const TextScope& scope, std::string& why);
  bool add(std::string_view name, std::string_view text, const TextScope& scope, std::string& why);

  bool empty() const { return changes_.empty(); }
  // Names and constant values remain views into this object, which must outlive the message.
  void apply(http::Headers& headers, const Variables& variables) const;

 private:
  enum class Verb : std::uint8_t { kRemove, kSet, kAdd };
  struct Change {
    Verb verb = Verb::kSet;
    http::HeaderId id = http::HeaderId::kOther;
    std::string name;
    Text value;
  };
  bool append(Verb verb, std::string_view name, Text value, std::string& why);

  std::vector<Change> changes_;
};

// True if the configuration may change the header `name`; else `why` gives the reason.
bool isChangeableHeader(std::string_view name, std::string& why);

bool isHeaderName(std::string_view text);

}  // namespace weir::route
