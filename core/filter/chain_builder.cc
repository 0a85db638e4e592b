#include "core/filter/chain_builder.h"

#include <set>

namespace weir::filter {

std::shared_ptr<const Chain> ChainBuilder::chain(const std::vector<config::Selected>& filters,
                                                 config::Diagnostics& diagnostics) {
  if (filters.empty()) return nullptr;
  Makers makers;
  makers.reserve(filters.size());
  for (const config::Selected& each : filters) {
    if (!each.made()) return nullptr;  // its diagnostics have been recorded
    makers.push_back(kept_.get(each, references_, diagnostics));
  }
  auto& chain = chains_[makers];
  if (chain == nullptr) chain = makeChain(filters, makers);
  return chain;
}

std::shared_ptr<const Chain> ChainBuilder::makeChain(const std::vector<config::Selected>& filters,
                                                     const Makers& makers) {
  auto chain = std::make_shared<Chain>();
  chain->reserve(makers.size());
  for (std::size_t i = 0; i < makers.size(); ++i) {
    const NameId id = names_.intern(filters[i].kind());
    chain->push_back({id, names_.name(id), makers[i], makers[i]->when()});
  }
  return chain;
}

LastingFilters ChainBuilder::lasting() const {
  std::set<std::shared_ptr<const Maker>> found;
  for (const auto& [makers, chain] : chains_) {
    for (const auto& maker : makers) {
      if (maker->hasParts()) found.insert(maker);
    }
  }
  return {found.begin(), found.end()};
}

http::FieldSet ChainBuilder::requestFields() const {
  http::FieldSet fields;
  for (const auto& [makers, chain] : chains_) {
    for (const auto& maker : makers) maker->addRequestFields(fields);
  }
  return fields;
}

}  // namespace weir::filter
