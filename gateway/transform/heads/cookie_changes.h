#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/table.h"
#include "core/http/headers.h"
#include "gateway/transform/heads/value.h"

namespace weir::gateway {

// Changes to the cookies of a request.
struct CookieChanges {
  std::vector<std::string> remove;
  NamedValues set;

  bool operator==(const CookieChanges&) const = default;
  static void read(config::Table& table, CookieChanges& out);
  bool empty() const { return remove.empty() && set.empty(); }
  void apply(http::Headers& headers, const HeadFacts& facts) const;

 private:
  bool drops(std::string_view name) const;
  std::span<const std::string_view> values(const HeadFacts& facts) const;
};

// Attributes of the cookies that a response sets (RFC 6265bis).
struct CookieAttributes {
  enum class SameSite : std::uint8_t { kStrict, kLax, kNone };

  std::vector<std::string> names;
  std::optional<bool> secure;
  std::optional<bool> http_only;
  std::optional<SameSite> same_site;
  std::optional<std::string> path;
  std::optional<std::string> domain;

  bool operator==(const CookieAttributes&) const = default;
  static void read(config::Table& table, CookieAttributes& out);
  void apply(http::Headers& headers) const;

 private:
  bool concerns(std::string_view cookie) const;
  bool replaces(std::string_view attribute) const;
  std::string_view rewrite(std::string_view cookie, Arena& arena) const;
};

}  // namespace weir::gateway
