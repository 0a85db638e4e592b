#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/names.h"
#include "core/route/route_table.h"
#include "core/route/route_table_builder.h"
#include "tests/core/route/fixture.h"

namespace weir::route {

// A route in a test: its name, a host, and "prefix /a", "path /a", "template /{x}" or "regex /a.*".
struct TestRoute {
  std::string name;
  std::string host = "*";
  std::string path = "prefix /";
  std::vector<std::string> methods = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // exact values
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::string> sources = {};
  std::vector<NameId> listeners = {};
};

// A table that outlives the names in its routes' settings.
class TestTable {
 public:
  explicit TestTable(const std::vector<TestRoute>& routes);
  const RouteTable* operator->() const { return &table_; }
  const RouteTable& operator*() const { return table_; }

 private:
  NameTable names_;
  RouteTable table_;
};

inline PathPattern patternOf(const std::string& text) {
  const std::size_t space = text.find(' ');
  const std::string kind = text.substr(0, space);
  const std::string path = text.substr(space + 1);
  std::string why;
  auto pattern = kind == "prefix"     ? PathPattern::prefix(path, why)
                 : kind == "path"     ? PathPattern::exact(path, why)
                 : kind == "template" ? PathPattern::pathTemplate(path, why)
                                      : PathPattern::regex(path, why);
  EXPECT_EQ(why, "");
  return *std::move(pattern);
}

inline Predicates predicatesOf(const TestRoute& route) {
  Predicates predicates;
  const std::vector<std::string> known = {"GET", "HEAD", "POST", "PUT", "DELETE"};
  for (const std::string& method : route.methods) {
    const auto at = std::find(known.begin(), known.end(), method);
    if (at == known.end()) {
      predicates.other_methods.push_back(method);
    } else {
      predicates.methods |= static_cast<std::uint16_t>(1U << (at - known.begin()));
    }
  }
  for (const auto& [name, value] : route.headers) {
    predicates.headers.push_back({name, TextMatch(TextMatch::Kind::kExact, value)});
  }
  for (const auto& [name, value] : route.query) {
    predicates.query.push_back({name, TextMatch(TextMatch::Kind::kExact, value)});
  }
  for (const std::string& source : route.sources) {
    predicates.sources.push_back(IpRange::parse(source).value());
  }
  predicates.listeners = route.listeners;
  return predicates;
}

inline TestTable::TestTable(const std::vector<TestRoute>& routes) {
  RouteTableBuilder builder;
  for (const TestRoute& one : routes) {
    Match match;
    match.hosts.push_back(HostPattern::parse(one.host).value());
    match.path = patternOf(one.path);
    match.predicates = predicatesOf(one);
    Route route;
    route.id = names_.intern(one.name);
    route.name = names_.name(route.id);
    builder.add(std::move(route), std::move(match));
  }
  table_ = std::move(builder).build();
}

inline TestTable tableOf(const std::vector<TestRoute>& routes) { return TestTable(routes); }

// The name of the matching route, or "none".
inline std::string found(const RouteTable& table, const TestRequest& request,
                         const Source& source = {}) {
  Captures captures;
  const Route* route = table.find(request.request, source, captures);
  return route == nullptr ? "none" : std::string(route->name);
}

inline std::string found(const TestTable& table, const TestRequest& request,
                         const Source& source = {}) {
  return found(*table, request, source);
}

inline std::string found(const TestTable& table, std::string_view url) {
  return found(*table, TestRequest(url));
}

}  // namespace weir::route
