#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ip_range.h"
#include "core/config/table.h"
#include "core/config/units.h"
#include "core/config/variant.h"
#include "core/filter/filter_setting.h"
#include "core/route/header_rules_settings.h"
#include "core/route/host_pattern.h"
#include "core/route/optional_box.h"
#include "core/route/persistence.h"
#include "core/route/placed_text.h"
#include "core/route/route_options.h"

// The [[route]] tables of the configuration as written. Errors within a table are reported with
// their location when it is read, invalid references when routes are compiled (compile.h).
namespace weir::route {

// The condition on a header or query parameter: "exact", or { prefix = "..." } and so on.
struct TextMatchSettings {
  static constexpr std::string_view kShortKey = "exact";

  std::optional<std::string> exact;
  std::optional<std::string> prefix;
  std::optional<std::string> suffix;
  std::optional<std::string> contains;
  std::optional<std::string> regex;
  bool present = false;
  bool absent = false;

  static void read(config::Table& table, TextMatchSettings& out);
};

struct MatchSettings {
  std::optional<std::string> path;
  std::optional<std::string> path_prefix;
  std::optional<std::string> path_template;
  std::optional<std::string> path_regex;
  std::vector<std::string> methods;
  std::vector<std::pair<std::string, TextMatchSettings>> headers;
  std::vector<std::pair<std::string, TextMatchSettings>> query;
  std::vector<IpRange> source;
  std::vector<PlacedText> listeners;

  static void read(config::Table& table, MatchSettings& out);
};

struct SplitSettings {
  PlacedText upstream;
  std::uint32_t weight = 1;

  static void read(config::Table& table, SplitSettings& out);
};

struct MirrorSettings {
  static constexpr std::string_view kShortKey = "upstream";

  PlacedText upstream;
  config::Percent percent{100};

  static void read(config::Table& table, MirrorSettings& out);
};

struct PathChangeSettings {
  std::optional<PlacedText> path;
  std::optional<PlacedText> prefix;
  std::optional<PlacedText> regex;
  std::optional<std::string> with;

  // The keys of a rewrite or redirect.
  static void readKeys(config::Table& table, PathChangeSettings& out);
};

struct RewriteSettings {
  PathChangeSettings path;
  std::optional<PlacedText> host;

  static void read(config::Table& table, RewriteSettings& out);
};

enum class QueryChange : std::uint8_t { kKeep, kStrip };

struct RedirectSettings {
  int status = 301;
  std::optional<std::string> scheme;
  std::optional<PlacedText> host;
  std::optional<std::uint16_t> port;
  PathChangeSettings path;
  QueryChange query = QueryChange::kKeep;

  static void read(config::Table& table, RedirectSettings& out);
};

struct RespondSettings {
  int status = 200;
  NamedTexts headers;
  PlacedText body;

  static void read(config::Table& table, RespondSettings& out);
};

struct BackoffSettings {
  Milliseconds base{25};
  Milliseconds max{250};

  static void read(config::Table& table, BackoffSettings& out);
};

struct RetrySettings {
  std::uint32_t attempts = 1;
  std::vector<std::string> on = {"connect-failure", "refused-stream"};
  BackoffSettings backoff;
  Milliseconds max_retry_after{5'000};
  config::Size replay_body{64 * 1024};
  bool non_idempotent = false;

  static void read(config::Table& table, RetrySettings& out);
};

// Reads the key "upgrades": protocols that clients may switch to.
void readUpgrades(config::Table& table, OptionalBox<std::vector<std::string>>& out,
                  std::string_view meaning);

struct RouteSettings {
  std::optional<std::string> name;
  std::vector<HostPattern> hosts = {HostPattern{}};
  MatchSettings match;

  std::optional<PlacedText> upstream;
  std::vector<SplitSettings> split;
  OptionalBox<RedirectSettings> redirect;
  OptionalBox<RespondSettings> respond;

  std::vector<MirrorSettings> mirror;
  OptionalBox<RewriteSettings> rewrite;
  PathPolicy path;
  HeaderRulesSettings request_headers;
  HeaderRulesSettings response_headers;
  OptionalBox<std::vector<PlacedText>> hash_on;
  OptionalBox<std::vector<PlacedText>> split_on;
  OptionalBox<PersistenceSettings> session_persistence;
  Timeouts timeouts;
  OptionalBox<RetrySettings> retry;
  OptionalBox<std::vector<std::string>> upgrades;
  std::vector<filter::FilterSetting> filters;
  std::vector<PlacedText> without_filters;

  config::Location location;  // of the table
  bool clean = true;          // no error was found in it

  // Every upstream to which requests, or copies of them, may be sent.
  std::vector<const PlacedText*> upstreams() const;
  static void read(config::Table& table, RouteSettings& out);
};

}  // namespace weir::route

namespace weir::config {

// Reads like an optional T.
template <typename T>
struct LeafOf<route::OptionalBox<T>> : LeafOf<T> {};

template <typename T>
struct Codec<route::OptionalBox<T>> {
  using Optional = std::optional<T>;
  using TypeRules = Rules<Leaf<T>>;

  static bool read(const Entry& entry, route::OptionalBox<T>& out, const TypeRules& rules) {
    Optional value;
    const bool good = Codec<Optional>::read(entry, value, rules);
    if (value) out = route::OptionalBox<T>(*std::move(value));
    return good;
  }
  static Type type(const route::OptionalBox<T>& now, const TypeRules& rules, const Scope& scope) {
    return Codec<Optional>::type(now.optional(), rules, scope);
  }
  static Value show(const route::OptionalBox<T>& now, const TypeRules& rules, const Scope& scope) {
    return Codec<Optional>::show(now.optional(), rules, scope);
  }
};

template <>
struct Codec<route::PlacedText> {
  static bool read(const Entry& entry, route::PlacedText& out,
                   const Rules<route::PlacedText>& rules);
  static Type type(const route::PlacedText& now, const Rules<route::PlacedText>& rules,
                   const Scope& scope);
  static Value show(const route::PlacedText& now, const Rules<route::PlacedText>& rules,
                    const Scope& scope);
};

template <>
struct TextForm<route::HostPattern> {
  static constexpr std::string_view kName = "host";
  static constexpr std::string_view kExpected =
      "a host such as \"example.com\", \"*.example.com\" or \"*\", without a port";
  static constexpr std::string_view kPattern =
      R"(^(\*|(\*\.)?[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?)$)";

  static std::optional<route::HostPattern> parse(std::string_view text) {
    return route::HostPattern::parse(text);
  }
  static std::string text(const route::HostPattern& value) { return value.toString(); }
};

template <>
struct TextForm<IpRange> {
  static constexpr std::string_view kName = "address range";
  static constexpr std::string_view kExpected =
      "an address or range such as \"10.0.0.0/8\", with zeros after the prefix";
  static constexpr std::string_view kPattern = "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$";

  static std::optional<IpRange> parse(std::string_view text) { return IpRange::parse(text); }
  static std::string text(const IpRange& value) { return value.toString(); }
};

}  // namespace weir::config
