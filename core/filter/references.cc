#include "core/filter/references.h"

#include "core/config/suggestion.h"

namespace weir::filter {

NameId References::upstream(std::string_view name, std::string_view key,
                            const config::Origin& origin, config::Diagnostics& diagnostics) {
  if (known_.empty()) known_.insert(upstreams_.begin(), upstreams_.end());
  if (known_.contains(name)) {
    used_.emplace(name);
    return names_.intern(name);
  }
  const std::vector<std::string_view> words(upstreams_.begin(), upstreams_.end());
  diagnostics.add({origin.location, origin.path + "." + std::string(key),
                   "there is no upstream \"" + std::string(name) + "\"",
                   std::string(config::closestWord(name, words))});
  return 0;
}

NameId References::target(const http::Target& target, config::Diagnostics& diagnostics) {
  const std::string name = target.upstreamName();
  if (name.empty()) return 0;  // its mistake was reported when it was read
  if (!target.url) return upstream(name, "upstream", target.origin, diagnostics);
  if (used_.insert(name).second) urls_.push_back(target);
  return names_.intern(name);
}

}  // namespace weir::filter
