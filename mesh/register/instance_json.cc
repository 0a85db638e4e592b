#include "mesh/register/instance_json.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/config/json_writer.h"
#include "core/jose/json.h"
#include "mesh/discovery/endpoint_json.h"

namespace weir::mesh::registering {
namespace {

using config::quotedJson;

constexpr jose::Json::Limits kEndpointJson = {
    .bytes = 64_KiB, .depth = 8, .members = 128, .values = 1'000};

// The members of an object, one after the other.
class Members {
 public:
  Members& raw(std::string_view name, std::string_view value) {
    text_ += (text_.empty() ? "{" : ",") + quotedJson(name) + ":" + std::string(value);
    return *this;
  }
  Members& text(std::string_view name, std::string_view value) {
    return raw(name, quotedJson(value));
  }
  Members& number(std::string_view name, std::uint64_t value) {
    return raw(name, std::to_string(value));
  }
  std::string object() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

std::string objectOf(const std::vector<std::pair<std::string, std::string>>& texts) {
  Members members;
  for (const auto& [name, value] : texts) members.text(name, value);
  return members.object();
}

std::string arrayOf(const std::vector<std::string>& texts) {
  std::string array = "[";
  for (const std::string& each : texts) {
    array += (array.size() > 1 ? "," : "") + quotedJson(each);
  }
  return array + "]";
}

std::string durationText(Milliseconds time) { return std::to_string(time.count()) + "ms"; }

}  // namespace

std::string endpointJson(const Instance& instance) {
  Members members;
  members.text("address", instance.address.ip().text()).number("port", instance.address.port());
  members.number("weight", instance.weight);
  if (!instance.zone.empty()) members.text("zone", instance.zone);
  if (!instance.metadata.empty()) members.raw("metadata", objectOf(instance.metadata));
  return members.object();
}

std::string addressInEndpointJson(std::string_view json) {
  const auto parsed = jose::Json::parse(json, kEndpointJson);
  if (!parsed.ok()) {
    const auto address = net::Address::parse(json);
    return address.ok() ? address.value().text() : std::string();
  }
  upstream::Endpoint endpoint;
  const bool good =
      readEndpointJson(parsed.value().root(), UnknownMembers::kIgnored, endpoint).empty();
  return good ? endpoint.address.text() : std::string();
}

std::string consulServiceJson(const Instance& instance, const ConsulRegistrySettings& settings) {
  Members weights;
  weights.number("Passing", std::max<std::uint32_t>(instance.weight, 1)).number("Warning", 1);
  Members check;
  check.text("CheckID", "service:" + instance.id).text("Name", "weir");
  check.text("TTL", durationText(settings.ttl)).text("Status", "passing");
  check.text("DeregisterCriticalServiceAfter", durationText(settings.deregister_after));
  auto meta = instance.metadata;
  if (!instance.zone.empty()) meta.emplace_back("zone", instance.zone);
  Members members;
  members.text("ID", instance.id).text("Name", instance.service);
  members.text("Address", instance.address.ip().text()).number("Port", instance.address.port());
  members.raw("Tags", arrayOf(settings.tags)).raw("Meta", objectOf(meta));
  members.raw("Weights", weights.object()).raw("Check", check.object());
  return members.object();
}

}  // namespace weir::mesh::registering
