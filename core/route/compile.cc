#include "core/route/compile.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/lower_case.h"
#include "core/config/suggestion.h"
#include "core/http/syntax.h"
#include "core/route/path_pattern.h"
#include "core/route/retry_words.h"
#include "core/route/route_table_builder.h"
#include "core/route/shadow.h"

namespace weir::route {
namespace {

using NameSet = std::unordered_set<std::string_view>;

// Adds the diagnostics of one route.
class RouteDiagnostics {
 public:
  RouteDiagnostics(std::size_t route, config::Diagnostics& diagnostics)
      : path_("route[" + std::to_string(route) + "]"), diagnostics_(diagnostics) {}

  void add(const config::Location& location, std::string_view key, std::string what,
           std::string_view suggestion = "") {
    diagnostics_.add({location, path(key), std::move(what), std::string(suggestion)});
  }
  HeaderRulesCompiler headerRules(std::string_view key, const TextScope& scope) {
    return {path(key), scope, diagnostics_};
  }

 private:
  std::string path(std::string_view key) const {
    return key.empty() ? path_ : path_ + "." + std::string(key);
  }

  std::string path_;
  config::Diagnostics& diagnostics_;
};

std::optional<PathPattern> patternOf(const MatchSettings& match, std::string& why) {
  if (match.path) return PathPattern::exact(*match.path, why);
  if (match.path_prefix) return PathPattern::prefix(*match.path_prefix, why);
  if (match.path_template) return PathPattern::pathTemplate(*match.path_template, why);
  if (match.path_regex) return PathPattern::regex(*match.path_regex, why);
  return PathPattern();
}

std::optional<TextMatch> textMatchOf(const TextMatchSettings& settings, std::string& why) {
  using Kind = TextMatch::Kind;
  if (settings.regex) {
    auto regex = Regex::compile(*settings.regex, why);
    return regex ? std::optional<TextMatch>(*std::move(regex)) : std::nullopt;
  }
  if (settings.exact) return TextMatch(Kind::kExact, *settings.exact);
  if (settings.prefix) return TextMatch(Kind::kPrefix, *settings.prefix);
  if (settings.suffix) return TextMatch(Kind::kSuffix, *settings.suffix);
  if (settings.contains) return TextMatch(Kind::kContains, *settings.contains);
  return TextMatch(settings.absent ? Kind::kAbsent : Kind::kPresent, "");
}

// Compiles one route.
class RouteCompiler {
 public:
  RouteCompiler(const RouteSettings& settings, const References& references,
                const NameSet& upstreams, RouteDiagnostics& complaints)
      : settings_(settings),
        references_(references),
        upstreams_(upstreams),
        complaints_(complaints) {}

  Match match();
  Route route(const PathPattern& path, std::string_view name);

 private:
  // Records and clears `why` if it is not empty.
  bool complain(const config::Location& location, std::string_view key) {
    if (why_.empty()) return false;
    complaints_.add(location, key, std::exchange(why_, {}));
    return true;
  }
  TextScope requestScope() const { return {&capture_names_, false}; }
  TextScope responseScope() const { return {&capture_names_, true}; }

  Predicates predicates();
  NameId cluster(const PlacedText& upstream, std::string_view key);
  NameId listener(const PlacedText& name);
  Action action();
  Forward forward();
  Forward split();
  std::unique_ptr<const Redirect> redirect();
  std::unique_ptr<const Respond> respond();
  std::unique_ptr<const Rewrite> rewrite();
  PathChange pathChange(const PathChangeSettings& settings, const std::string& key);
  PathChange prefixChange(const PlacedText& prefix, const std::string& key);
  Text host(const std::optional<PlacedText>& text, std::string_view key);
  std::unique_ptr<const RetryPolicy> retry() const;
  std::vector<Mirror> mirrors();
  std::unique_ptr<const Affinity> affinity();
  std::unique_ptr<const HashKey> hashKey(const OptionalBox<std::vector<PlacedText>>& settings,
                                         const std::string& key);

  const RouteSettings& settings_;
  const References& references_;
  const NameSet& upstreams_;
  RouteDiagnostics& complaints_;
  std::vector<std::string> capture_names_;
  std::optional<std::size_t> prefix_bytes_;  // when the route matches a prefix
  std::string why_;
};

Match RouteCompiler::match() {
  Match match;
  match.hosts = settings_.hosts;
  auto path = patternOf(settings_.match, why_);
  if (!complain(settings_.location, "match")) match.path = *std::move(path);
  match.predicates = predicates();
  return match;
}

Predicates RouteCompiler::predicates() {
  const MatchSettings& match = settings_.match;
  Predicates predicates;
  for (const std::string& name : match.methods) {
    const http::Method method = http::methodOf(name);
    if (method == http::Method::kOther) {
      predicates.other_methods.push_back(name);
    } else {
      predicates.methods |= static_cast<std::uint16_t>(1U << static_cast<unsigned>(method));
    }
  }
  predicates.sources = match.source;
  for (const PlacedText& name : match.listeners) predicates.listeners.push_back(listener(name));
  for (const auto& [name, text] : match.headers) {
    if (auto one = textMatchOf(text, why_)) {
      predicates.headers.push_back({lowerCase(name), *std::move(one)});
    }
  }
  for (const auto& [name, text] : match.query) {
    if (auto one = textMatchOf(text, why_)) predicates.query.push_back({name, *std::move(one)});
  }
  complain(settings_.location, "match");
  return predicates;
}

NameId RouteCompiler::cluster(const PlacedText& upstream, std::string_view key) {
  if (!upstreams_.contains(upstream.text)) {
    const std::vector<std::string_view> known(references_.upstreams.begin(),
                                              references_.upstreams.end());
    complaints_.add(upstream.location, key, "unknown upstream \"" + upstream.text + "\"",
                    config::closestWord(upstream.text, known));
  }
  return references_.names.intern(upstream.text);
}

NameId RouteCompiler::listener(const PlacedText& name) {
  const auto& listeners = references_.listeners;
  if (std::find(listeners.begin(), listeners.end(), name.text) == listeners.end()) {
    const std::vector<std::string_view> known(listeners.begin(), listeners.end());
    complaints_.add(name.location, "match.listeners", "unknown listener \"" + name.text + "\"",
                    config::closestWord(name.text, known));
  }
  return references_.names.intern(name.text);
}

Route RouteCompiler::route(const PathPattern& path, std::string_view name) {
  capture_names_ = path.captureNames();
  if (path.kind() == PathPattern::Kind::kPrefix) prefix_bytes_ = path.prefixBytes();
  Route route;
  route.id = references_.names.intern(name);
  route.name = references_.names.name(route.id);
  route.action = action();
  route.timeouts = settings_.timeouts;
  route.path = settings_.path;
  route.affinity = affinity();
  route.retry = retry();
  route.rewrite = rewrite();
  route.request_headers =
      complaints_.headerRules("request_headers", requestScope()).compile(settings_.request_headers);
  route.response_headers = complaints_.headerRules("response_headers", responseScope())
                               .compile(settings_.response_headers);
  route.mirrors = mirrors();
  if (settings_.upgrades) route.upgrades = Upgrades(*settings_.upgrades);
  return route;
}

Action RouteCompiler::action() {
  if (settings_.redirect) return redirect();
  if (settings_.respond) return respond();
  return settings_.upstream ? forward() : split();
}

Forward RouteCompiler::forward() {
  return Forward({{cluster(*settings_.upstream, "upstream"), 1}});
}

Forward RouteCompiler::split() {
  std::vector<Target> targets;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < settings_.split.size(); ++i) {
    const SplitSettings& one = settings_.split[i];
    sum += one.weight;
    targets.push_back({cluster(one.upstream, "split[" + std::to_string(i) + "].upstream"), sum});
  }
  return Forward(std::move(targets));
}

std::vector<Mirror> RouteCompiler::mirrors() {
  std::vector<Mirror> mirrors;
  for (std::size_t i = 0; i < settings_.mirror.size(); ++i) {
    const MirrorSettings& one = settings_.mirror[i];
    mirrors.push_back(
        {cluster(one.upstream, "mirror[" + std::to_string(i) + "].upstream"),
         static_cast<std::uint32_t>(std::lround(one.percent.fraction() * 1'000'000))});
  }
  return mirrors;
}

std::unique_ptr<const Affinity> RouteCompiler::affinity() {
  if (!settings_.hash_on && !settings_.split_on && !settings_.session_persistence) return nullptr;
  auto made = std::make_unique<Affinity>();
  made->hash_on = hashKey(settings_.hash_on, "hash_on");
  made->split_on = hashKey(settings_.split_on, "split_on");
  if (settings_.session_persistence) {
    made->persistence = std::make_unique<const Persistence>(*settings_.session_persistence);
  }
  return made;
}

std::unique_ptr<const HashKey> RouteCompiler::hashKey(
    const OptionalBox<std::vector<PlacedText>>& settings, const std::string& key) {
  if (!settings) return nullptr;
  std::vector<Text> texts;
  for (std::size_t i = 0; i < settings->size(); ++i) {
    const PlacedText& one = (*settings)[i];
    auto text = Text::compile(one.text, requestScope(), why_);
    if (complain(one.location, key + "[" + std::to_string(i) + "]")) continue;
    texts.push_back(*std::move(text));
  }
  return std::make_unique<const HashKey>(std::move(texts));
}

PathChange RouteCompiler::prefixChange(const PlacedText& prefix, const std::string& key) {
  if (!prefix_bytes_) {
    why_ = "only the prefix of match = { path_prefix = ... } can be replaced";
  }
  auto change = PathChange::prefix(prefix.text, prefix_bytes_.value_or(0), why_);
  return complain(prefix.location, key) ? PathChange() : *std::move(change);
}

PathChange RouteCompiler::pathChange(const PathChangeSettings& settings, const std::string& key) {
  if (settings.prefix) return prefixChange(*settings.prefix, key + ".prefix");
  if (settings.path) {
    auto change = PathChange::path(settings.path->text, requestScope(), why_);
    return complain(settings.path->location, key + ".path") ? PathChange() : *std::move(change);
  }
  if (!settings.regex || !settings.with) return {};
  auto change = PathChange::regex(settings.regex->text, *settings.with, why_);
  return complain(settings.regex->location, key + ".regex") ? PathChange() : *std::move(change);
}

Text RouteCompiler::host(const std::optional<PlacedText>& text, std::string_view key) {
  if (!text) return {};
  auto host = compileHost(text->text, requestScope(), why_);
  return complain(text->location, key) ? Text() : *std::move(host);
}

std::unique_ptr<const Redirect> RouteCompiler::redirect() {
  const RedirectSettings& settings = *settings_.redirect;
  RedirectTarget target;
  target.status = settings.status;
  target.scheme = settings.scheme.value_or("");
  target.host = host(settings.host, "redirect.host");
  target.port = settings.port.value_or(0);
  target.path = pathChange(settings.path, "redirect");
  target.keep_query = settings.query == QueryChange::kKeep;
  return std::make_unique<const Redirect>(std::move(target));
}

std::unique_ptr<const Respond> RouteCompiler::respond() {
  const RespondSettings& settings = *settings_.respond;
  Respond respond;
  respond.status = settings.status;
  complaints_.headerRules("respond.headers", requestScope())
      .set(settings.headers, {}, respond.headers);
  auto body = Text::compile(settings.body.text, requestScope(), why_);
  if (!complain(settings.body.location, "respond.body")) respond.body = *std::move(body);
  return std::make_unique<const Respond>(std::move(respond));
}

std::unique_ptr<const Rewrite> RouteCompiler::rewrite() {
  if (!settings_.rewrite) return nullptr;
  return std::make_unique<const Rewrite>(pathChange(settings_.rewrite->path, "rewrite"),
                                         host(settings_.rewrite->host, "rewrite.host"));
}

std::unique_ptr<const RetryPolicy> RouteCompiler::retry() const {
  if (!settings_.retry) return nullptr;
  const RetrySettings& settings = *settings_.retry;
  RetryPolicy policy;
  policy.attempts = settings.attempts;
  for (const std::string& word : settings.on) {
    std::string suggestion;  // unknown words were reported when the settings were read
    addRetryWord(word, policy, suggestion);
  }
  policy.backoff_base = settings.backoff.base;
  policy.backoff_max = std::max(settings.backoff.base, settings.backoff.max);
  policy.max_retry_after = settings.max_retry_after;
  policy.replay_body_bytes = settings.replay_body.bytes;
  policy.non_idempotent = settings.non_idempotent;
  return std::make_unique<const RetryPolicy>(policy);
}

// Gives every route a unique name.
class RouteNames {
 public:
  explicit RouteNames(const std::vector<RouteSettings>& settings) {
    owners_.reserve(settings.size());
    for (const RouteSettings& one : settings) {
      if (one.name) owners_.emplace(*one.name, &one);
    }
  }

  std::string nameOf(const RouteSettings& settings, const PathPattern& path,
                     RouteDiagnostics& complaints) {
    if (!settings.name) return derived(settings, path);
    const RouteSettings* const owner = owners_.at(*settings.name);
    if (owner != &settings) {
      complaints.add(
          settings.location, "name",
          "the name \"" + *settings.name + "\" is already used at " + owner->location.text());
    }
    return *settings.name;
  }

 private:
  // Derived from host and path, so that a route keeps its name when others are added or removed.
  std::string derived(const RouteSettings& settings, const PathPattern& path) {
    std::string stem = settings.hosts.front().toString() + path.name();
    if (stem.size() > kMaxStemBytes) stem.resize(kMaxStemBytes);
    std::string name = stem;
    for (int i = 2; !owners_.emplace(name, &settings).second; ++i) {
      name = stem + "#" + std::to_string(i);
    }
    return name;
  }

  static constexpr std::size_t kMaxStemBytes = 120;

  std::unordered_map<std::string, const RouteSettings*> owners_;
};

}  // namespace

RouteTable compileRoutes(const std::vector<RouteSettings>& settings, const References& references,
                         config::Diagnostics& diagnostics) {
  const NameSet upstreams(references.upstreams.begin(), references.upstreams.end());
  RouteNames names(settings);
  RouteTableBuilder builder(settings.size());
  std::vector<std::size_t> added;  // indexes into `settings`
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (!settings[i].clean) continue;  // its errors have been reported
    added.push_back(i);
    RouteDiagnostics complaints(i, diagnostics);
    RouteCompiler compiler(settings[i], references, upstreams, complaints);
    Match match = compiler.match();
    const std::string name = names.nameOf(settings[i], match.path, complaints);
    Route route = compiler.route(match.path, name);
    if (const auto same = builder.add(std::move(route), std::move(match))) {
      complaints.add(settings[i].location, "match",
                     "never matches: the route at " + settings[added[*same]].location.text() +
                         " matches the same requests");
    }
  }
  warnOfShadowed(settings, diagnostics);
  return std::move(builder).build();
}

}  // namespace weir::route
