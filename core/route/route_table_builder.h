#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/route/host_table.h"
#include "core/route/path_pattern.h"
#include "core/route/predicates.h"
#include "core/route/route.h"
#include "core/route/route_table.h"

namespace weir::route {

// The conditions under which a route matches.
struct Match {
  std::vector<HostPattern> hosts;
  PathPattern path;
  Predicates predicates;
};

// Builds a route table. On the control thread.
class RouteTableBuilder {
 public:
  explicit RouteTableBuilder(std::size_t routes = 0);  // the approximate number of routes

  // In the order of the file. Returns the index of an earlier route with the same match, because of
  // which this one would never be found.
  std::optional<std::uint32_t> add(Route route, Match match);
  RouteTable build() &&;

 private:
  using RouteIndex = std::uint32_t;

  std::uint32_t rootOf(const HostPattern& host);
  void place(std::uint32_t root, const PathPattern& path, const Regex* regex, RouteIndex route);
  void wait(PathTree::Place& place, RouteIndex route);
  bool comesFirst(RouteIndex left, RouteIndex right) const;
  void moveToTable(PathTree::Place& place);
  void finishRegexes(PathTree::RegexGroup& group);
  const Regex* anyOf(const PathTree::RegexGroup& group);
  void numberPredicates();
  void movePredicates();

  RouteTable table_;
  std::vector<Predicates> predicates_;                // of each route
  std::vector<std::uint32_t> kept_;                   // of each route, the index of its predicates
  std::vector<std::vector<RouteIndex>> waiting_;      // of each place, while the tree grows
  std::unordered_map<std::string, RouteIndex> seen_;  // by host, path and predicates
  std::unordered_map<std::string, const Regex*> any_of_;
};

}  // namespace weir::route
