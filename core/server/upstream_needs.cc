#include "core/server/upstream_needs.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/suggestion.h"

namespace weir::server {
namespace {

using upstream::ClusterPlan;
using upstream::ClusterPlans;

// The upstreams whose discovery depends on others, with the names of these.
using Graph = std::map<std::string_view, std::set<std::string>>;

std::string keyOf(const ClusterPlan& cluster) {
  return "upstream." + std::string(cluster.name) + ".discovery";
}

void refuseUnknown(const ClusterPlans& clusters, const ClusterPlan& asking, const std::string& name,
                   config::Diagnostics& diagnostics) {
  std::vector<std::string_view> names;
  for (const auto& each : clusters) names.push_back(each->name);
  diagnostics.add({asking.options.discovery_origin.location, keyOf(asking),
                   "there is no upstream \"" + name + "\"",
                   std::string(config::closestWord(name, names))});
}

const ClusterPlan* find(const ClusterPlans& clusters, const std::string& name) {
  const auto found = std::find_if(clusters.begin(), clusters.end(),
                                  [&](const auto& each) { return each->name == name; });
  return found == clusters.end() ? nullptr : found->get();
}

// `asking`: the setting of what uses gRPC.
void requireHttp2(const ClusterPlan& needed, const config::Location& location,
                  const std::string& asking, config::Diagnostics& diagnostics) {
  if (needed.options.speaksHttp2()) return;
  diagnostics.add({location, asking,
                   "uses gRPC, but upstream \"" + std::string(needed.name) + "\" speaks HTTP/1",
                   "protocol = \"http2\""});
}

// The upstreams of the configuration that the discovery of one asks.
std::set<std::string> needsOf(const ClusterPlan& cluster, const ClusterPlans& clusters,
                              config::Diagnostics& diagnostics) {
  std::set<std::string> names;
  for (const http::Target& need : cluster.discovery->needs()) {
    const std::string name = need.upstreamName();
    const ClusterPlan* const needed = find(clusters, name);
    if (needed == nullptr) {
      refuseUnknown(clusters, cluster, name, diagnostics);
      continue;
    }
    if (cluster.discovery->needsHttp2()) {
      requireHttp2(*needed, cluster.options.discovery_origin.location, keyOf(cluster), diagnostics);
    }
    names.insert(name);
  }
  return names;
}

Graph graphOf(const ClusterPlans& clusters, config::Diagnostics& diagnostics) {
  Graph graph;
  for (const auto& cluster : clusters) {
    std::set<std::string> names = needsOf(*cluster, clusters, diagnostics);
    if (!names.empty()) graph.emplace(cluster->name, std::move(names));
  }
  return graph;
}

// Removes the upstreams that can be resolved. Those that remain are part of a cycle or depend on
// one.
void removeResolvable(Graph& graph) {
  const auto resolvable = [&graph](const auto& node) {
    return std::none_of(node.second.begin(), node.second.end(),
                        [&](const std::string& need) { return graph.contains(need); });
  };
  while (true) {
    const auto found = std::find_if(graph.begin(), graph.end(), resolvable);
    if (found == graph.end()) return;
    graph.erase(found);
  }
}

// The names along the cycle to which `from` leads, "a -> b -> a"; empty if a part of it was
// reported before.
std::string cycleFrom(std::string_view from, const Graph& graph,
                      std::set<std::string_view>& reported) {
  std::vector<std::string_view> way;
  std::string_view at = from;
  while (std::find(way.begin(), way.end(), at) == way.end()) {
    if (!reported.insert(at).second) return {};
    way.push_back(at);
    const auto& needs = graph.at(at);
    at = *std::find_if(needs.begin(), needs.end(),
                       [&](const std::string& need) { return graph.contains(need); });
  }
  std::string text;
  for (auto each = std::find(way.begin(), way.end(), at); each != way.end(); ++each) {
    text += std::string(*each) + " -> ";
  }
  return text + std::string(at);
}

}  // namespace

void checkOwnCalls(const std::vector<OwnCall>& calls, const ClusterPlans& clusters,
                   config::Diagnostics& diagnostics) {
  for (const OwnCall& call : calls) {
    const ClusterPlan* const needed =
        call.needs_http2 ? find(clusters, call.target.upstreamName()) : nullptr;
    if (needed == nullptr) continue;
    requireHttp2(*needed, call.origin.location, call.origin.path, diagnostics);
  }
}

void checkUpstreamNeeds(const ClusterPlans& clusters, config::Diagnostics& diagnostics) {
  Graph graph = graphOf(clusters, diagnostics);
  removeResolvable(graph);
  std::set<std::string_view> reported;
  for (const auto& cluster : clusters) {
    if (!graph.contains(cluster->name)) continue;
    const std::string cycle = cycleFrom(cluster->name, graph, reported);
    if (cycle.empty()) continue;
    diagnostics.add({cluster->options.discovery_origin.location,
                     keyOf(*cluster),
                     "depends on itself: " + cycle,
                     {}});
  }
}

}  // namespace weir::server
