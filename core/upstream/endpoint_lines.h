#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/upstream/endpoint.h"

// Endpoints as text, one on a line:
//   10.0.0.1:8080 weight=3 priority=1 zone=a draining=true version=2
// Any other key is metadata, and so is one that is written with "%". White space, "%", "#"
// and "=" within a word are written as "%20" and so on. A
// "#" begins a comment.
namespace weir::upstream {

struct EndpointText {
  std::vector<Endpoint> endpoints;
  std::string mistake;  // "3:7: is not an address": the first one; empty: none
};

// An address that occurs twice is a mistake.
EndpointText readEndpointLines(std::string_view text);
std::string endpointLines(const std::vector<Endpoint>& endpoints);

// Sets one property of an endpoint from its text. A mistake, such as "must be a number from 0 to
// 1000000"; empty: none.
std::string_view setProperty(std::string_view key, std::string_view value, Endpoint& endpoint);
// As above, whatever the key is.
std::string_view addMetadata(std::string_view key, std::string_view value, Endpoint& endpoint);

}  // namespace weir::upstream
