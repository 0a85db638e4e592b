#pragma once

#include <string>

#include "mesh/register/registry_client.h"

namespace weir::mesh::registering {

// As in an endpoint file: {"address":"10.0.0.1","port":8080,"weight":1,...}.
std::string endpointJson(const Instance& instance);
// The address in the value of another instance's key, or of an earlier one of ours; empty: none.
std::string addressInEndpointJson(std::string_view json);
// The body of /v1/agent/service/register.
std::string consulServiceJson(const Instance& instance, const ConsulRegistrySettings& settings);

}  // namespace weir::mesh::registering
