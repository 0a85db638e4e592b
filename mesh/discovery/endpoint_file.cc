#include "mesh/discovery/endpoint_file.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "core/config/settings.h"
#include "mesh/discovery/endpoint_json.h"
#include "mesh/discovery/static_list.h"

namespace weir::mesh {
namespace {

using jose::Json;
using upstream::EndpointText;

constexpr Json::Limits kFileJson = {
    .bytes = kMostEndpointFile, .depth = 8, .members = 256, .values = 4'000'000};

EndpointText mistaken(std::string mistake) { return {{}, std::move(mistake)}; }

// "3:7" for a byte of the text.
std::string placeOf(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return std::to_string(line) + ":" + std::to_string(before.size() - start + 1);
}

// Finds the beginning of an element of the only array in a text that is known to be JSON.
class ElementFinder {
 public:
  explicit ElementFinder(std::string_view text) : text_(text), at_(text.find('[')) {}

  std::size_t find(std::size_t index) {
    ++at_;
    for (std::size_t element = 0; element < index && at_ < text_.size();) {
      if (depth_ == 0 && text_[at_] == ',') ++element;
      step();
    }
    return std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
  }

 private:
  void step() {
    const char c = text_[at_++];
    if (c == '"') skipString();
    if (c == '[' || c == '{') ++depth_;
    if (c == ']' || c == '}') --depth_;
  }
  void skipString() {
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_;
  int depth_ = 0;
};

EndpointText readJsonList(std::string_view text, Json::Value list) {
  EndpointText found;
  found.endpoints.reserve(list.size());
  std::set<net::Address> seen;
  std::size_t index = 0;
  for (const Json::Value each : list.items()) {
    upstream::Endpoint endpoint;
    std::string mistake = readEndpointJson(each, UnknownMembers::kRefused, endpoint);
    if (mistake.empty() && !seen.insert(endpoint.address).second) mistake = "is there twice";
    if (!mistake.empty()) {
      return mistaken(placeOf(text, ElementFinder(text).find(index)) + ": endpoints[" +
                      std::to_string(index) + "]: " + mistake);
    }
    found.endpoints.push_back(std::move(endpoint));
    ++index;
  }
  return found;
}

EndpointText readJson(std::string_view text) {
  std::size_t at = 0;
  const auto json = Json::parse(text, kFileJson, &at);
  if (!json.ok()) return mistaken(placeOf(text, at) + ": " + std::string(json.error().detail));
  const Json::Value root = json.value().root();
  if (root.isArray()) return readJsonList(text, root);
  const Json::Value list = root.find("endpoints");
  if (!list.isArray() || root.size() != 1) {
    return mistaken("1:1: must be an array, or an object whose only member is the array endpoints");
  }
  return readJsonList(text, list);
}

struct TomlEndpoints {
  StaticListSettings endpoints;

  static void read(config::Table& table, TomlEndpoints& out) {
    table.read("endpoints", out.endpoints, "Endpoints.", {.required = true});
  }
};

EndpointText readToml(std::string_view text) {
  config::Diagnostics diagnostics;
  TomlEndpoints read;
  auto document = config::Document::parse(text, "", diagnostics);
  config::readSettings(document, config::Extensions(), read, diagnostics);
  if (diagnostics.empty()) return {listedEndpoints(read.endpoints), {}};
  const config::Diagnostic first = diagnostics.sorted().front();
  std::string mistake =
      std::to_string(first.location.line) + ":" + std::to_string(first.location.column) + ": ";
  if (!first.path.empty()) mistake += first.path + ": ";
  return mistaken(mistake + first.what);
}

}  // namespace

EndpointFormat endpointFormatOf(std::string_view path) {
  if (path.ends_with(".json")) return EndpointFormat::kJson;
  return path.ends_with(".toml") ? EndpointFormat::kToml : EndpointFormat::kLines;
}

EndpointText readEndpointFile(std::string_view text, EndpointFormat format) {
  if (text.size() > kMostEndpointFile) return mistaken("1:1: is larger than 16 MiB");
  switch (format) {
    case EndpointFormat::kJson:
      return readJson(text);
    case EndpointFormat::kToml:
      return readToml(text);
    default:
      return upstream::readEndpointLines(text);
  }
}

}  // namespace weir::mesh
