#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/http/target.h"

namespace weir::filter {

// The names of a configuration to which the settings of filters may refer.
class References {
 public:
  // `names` outlives the object.
  References(std::vector<std::string> upstreams, NameTable& names)
      : upstreams_(std::move(upstreams)), names_(names) {}
  References(const References&) = delete;
  References& operator=(const References&) = delete;

  // The upstream with this name, the value of `key`. If there is none, records a diagnostic and
  // returns 0. `origin` is that of the key: config::Table::locate(origin, key).
  NameId upstream(std::string_view name, std::string_view key, const config::Origin& origin,
                  config::Diagnostics& diagnostics);
  // The number of a name that a setting introduces, for metrics.
  NameId name(std::string_view text) { return names_.intern(text); }
  // The upstream of a target; for a URL, one that the plan will have.
  NameId target(const http::Target& target, config::Diagnostics& diagnostics);
  const std::vector<std::string>& upstreams() const { return upstreams_; }
  // The upstreams that were found by upstream() and target().
  const std::unordered_set<std::string>& used() const { return used_; }
  // The targets of target() that are URLs, one for each upstream.
  const std::vector<http::Target>& urls() const { return urls_; }

 private:
  const std::vector<std::string> upstreams_;
  NameTable& names_;
  std::unordered_set<std::string_view> known_;  // filled on first use
  std::unordered_set<std::string> used_;
  std::vector<http::Target> urls_;
};

}  // namespace weir::filter
