#include "core/server/url_upstreams.h"

#include <unordered_set>

#include "core/config/json_writer.h"
#include "core/config/settings.h"

namespace weir::server {
namespace {

std::string tomlFor(const http::Target& target) {
  const http::Url url = *http::Url::parse(*target.url);
  const config::Address address{.host = url.host, .port = url.port, .unix_path = {}};
  // Neither a host nor a port contains a character that would have to be escaped.
  std::string text = "discovery = { dns = \"" + address.text() + "\" }\n";
  const std::string& ca = target.files.ca;
  if (url.secure)
    text += ca.empty() ? "tls = {}\n" : "tls = { ca = " + config::quotedJson(ca) + " }\n";
  return text;
}

upstream::ClusterOptions optionsFor(const http::Target& target,
                                    const config::Extensions& extensions,
                                    config::Diagnostics& diagnostics) {
  config::Diagnostics found;
  upstream::ClusterOptions options;
  auto document = config::Document::parse(tomlFor(target), "", found);
  config::readSettings(document, extensions, options, found);
  for (const config::Diagnostic& each : found.sorted()) {
    diagnostics.add({target.origin.location,
                     target.origin.path,
                     "cannot make an upstream for the URL: " + each.path + ": " + each.what,
                     {}});
  }
  options.origin = options.discovery_origin = target.origin;
  if (options.tls) options.tls->origin = target.origin;
  return options;
}

}  // namespace

NamedOptions upstreamsForUrls(const std::vector<http::Target>& targets,
                              const NamedOptions& configured, const config::Extensions& extensions,
                              config::Diagnostics& diagnostics) {
  NamedOptions made;
  std::unordered_set<std::string> known;
  for (const http::Target& target : targets) {
    if (!target.url) continue;
    if (known.empty()) {
      for (const auto& [name, options] : configured) known.insert(name);
    }
    std::string name = target.upstreamName();
    if (name.empty() || !known.insert(name).second)
      continue;  // a mistake was reported, or it is there
    made.emplace_back(std::move(name), optionsFor(target, extensions, diagnostics));
  }
  return made;
}

}  // namespace weir::server
