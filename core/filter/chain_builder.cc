#include "core/filter/chain_builder.h"

#include <algorithm>
#include <set>

#include "core/config/suggestion.h"
#include "core/filter/order.h"

namespace weir::filter {

void ChainBuilder::define(const NamedFilters& filters, config::Diagnostics& diagnostics) {
  for (const auto& [name, settings] : filters) {
    named_.emplace(name, settings.made() ? link(settings, diagnostics) : Link{});
    named_settings_.emplace(name, settings);
  }
}

Link ChainBuilder::link(const config::Selected& settings, config::Diagnostics& diagnostics) {
  auto maker = kept_.get(settings, references_, diagnostics);
  const NameId id = names_.intern(settings.kind());
  const expr::Program* const when = maker->when();
  return {id, names_.name(id), std::move(maker), when};
}

Link ChainBuilder::link(std::string_view name, std::shared_ptr<const Maker> maker) {
  const NameId id = names_.intern(name);
  return {id, names_.name(id), std::move(maker), nullptr};
}

bool ChainBuilder::authenticates(const FilterSetting& filter) const {
  const config::Selected* settings = &filter.settings;
  if (!settings->made()) {
    const auto named = named_settings_.find(filter.name);
    if (named == named_settings_.end()) return false;
    settings = &named->second;
  }
  return settings->made() && kept_.registry().kindOf(*settings).authenticates;
}

const Link* ChainBuilder::find(const FilterSetting& named, config::Diagnostics& diagnostics) const {
  const auto found = named_.find(named.name);
  if (found != named_.end()) return found->second.maker == nullptr ? nullptr : &found->second;
  std::vector<std::string_view> names;
  for (const auto& [name, each] : named_) names.push_back(name);
  diagnostics.add(
      {named.origin.location, named.origin.path,
       "there is no filter \"" + named.name + "\": define it in [filter." + named.name + "]",
       std::string(config::closestWord(named.name, names))});
  return nullptr;
}

Chain ChainBuilder::resolve(const std::vector<FilterSetting>& filters,
                            config::Diagnostics& diagnostics) {
  Chain chain;
  chain.reserve(filters.size());
  std::vector<const config::Selected*> order;
  for (const FilterSetting& each : filters) {
    if (each.settings.made()) {
      chain.push_back(link(each.settings, diagnostics));
      order.push_back(&each.settings);
    } else if (each.name.empty()) {
      continue;  // its diagnostics have been recorded
    } else if (const Link* const named = find(each, diagnostics)) {
      chain.push_back(*named);
      order.push_back(&named_settings_.find(each.name)->second);
    }
  }
  warnOfOrder(kept_.registry(), order, diagnostics);
  return chain;
}

ChainBuilder::Key ChainBuilder::keyOf(const Chain& chain) {
  Key key;
  key.first.reserve(chain.size());
  for (const Link& each : chain) {
    key.first.push_back(each.maker);
    key.second += each.of_listener ? 1 : 0;
  }
  return key;
}

std::shared_ptr<const Chain> ChainBuilder::share(Chain chain) {
  if (chain.empty()) return nullptr;
  auto& shared = chains_[keyOf(chain)];
  if (shared == nullptr) shared = std::make_shared<const Chain>(std::move(chain));
  return shared;
}

LastingFilters ChainBuilder::lasting() const {
  std::set<std::shared_ptr<const Maker>> found;
  for (const auto& [key, chain] : chains_) {
    for (const Link& each : *chain) {
      if (each.maker->hasParts()) found.insert(each.maker);
    }
  }
  return {found.begin(), found.end()};
}

http::FieldSet ChainBuilder::requestFields() const {
  http::FieldSet fields;
  for (const auto& [key, chain] : chains_) {
    for (const Link& each : *chain) each.maker->addRequestFields(fields);
  }
  return fields;
}

std::size_t ChainBuilder::longest() const {
  std::size_t longest = 0;
  for (const auto& [key, chain] : chains_) longest = std::max(longest, chain->size());
  return longest;
}

}  // namespace weir::filter
