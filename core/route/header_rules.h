#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/headers.h"
#include "core/route/text.h"

namespace weir::route {

struct HeaderRulesSettings;

// Changes to the headers of a message: first what is removed, then what is set, then what is added.
//
// What frames or addresses a message (Host, Content-Length, Connection and so on) and what only
// weir may say (X-Weir-Identity) cannot be changed. A text that expands to nothing, though it is
// not empty, leaves the header out.
class HeaderRules {
 public:
  HeaderRules() = default;
  // Nothing, with `why` filled, when a name or text is not acceptable.
  static std::optional<HeaderRules> compile(const HeaderRulesSettings& settings,
                                            const TextScope& scope, std::string& why);

  bool empty() const { return changes_.empty(); }
  // Names and constant values stay views into this object, which must outlive the message.
  void apply(http::Headers& headers, const Variables& variables) const;

 private:
  enum class Verb : std::uint8_t { kRemove, kSet, kAdd };
  struct Change {
    Verb verb = Verb::kSet;
    http::HeaderId id = http::HeaderId::kOther;
    std::string name;
    Text value;
  };
  bool append(Verb verb, const std::string& name, Text value, std::string& why);
  bool appendTexts(Verb verb, const std::vector<std::pair<std::string, std::string>>& texts,
                   const TextScope& scope, std::string& why);

  std::vector<Change> changes_;
};

// Whether the configuration may change the header of that name, and why not.
bool isChangeableHeader(std::string_view name, std::string& why);

}  // namespace weir::route
