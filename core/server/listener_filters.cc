#include "core/server/listener_filters.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/authz/filter.h"
#include "core/config/suggestion.h"
#include "core/route/settings.h"

namespace weir::server {
namespace {

using filter::Chain;
using filter::FilterSetting;
using filter::Link;
using route::PlacedText;
using route::RouteSettings;
using Names = std::set<std::string_view>;

bool leavesOut(const RouteSettings& route, const FilterSetting& filter) {
  return !filter.name.empty() &&
         std::ranges::find(route.without_filters, filter.name, &PlacedText::text) !=
             route.without_filters.end();
}

// Splits the filters of a listener before the first one that a route leaves out, and adds them.
class ListenerFilters {
 public:
  ListenerFilters(const Settings& settings, filter::ChainBuilder& builder,
                  config::Diagnostics& diagnostics)
      : settings_(settings), builder_(builder), diagnostics_(diagnostics) {}

  void add(const proxy::Plan& plan, proxy::ListenerPlan& listener) {
    const std::vector<FilterSetting>& all = listener.filters;
    const auto late = std::ranges::find_if(all, [&](const FilterSetting& each) {
      return std::ranges::any_of(
          settings_.routes, [&](const RouteSettings& route) { return leavesOut(route, each); });
    });
    Chain early = linksOf({all.begin(), late});
    late_ = {late, all.end()};
    for (const FilterSetting& each : late_) late_links_.push_back(linksOf({each}));
    if (listener.authorize != nullptr && !listener.tcp) insertPolicies(listener, early);
    listener.early_filters = builder_.share(std::move(early));
    if (late_.empty()) return;
    listener.filters_without_route = builder_.share(chainFor(nullptr));
    listener.route_filters.reserve(plan.chains.size());
    for (std::size_t i = 0; i < plan.chains.size(); ++i) {
      Chain chain = chainFor(&settings_.routes[i]);
      if (plan.chains[i] != nullptr) {
        chain.insert(chain.end(), plan.chains[i]->begin(), plan.chains[i]->end());
      }
      listener.route_filters.push_back(builder_.share(std::move(chain)));
    }
  }

 private:
  // Policies decide about the callers whom the filters before have authenticated.
  void insertPolicies(const proxy::ListenerPlan& listener, Chain& early) {
    const std::vector<FilterSetting>& all = listener.filters;
    std::size_t after = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (builder_.authenticates(all[i])) after = i + 1;
    }
    Link link =
        builder_.link("authorize", std::make_shared<authz::PolicyFilterMaker>(listener.authorize));
    link.of_listener = true;
    const std::size_t of_early = all.size() - late_.size();
    if (after <= of_early) {
      const std::size_t at = std::min(after, early.size());
      early.insert(early.begin() + static_cast<std::ptrdiff_t>(at), std::move(link));
      return;
    }
    // No route can leave them out: they have no name.
    const auto at = static_cast<std::ptrdiff_t>(after - of_early);
    late_.insert(late_.begin() + at, FilterSetting{});
    late_links_.insert(late_links_.begin() + at, Chain{std::move(link)});
  }
  Chain linksOf(const std::vector<FilterSetting>& filters) {
    Chain chain = builder_.resolve(filters, diagnostics_);
    for (Link& link : chain) link.of_listener = true;
    return chain;
  }
  // The late filters that apply to the route; null: no route.
  Chain chainFor(const RouteSettings* route) const {
    Chain chain;
    for (std::size_t i = 0; i < late_.size(); ++i) {
      if (route != nullptr && leavesOut(*route, late_[i])) continue;
      chain.insert(chain.end(), late_links_[i].begin(), late_links_[i].end());
    }
    return chain;
  }

  const Settings& settings_;
  filter::ChainBuilder& builder_;
  config::Diagnostics& diagnostics_;
  std::vector<FilterSetting> late_;
  std::vector<Chain> late_links_;  // of each; empty if it has a mistake
};

Names namesOf(const std::vector<FilterSetting>& filters) {
  Names names;
  for (const FilterSetting& each : filters) {
    if (!each.name.empty()) names.insert(each.name);
  }
  return names;
}

// Calls act(name, path) for each name in `without_filters` of a route.
template <typename Act>
void forEachLeftOut(const Settings& settings, const Act& act) {
  for (std::size_t i = 0; i < settings.routes.size(); ++i) {
    const auto& names = settings.routes[i].without_filters;
    for (std::size_t j = 0; j < names.size(); ++j) {
      act(names[j], "route[" + std::to_string(i) + "].without_filters[" + std::to_string(j) + "]");
    }
  }
}

}  // namespace

void addListenerFilters(const Settings& settings, const proxy::Plan& plan,
                        filter::ChainBuilder& builder, proxy::ListenerPlan& listener,
                        config::Diagnostics& diagnostics) {
  const std::string& path = listener.origin.path;
  const route::TextScope request{nullptr, false, false};
  const route::TextScope response{nullptr, true};
  listener.request_rules =
      route::HeaderRulesCompiler(path + ".request_headers", request, diagnostics)
          .compile(listener.request_headers);
  listener.response_rules =
      route::HeaderRulesCompiler(path + ".response_headers", response, diagnostics)
          .compile(listener.response_headers);
  ListenerFilters(settings, builder, diagnostics).add(plan, listener);
  listener.has_early_steps = listener.https_redirect != nullptr ||
                             !listener.request_rules.empty() || listener.early_filters != nullptr;
}

void checkLeftOut(const Settings& settings, config::Diagnostics& diagnostics) {
  std::vector<std::string_view> known;
  for (const auto& [name, each] : settings.filters) known.push_back(name);
  forEachLeftOut(settings, [&](const PlacedText& name, std::string path) {
    if (std::ranges::find(known, name.text) != known.end()) return;
    diagnostics.add({name.location, std::move(path), "there is no filter \"" + name.text + "\"",
                     std::string(config::closestWord(name.text, known))});
  });
}

void warnOfFilters(const Settings& settings, config::Diagnostics& diagnostics) {
  Names of_listeners;
  for (const auto& listener : settings.listeners) of_listeners.merge(namesOf(listener.filters));
  Names used = of_listeners;
  for (const RouteSettings& route : settings.routes) used.merge(namesOf(route.filters));
  for (const auto& [name, filter] : settings.filters) {
    if (used.contains(name)) continue;
    diagnostics.warn(
        {filter.location(), "filter." + name, "is not used by any listener or route", {}});
  }
  forEachLeftOut(settings, [&](const PlacedText& name, std::string path) {
    if (of_listeners.contains(name.text)) return;
    diagnostics.warn({name.location, std::move(path), "is not a filter of any listener", {}});
  });
}

}  // namespace weir::server
