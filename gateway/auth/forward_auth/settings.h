#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/config/table.h"
#include "core/filter/references.h"
#include "core/http/message.h"
#include "core/http/target.h"
#include "gateway/auth/forward_auth/cache_key.h"

namespace weir::gateway::forward_auth {

// The convention in which the service is asked.
enum class Style : std::uint8_t {
  kTraefik,  // a request about the request, as ForwardAuth and auth_request
  kEnvoy,    // the request's own method and path
  kGrpc,     // envoy.service.auth.v3.Authorization
};
// Whether decisions apply, or are only counted.
enum class Mode : std::uint8_t { kEnforce, kShadow };
enum class OnError : std::uint8_t { kDeny, kAllow };

struct CacheSettings {
  std::vector<std::string> key;
  Milliseconds ttl{30'000};
  Milliseconds negative_ttl{5'000};
  std::uint32_t entries = 10'000;

  CacheKey parts;  // of the key, as read

  static void read(config::Table& table, CacheSettings& out);
  bool operator==(const CacheSettings&) const = default;
};

struct Settings {
  http::Target target;
  Style style = Style::kTraefik;
  Mode enforcement = Mode::kEnforce;  // `mode`
  Milliseconds timeout{1'000};
  OnError on_error = OnError::kDeny;
  std::vector<std::string> request_headers{"*"};
  std::vector<std::string> response_headers;
  bool set_cookie = true;
  std::size_t body = 0;
  std::vector<std::pair<std::string, std::string>> context;
  std::optional<CacheSettings> cache;

  // Derived from the above.
  NameId upstream = 0;    // of the target
  std::string authority;  // of the target
  std::string path;       // of the target

  static void read(config::Table& table, Settings& out);
  void check(filter::References& references, config::Diagnostics& diagnostics);
  bool operator==(const Settings&) const = default;

  // Whether the service receives this field of a request.
  bool sends(const http::Header& field) const;
  // Whether the upstream receives this field of an answer.
  bool accepts(std::string_view name) const;
  bool isShadow() const { return enforcement != Mode::kEnforce; }
};

bool isNamed(const auto& names, std::string_view name) {
  for (const auto& each : names) {
    if (http::equalsIgnoringCase(each, name)) return true;
  }
  return false;
}

}  // namespace weir::gateway::forward_auth
