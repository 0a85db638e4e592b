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
#include "core/regex/captures.h"
#include "core/route/host_table.h"
#include "core/route/path_tree.h"
#include "core/route/predicates.h"
#include "core/route/route.h"

namespace weir::route {

// The result for one route when a request is explained.
struct Considered {
  enum class Outcome : std::uint8_t {
    kTaken,
    kLessSpecific,  // matches as well, but another route precedes it
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
  std::string why;    // one line for the operator
};

std::string_view toString(Considered::Outcome outcome);

// Finds the route of a request. Immutable; all workers read the same table.
//
// The most specific matching host is tried first: exact, then the longest "*.suffix", then "*".
// Within a host, paths are compared from left to right, segment by segment: a literal segment
// precedes a captured one, which precedes a regex, which precedes the open end of a prefix (an
// exact path is literal to its end). Among regexes with the same literal segments the one with the
// longer fixed start is first.
//
// Routes of one host and path are ordered by: having methods, number of header predicates, number
// of query predicates, narrowest source, having listeners, and finally the order of the file. If
// the predicates of a route fail, the next one is tried, down to the last host.
//
// The time does not depend on the number of routes, only on the number of labels and segments in
// patterns. Routes that share one path, or regexes that share their start, are tried in turn.
class RouteTable {
 public:
  RouteTable() = default;  // without routes

  // The route for `request`, whose path must be normal (path.h), or null. Parameters of segments
  // are ignored and not captured. Never allocates on the heap, except inside RE2 when a regex first
  // meets a kind of text.
  const Route* find(const http::Request& request, const Source& source, Captures& captures) const;

  // Every route whose host and path match, in order of precedence, with its result; then up to
  // `others` routes whose host or path does not match. For diagnosis: slow.
  std::vector<Considered> explain(const http::Request& request, const Source& source,
                                  std::size_t others) const;

  std::span<const Route> routes() const { return routes_; }

 private:
  friend class RouteTableBuilder;

  // An entry of a place of the tree; the run of a place ends with the entry marked last.
  struct Rule {
    std::uint32_t route = 0;
    std::uint32_t predicates : 31 = kNoPredicates;
    std::uint32_t last : 1 = 0;
  };
  static constexpr std::uint32_t kNoPredicates = 0x7FFFFFFF;

  // The description of a route, for messages.
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
  HostTable hosts_;            // maps to a root in tree_
  PathTree tree_;              // maps to the first of a run in rules_
  std::vector<Rule> rules_;
  std::vector<Predicates> predicates_;
  std::vector<std::unique_ptr<const Regex>> regexes_;  // referenced by tree_
  std::vector<Shape> shapes_;
};

}  // namespace weir::route
