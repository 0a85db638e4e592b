#include "mesh/discovery/consul_answer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/jose/json.h"
#include "core/upstream/endpoint_lines.h"

namespace weir::mesh::consul {
namespace {

using jose::Json;
using upstream::Endpoint;

constexpr Json::Limits kAnswerJson = {
    .bytes = kMostAnswer, .depth = 16, .members = 1'024, .values = 4'000'000};

enum class ServiceHealth : std::uint8_t { kPassing, kWarning, kCritical };

// Of an instance: that of its worst check.
ServiceHealth healthOf(Json::Value checks) {
  ServiceHealth worst = ServiceHealth::kPassing;
  for (const Json::Value check : checks.items()) {
    const Json::Value status = check.find("Status");
    if (!status.isString() || status.text() == "passing") continue;
    if (status.text() != "warning") return ServiceHealth::kCritical;
    worst = ServiceHealth::kWarning;
  }
  return worst;
}

std::string_view textOf(Json::Value object, std::string_view name) {
  const Json::Value value = object.find(name);
  return value.isString() ? value.text() : std::string_view();
}

std::optional<net::Address> addressOf(Json::Value service, Json::Value node) {
  std::string_view host = textOf(service, "Address");
  if (host.empty()) host = textOf(node, "Address");
  const auto ip = IpAddress::parse(host);
  const Json::Value port = service.find("Port");
  if (!ip.ok() || !port.isNumber() || !port.isInteger()) return std::nullopt;
  if (port.integer() < 1 || port.integer() > 65535) return std::nullopt;
  return net::Address(ip.value(), static_cast<std::uint16_t>(port.integer()));
}

void setWeight(Json::Value service, ServiceHealth health, Endpoint& out) {
  const Json::Value weight =
      service.at(health == ServiceHealth::kWarning ? "/Weights/Warning" : "/Weights/Passing");
  if (!weight.isNumber() || !weight.isInteger() || weight.integer() < 0) return;
  out.weight =
      static_cast<std::uint32_t>(std::min<std::int64_t>(weight.integer(), Endpoint::kMostWeight));
}

void setZone(Json::Value service, Json::Value node, Endpoint& out) {
  for (const std::string_view zone :
       {textOf(service.find("Locality"), "Zone"), textOf(node.find("Locality"), "Zone"),
        textOf(service.find("Meta"), "zone"), textOf(node, "Datacenter")}) {
    if (zone.empty()) continue;
    out.zone = zone;
    return;
  }
}

void setMetadata(Json::Value service, Endpoint& out) {
  for (const Json::Value each : service.find("Meta").items()) {
    // Names are unique in JSON; one that is empty is left out.
    if (each.isString()) upstream::addMetadata(each.name(), each.text(), out);
  }
}

void readInstance(Json::Value instance, Answer& out) {
  const Json::Value service = instance.find("Service");
  const Json::Value node = instance.find("Node");
  const ServiceHealth health = healthOf(instance.find("Checks"));
  if (health == ServiceHealth::kCritical) return;
  const auto address = addressOf(service, node);
  if (!address) {
    ++out.skipped;
    return;
  }
  Endpoint endpoint{.address = *address, .zone = {}};
  setWeight(service, health, endpoint);
  setZone(service, node, endpoint);
  setMetadata(service, endpoint);
  out.endpoints.push_back(std::move(endpoint));
}

}  // namespace

Answer readServiceHealth(std::string_view text) {
  Answer answer;
  const auto json = Json::parse(text, kAnswerJson);
  if (!json.ok()) {
    answer.mistake = "the answer " + std::string(json.error().detail);
    return answer;
  }
  const Json::Value root = json.value().root();
  if (!root.isArray()) {
    answer.mistake = "the answer is not an array";
    return answer;
  }
  for (const Json::Value instance : root.items()) readInstance(instance, answer);
  return answer;
}

}  // namespace weir::mesh::consul
