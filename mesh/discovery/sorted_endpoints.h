#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/upstream/endpoint.h"

namespace weir::mesh {

// The result of a source whose order has no meaning: by address, so that it is no change if only
// the order differs. Of endpoints with the same address the first one remains.
inline upstream::SharedEndpoints sortedEndpoints(std::vector<upstream::Endpoint> endpoints) {
  std::stable_sort(endpoints.begin(), endpoints.end(), [](const auto& left, const auto& right) {
    return left.address < right.address;
  });
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end(),
                              [](const auto& left, const auto& right) {
                                return left.address == right.address;
                              }),
                  endpoints.end());
  return std::make_shared<const upstream::EndpointSet>(upstream::EndpointSet{std::move(endpoints)});
}

}  // namespace weir::mesh
