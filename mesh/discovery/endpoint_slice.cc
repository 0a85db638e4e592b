#include "mesh/discovery/endpoint_slice.h"

#include <algorithm>
#include <utility>

#include "core/base/number.h"
#include "core/base/plain_text.h"
#include "core/jose/json.h"
#include "core/upstream/endpoint_lines.h"

namespace weir::mesh::kubernetes {
namespace {

using jose::Json;

constexpr Json::Limits kListJson = {
    .bytes = kMostList, .depth = 64, .members = 4'096, .values = 4'000'000};
constexpr Json::Limits kEventJson = {
    .bytes = kMostEvent, .depth = 64, .members = 4'096, .values = 1'000'000};
constexpr std::size_t kMostMessage = 200;
constexpr std::string_view kInitialEnd = "k8s.io/initial-events-end";

std::string_view textOf(Json::Value object, std::string_view name) {
  const Json::Value value = object.find(name);
  return value.isString() ? value.text() : std::string_view();
}

// A condition that is missing or null has its default.
bool conditionOf(Json::Value endpoint, std::string_view name, bool otherwise) {
  const Json::Value value = endpoint.find("conditions").find(name);
  return value.is(Json::Kind::kBool) ? value.isTrue() : otherwise;
}

void readPort(Json::Value port, EndpointSlice& out) {
  const std::string_view protocol = textOf(port, "protocol");
  const Json::Value number = port.find("port");
  if (!protocol.empty() && protocol != "TCP") return;
  if (!number.isNumber() || !number.isInteger()) return;
  if (number.integer() < 1 || number.integer() > 65535) return;
  out.ports.push_back({std::string(textOf(port, "name")),
                       static_cast<std::uint16_t>(number.integer()),
                       std::string(textOf(port, "appProtocol"))});
}

void readEndpoint(Json::Value endpoint, EndpointSlice& out) {
  const bool ready = conditionOf(endpoint, "ready", true);
  const bool serving = conditionOf(endpoint, "serving", true);
  const bool terminating = conditionOf(endpoint, "terminating", false);
  if (!ready && !(serving && terminating)) return;
  for (const Json::Value address : endpoint.find("addresses").items()) {
    if (!address.isString()) continue;
    const auto ip = IpAddress::parse(address.text());
    if (!ip.ok()) continue;
    out.endpoints.push_back({ip.value(), !ready, std::string(textOf(endpoint, "zone")),
                             std::string(textOf(endpoint, "nodeName")),
                             std::string(textOf(endpoint.find("targetRef"), "name"))});
    return;  // all addresses of an endpoint are the same one (discovery/v1)
  }
}

EndpointSlice readSlice(Json::Value object) {
  EndpointSlice slice;
  slice.name = textOf(object.find("metadata"), "name");
  for (const Json::Value port : object.find("ports").items()) readPort(port, slice);
  if (textOf(object, "addressType") == "FQDN") return slice;
  for (const Json::Value each : object.find("endpoints").items()) readEndpoint(each, slice);
  return slice;
}

std::string versionOf(Json::Value object) {
  return std::string(textOf(object.find("metadata"), "resourceVersion"));
}

void readError(Json::Value status, SliceEvent& out) {
  const Json::Value code = status.find("code");
  const bool given = code.isNumber() && code.isInteger();
  out.code = given ? static_cast<int>(std::clamp<std::int64_t>(code.integer(), 0, 999)) : 0;
  out.message = printable(textOf(status, "message"), kMostMessage);
}

bool readKind(std::string_view type, SliceEvent& out) {
  using Kind = SliceEvent::Kind;
  if (type == "ADDED" || type == "MODIFIED") {
    out.kind = Kind::kChanged;
  } else if (type == "DELETED") {
    out.kind = Kind::kDeleted;
  } else if (type == "BOOKMARK") {
    out.kind = Kind::kBookmark;
  } else if (type == "ERROR") {
    out.kind = Kind::kError;
  } else {
    return false;
  }
  return true;
}

void readEventObject(Json::Value object, SliceEvent& out) {
  using Kind = SliceEvent::Kind;
  if (out.kind == Kind::kError) return readError(object, out);
  out.resource_version = versionOf(object);
  if (out.kind == Kind::kBookmark) {
    out.initial_end = textOf(object.find("metadata").find("annotations"), kInitialEnd) == "true";
    return;
  }
  out.slice = readSlice(object);
  if (out.slice.name.empty()) out.mistake = "the event has no name";
}

// The port of a slice; null: it has no such port.
const SlicePort* portOf(const EndpointSlice& slice, std::string_view wanted) {
  if (wanted.empty()) return slice.ports.size() == 1 ? &slice.ports.front() : nullptr;
  const auto number = parseNumber<std::uint16_t>(wanted);
  const auto found = std::find_if(
      slice.ports.begin(), slice.ports.end(),
      [&](const SlicePort& port) { return number ? port.number == *number : port.name == wanted; });
  return found == slice.ports.end() ? nullptr : &*found;
}

// An endpoint at the port of its slice.
upstream::Endpoint endpointOf(const SliceEndpoint& from, const SlicePort& port) {
  upstream::Endpoint endpoint;
  endpoint.address = {from.ip, port.number};
  endpoint.zone = from.zone;
  endpoint.draining = from.draining;
  const std::pair<std::string_view, std::string_view> properties[] = {
      {"app_protocol", port.app_protocol}, {"node", from.node}, {"pod", from.pod}};
  for (const auto& [name, value] : properties) {
    if (!value.empty()) upstream::addMetadata(name, value, endpoint);
  }
  return endpoint;
}

using Chosen = std::map<net::Address, upstream::Endpoint>;

void addEndpoints(const EndpointSlice& slice, const SlicePort& port, bool ipv4, Chosen& chosen) {
  for (const SliceEndpoint& each : slice.endpoints) {
    if (each.ip.isV4() != ipv4) continue;
    upstream::Endpoint endpoint = endpointOf(each, port);
    const auto [place, added] = chosen.try_emplace(endpoint.address, endpoint);
    if (!added && place->second.draining) place->second = std::move(endpoint);
  }
}

bool hasIpv4(const EndpointSlices& slices) {
  return std::any_of(slices.begin(), slices.end(), [](const auto& each) {
    const auto& endpoints = each.second.endpoints;
    return std::any_of(endpoints.begin(), endpoints.end(),
                       [](const SliceEndpoint& endpoint) { return endpoint.ip.isV4(); });
  });
}

std::string mistakeOfPort(std::string_view port) {
  if (port.empty()) return "the service has several ports: set port";
  return "the service has no port \"" + printable(port, kMostMessage) + "\"";
}

}  // namespace

SliceList readSliceList(std::string_view text) {
  SliceList list;
  const auto json = Json::parse(text, kListJson);
  if (!json.ok()) {
    list.mistake = "the answer " + std::string(json.error().detail);
    return list;
  }
  const Json::Value root = json.value().root();
  list.resource_version = versionOf(root);
  list.next = textOf(root.find("metadata"), "continue");
  if (list.resource_version.empty()) list.mistake = "the answer has no resourceVersion";
  for (const Json::Value item : root.find("items").items()) {
    EndpointSlice slice = readSlice(item);
    if (!slice.name.empty()) list.slices.push_back(std::move(slice));
  }
  return list;
}

SliceEvent readSliceEvent(std::string_view text) {
  SliceEvent event;
  const auto json = Json::parse(text, kEventJson);
  if (!json.ok()) {
    event.mistake = "the event " + std::string(json.error().detail);
    return event;
  }
  const Json::Value root = json.value().root();
  if (readKind(textOf(root, "type"), event)) {
    readEventObject(root.find("object"), event);
  } else {
    event.mistake = "the event has an unknown type";
  }
  return event;
}

std::string readStatusMessage(std::string_view text) {
  const auto json = Json::parse(text, kEventJson);
  return json.ok() ? printable(textOf(json.value().root(), "message"), kMostMessage)
                   : std::string();
}

ChosenEndpoints chooseEndpoints(const EndpointSlices& slices, std::string_view port,
                                SliceFamily family) {
  const bool ipv4 = family == SliceFamily::kAuto ? hasIpv4(slices) : family == SliceFamily::kIpv4;
  Chosen chosen;
  std::size_t without_port = 0;
  for (const auto& [name, slice] : slices) {
    const SlicePort* const at = portOf(slice, port);
    if (at != nullptr) {
      addEndpoints(slice, *at, ipv4, chosen);
    } else {
      without_port += slice.endpoints.size();
    }
  }
  ChosenEndpoints result;
  if (chosen.empty() && without_port > 0) result.mistake = mistakeOfPort(port);
  for (auto& [address, endpoint] : chosen) result.endpoints.push_back(std::move(endpoint));
  return result;
}

}  // namespace weir::mesh::kubernetes
