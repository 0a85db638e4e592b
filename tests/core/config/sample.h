#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/config/document.h"
#include "core/config/secret.h"
#include "core/config/settings.h"
#include "core/config/table.h"
#include "core/config/units.h"
#include "core/config/variant.h"

// A configuration with a field of every type, declared like the settings of weir.
namespace weir::config::sample {

enum class Color : std::uint8_t { kRed, kBlue };
inline constexpr std::pair<std::string_view, Color> kColors[] = {{"red", Color::kRed},
                                                                 {"blue", Color::kBlue}};

struct Retry {
  std::uint32_t attempts = 2;
  std::vector<std::string> on;
  std::optional<Milliseconds> pause;

  static void read(Table& table, Retry& out) {
    table.read("attempts", out.attempts, "Tries after the first.", {.min = 1, .max = 10});
    table.read("on", out.on, "What is tried again.");
    table.read("pause", out.pause, "Between two tries.", {.max = std::chrono::minutes(1)});
  }
  friend bool operator==(const Retry&, const Retry&) = default;
};

struct Endpoint {
  static constexpr std::string_view kShortKey = "address";

  Address address;
  std::uint32_t weight = 1;

  static void read(Table& table, Endpoint& out) {
    table.read("address", out.address, "Where it is.", {.required = true});
    table.read("weight", out.weight, "Its share.", {.max = 1000});
  }
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Route {
  std::string name;
  std::optional<std::string> upstream;
  std::optional<std::string> redirect;
  Retry retry;
  std::vector<Selected> filters;

  static void read(Table& table, Route& out) {
    table.read("name", out.name, "Of the route | in metrics.",
               {.min_size = 1, .max_size = 20, .required = true});
    table.read("upstream", out.upstream, "Where to forward.");
    table.read("redirect", out.redirect, "Where to send the client.");
    table.exactlyOneOf({"upstream", "redirect"});
    table.read("retry", out.retry, "What to try again.");
    table.read("filters", out.filters, table.kinds("filter"), "What to do with requests.");
  }
};

struct Upstream {
  Selected discovery;
  Percent budget{20};

  static void read(Table& table, Upstream& out) {
    table.read("discovery", out.discovery, table.kinds("discovery"), "Where the endpoints are.",
               {.required = true});
    table.read("budget", out.budget, "Share of tries that may be repeated.");
  }
};

struct Sample {
  bool quiet = false;
  std::uint16_t port = 80;
  std::int64_t offset = -1;
  double factor = 1.5;
  Color color = Color::kRed;
  std::vector<Color> colors;
  std::optional<Milliseconds> timeout = std::chrono::seconds(5);
  std::optional<std::uint32_t> workers;
  Size limit{65536};
  Rate rate{100};
  Secret token;
  File certificate;
  std::vector<std::pair<std::string, std::string>> headers;
  std::map<std::string, std::uint32_t> ports;
  std::optional<Retry> fallback;
  std::vector<Route> routes;
  std::vector<std::pair<std::string, Upstream>> upstreams;

  static void read(Table& table, Sample& out) {
    table.read("quiet", out.quiet, "Says nothing.");
    table.read("port", out.port, "To listen on.", {.min = 1});
    table.read("offset", out.offset, "May be negative.");
    table.read("factor", out.factor, "Multiplies.", {.min = 0.5, .max = 10});
    table.read("color", out.color, kColors, "Of the bicycle shed.");
    table.read("colors", out.colors, kColors, "Of its doors.", {.max_size = 2});
    table.read("timeout", out.timeout, "Of a request.",
               {.min = Milliseconds(1), .max = std::chrono::hours(1), .none = "off"});
    table.read("workers", out.workers, "Threads.", {.min = 1, .none = "auto"});
    table.read("limit", out.limit, "Of memory.", {.max = Size{1 << 20}});
    table.read("rate", out.rate, "Of requests.", {.min = Rate{1}});
    table.read("token", out.token, "Opens the door.");
    table.read("certificate", out.certificate, "Shown to clients.");
    table.read("headers", out.headers, "Added to each response.");
    table.read("ports", out.ports, "By protocol.");
    table.read("fallback", out.fallback, "When all else fails.");
    table.read("route", out.routes, "What becomes of a request.");
    table.read("upstream", out.upstreams, "Whom we call.", {.min_size = 1});
  }
};

// A filter, declared like an added one.
struct Limit {
  Rate rate{10};
  std::uint32_t burst = 20;

  static void read(Table& table, Limit& out) {
    table.read("rate", out.rate, "Sustained.");
    table.read("burst", out.burst, "At once.");
  }
};

// Families "filter" (limit: a table, tag: a string) and "discovery" (static, dns).
inline Extensions extensions() {
  Extensions extensions;
  extensions.family("filter").add<Limit>("limit", "Refuses what is too much.");
  extensions.family("filter").add<std::string>("tag", "Marks requests.", {.min_size = 1});
  extensions.family("discovery").add<std::vector<Endpoint>>("static", "A list.", {.min_size = 1});
  extensions.family("discovery").add<Address>("dns", "A name to look up.");
  return extensions;
}

// Reads a text named weir.toml; returns the diagnostics, or nothing.
template <typename T>
std::string read(std::string_view text, T& out) {
  Diagnostics diagnostics;
  Document document = Document::parse(text, "weir.toml", diagnostics);
  readSettings(document, extensions(), out, diagnostics);
  return diagnostics.text();
}

// The value of a text without diagnostics.
inline Sample sampleOf(std::string_view text) {
  Sample sample;
  EXPECT_EQ(read(text, sample), "");
  return sample;
}

}  // namespace weir::config::sample
