#include "mesh/discovery/endpoint_json.h"

#include <algorithm>

#include "core/upstream/endpoint_lines.h"

namespace weir::mesh {
namespace {

using jose::Json;

constexpr std::size_t kMostMetadata = 64;

class EndpointJsonReader {
 public:
  EndpointJsonReader(UnknownMembers unknown, upstream::Endpoint& out)
      : unknown_(unknown), out_(out) {}

  std::string read(Json::Value value) {
    if (value.isString()) {
      setAddress(value.text());
      return std::move(mistake_);
    }
    if (!value.isObject()) return "must be an object, or an address such as \"10.0.0.1:8080\"";
    readAddress(value);
    for (const Json::Value member : value.items()) {
      if (!mistake_.empty()) break;
      readMember(member);
    }
    return std::move(mistake_);
  }

 private:
  void readAddress(Json::Value value) {
    Json::Value address = value.find("address");
    if (!address) address = value.find("Addr");
    if (!address.isString()) return fail("address", "is missing, or not a string");
    const Json::Value port = value.find("port");
    if (!port) return setAddress(address.text());
    const auto ip = IpAddress::parse(address.text());
    if (!ip.ok()) return fail("address", "must be an IP address if there is a port");
    if (!port.isNumber() || !port.isInteger() || port.integer() < 1 || port.integer() > 65535) {
      return fail("port", "must be a number from 1 to 65535");
    }
    out_.address = {ip.value(), static_cast<std::uint16_t>(port.integer())};
  }

  void setAddress(std::string_view text) {
    const auto address = net::Address::parse(text);
    if (!address.ok()) return fail("address", "must be an IP address with a port");
    out_.address = address.value();
  }

  void readMember(Json::Value member) {
    const std::string_view name = member.name();
    if (name == "address" || name == "Addr" || name == "port") return;
    if (name == "metadata") return readMetadata(member);
    if (name == "weight" || name == "priority")
      return setIf(member.isNumber(), member, member.text());
    if (name == "draining") return readDraining(member);
    if (name == "zone" || name == "identity" || name == "version") {
      return setIf(member.isString(), member, member.text());
    }
    if (unknown_ == UnknownMembers::kRefused) fail(name, "is not known");
  }

  void readDraining(Json::Value member) {
    if (!member.is(Json::Kind::kBool)) return fail(member.name(), "must be true or false");
    out_.draining = member.isTrue();
  }

  void setIf(bool fits, Json::Value member, std::string_view text) {
    const std::string_view mistake =
        fits ? upstream::setProperty(member.name(), text, out_) : "has the wrong type";
    if (!mistake.empty()) fail(member.name(), mistake);
  }

  void readMetadata(Json::Value metadata) {
    if (unknown_ == UnknownMembers::kIgnored && !metadata.isObject()) return;
    if (!metadata.isObject()) return fail("metadata", "must be an object of strings");
    if (metadata.size() > kMostMetadata) return fail("metadata", "has more than 64 members");
    for (const Json::Value each : metadata.items()) {
      if (!each.isString()) {
        if (unknown_ == UnknownMembers::kIgnored) continue;
        return fail("metadata", "must be an object of strings");
      }
      addMetadata(each.name(), each.text());
    }
  }

  void addMetadata(std::string_view name, std::string_view value) {
    if (name.empty() && unknown_ == UnknownMembers::kIgnored) return;
    const std::string_view mistake = upstream::addMetadata(name, value, out_);
    if (!mistake.empty()) fail("metadata", mistake);
  }

  void fail(std::string_view member, std::string_view what) {
    if (mistake_.empty()) mistake_ = std::string(member) + " " + std::string(what);
  }

  const UnknownMembers unknown_;
  upstream::Endpoint& out_;
  std::string mistake_;
};

}  // namespace

std::string readEndpointJson(Json::Value value, UnknownMembers unknown, upstream::Endpoint& out) {
  return EndpointJsonReader(unknown, out).read(value);
}

}  // namespace weir::mesh
