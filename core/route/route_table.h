#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/http/message.h"
#include "core/route/captures.h"
#include "core/route/host_table.h"
#include "core/route/path_tree.h"
#include "core/route/predicates.h"
#include "core/route/route.h"

namespace weir::route {

// What became of one route when a request was explained.
struct Considered {
  enum class Outcome : std::uint8_t {
    kTaken,
    kLessSpecific,  // matches as well, but another comes first
    kListener,
    kSource,
    kMethod,
    kHeader,
    kQuery,
    kPath,
    kHost,
  };
  const Route* route = nullptr;
  Outcome outcome = Outcome::kPath;
  std::string match;  // its hosts and path: "*.example.com prefix /users"
  std::string why;    // one line for people
};

std::string_view toString(Considered::Outcome outcome);

// Finds the route of a request. Immutable; every worker reads the same table.
//
// The most specific host that matches comes first: exact, then the longest "*.suffix", then "*". In
// a host, paths are read from left to right, segment by segment: a literal segment beats a captured
// one, that beats a regex, and that beats the open end of a prefix (an exact path is literal to its
// end). Of regexes with the same literal segments the one with the longer fixed start comes first.
//
// Routes of one host and path: first those with methods, then by the number of header predicates,
// of query predicates, by the narrowest source, those for a listener, and at last by the order of
// the file. A route whose predicates fail is passed over for the next one, down to the last host.
//
// The time does not depend on the number of routes, only on how many labels and segments patterns
// go deep. Routes that share one path, or regexes that share their start, are tried in turn.
class RouteTable {
 public:
  RouteTable() = default;  // without routes

  // The route for `request`, whose path must be normal (path.h), or null. Parameters of segments
  // are ignored, and captures are without them. Never allocates on the heap, save inside RE2 when a
  // regex meets a kind of text for the first time.
  const Route* find(const http::Request& request, const Source& source, Captures& captures) const;

  // Every route whose host and path match, in the order of precedence, with what became of it; then
  // up to `others` of those whose host or path do not match. For people: slow.
  std::vector<Considered> explain(const http::Request& request, const Source& source,
                                  std::size_t others) const;

  std::span<const Route> routes() const { return routes_; }

 private:
  friend class RouteTableBuilder;

  // Waits at a place of the tree; the run of a place ends with the one marked last.
  struct Rule {
    std::uint32_t route = 0;
    std::uint32_t predicates : 31 = kNoPredicates;
    std::uint32_t last : 1 = 0;
  };
  static constexpr std::uint32_t kNoPredicates = 0x7FFFFFFF;

  // Of each route, for people.
  struct Shape {
    std::vector<HostPattern> hosts;
    std::string path;
  };

  template <typename Visit>
  bool visitRules(std::string_view host, std::string_view path, Captures& captures,
                  Visit&& visit) const;
  Considered consider(const Rule& rule, const http::Request& request, const Source& source) const;
  std::string describe(std::uint32_t route) const;

  std::vector<Route> routes_;  // in the order of the file
  HostTable hosts_;            // to the root in tree_
  PathTree tree_;              // to the first of a run in rules_
  std::vector<Rule> rules_;
  std::vector<Predicates> predicates_;
  std::vector<std::unique_ptr<const Regex>> regexes_;  // what tree_ refers to
  std::vector<Shape> shapes_;
};

}  // namespace weir::route
