#include "core/http/reserved_fields.h"

#include <algorithm>
#include <array>

#include "core/http/field_set.h"

namespace weir::http {
namespace {

constexpr std::string_view kWeirPrefix = "x-weir-";
constexpr std::string_view kFaultPrefix = "x-weir-fault-";
constexpr std::string_view kForwardedPrefix = "x-forwarded-";
constexpr std::array<std::string_view, 8> kClientNames = {
    "x-real-ip",        "x-client-ip",      "x-cluster-client-ip", "true-client-ip",
    "cf-connecting-ip", "fastly-client-ip", "front-end-https",     "x-original-host"};
constexpr std::array<std::string_view, 3> kUnsafeNames = {"proxy", "x-original-url",
                                                          "x-rewrite-url"};

constexpr bool isAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool beginsLike(std::string_view name, std::string_view prefix) {
  return isSameField(name.substr(0, prefix.size()), prefix);
}

bool isProperlySpelled(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c == '-' || isAlphanumeric(c); });
}

}  // namespace

Reserved reservedByName(std::string_view name) {
  if (beginsLike(name, kWeirPrefix)) return Reserved::kWeir;
  if (isSameField(name, headerName(HeaderId::kXForwardedClientCert))) return Reserved::kWeir;
  const auto is_named = [&](std::string_view each) { return isSameField(name, each); };
  if (beginsLike(name, kForwardedPrefix) || std::ranges::any_of(kClientNames, is_named)) {
    return isProperlySpelled(name) ? Reserved::kClient : Reserved::kUnsafe;
  }
  return std::ranges::any_of(kUnsafeNames, is_named) ? Reserved::kUnsafe : Reserved::kNo;
}

bool asksForFault(std::string_view name) {
  return equalsIgnoringCase(name.substr(0, kFaultPrefix.size()), kFaultPrefix);
}

}  // namespace weir::http
