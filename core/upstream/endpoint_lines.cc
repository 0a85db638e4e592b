#include "core/upstream/endpoint_lines.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "core/base/number.h"

namespace weir::upstream {
namespace {

constexpr std::string_view kSpace = " \t\r";
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool isPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte != 0x7F && c != '%' && c != '#' && c != '=';
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (isPlain(c)) {
      out += c;
    } else {
      out.append({'%', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]});
    }
  }
  return out;
}

// The name of metadata; one that is also that of a property is encoded.
std::string encodedKey(std::string_view key) {
  std::string text = encoded(key);
  if (key == "weight" || key == "zone" || key == "draining" || key == "priority") {
    const auto byte = static_cast<unsigned char>(key.front());
    text.replace(0, 1, {'%', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]});
  }
  return text;
}

// nullopt if a "%" is not followed by two hexadecimal digits.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    const auto byte = parseNumber<std::uint8_t>(digits, 16);
    if (digits.size() != 2 || !byte) return std::nullopt;
    out += static_cast<char>(*byte);
    i += 2;
  }
  return out;
}

class LineReader {
 public:
  EndpointText read(std::string_view text) {
    while (!text.empty() && found_.mistake.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      readLine(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!found_.mistake.empty()) found_.endpoints.clear();
    return std::move(found_);
  }

 private:
  void readLine(std::string_view line) {
    line_begin_ = line.data();
    line = line.substr(0, line.find('#'));
    std::string_view word = takeWord(line);
    if (word.empty()) return;
    const auto text = decoded(word);
    const auto address = net::Address::parse(text.value_or(""));
    if (!address.ok()) return fail(word, "is not an address such as 10.0.0.1:8080");
    if (!seen_.insert(address.value()).second) return fail(word, "is there twice");
    Endpoint endpoint{.address = address.value(), .zone = {}};
    while (found_.mistake.empty() && !(word = takeWord(line)).empty()) readWord(word, endpoint);
    found_.endpoints.push_back(std::move(endpoint));
  }

  void readWord(std::string_view word, Endpoint& endpoint) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) return fail(word, "is not key=value");
    const auto key = decoded(word.substr(0, equals));
    const auto value = decoded(word.substr(equals + 1));
    if (!key || !value) return fail(word, "has an invalid %-encoding");
    const bool written_so = *key == word.substr(0, equals);
    const std::string_view mistake =
        written_so ? setProperty(*key, *value, endpoint) : addMetadata(*key, *value, endpoint);
    if (!mistake.empty()) fail(word, mistake);
  }

  static std::string_view takeWord(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(kSpace));
    line.remove_prefix(word.size());
    return word;
  }

  void fail(std::string_view word, std::string_view what) {
    const auto column = word.data() - line_begin_ + 1;
    found_.mistake =
        std::to_string(line_) + ":" + std::to_string(column) + ": " + std::string(what);
  }

  EndpointText found_;
  std::set<net::Address> seen_;
  std::size_t line_ = 0;
  const char* line_begin_ = nullptr;
};

}  // namespace

std::string_view setProperty(std::string_view key, std::string_view value, Endpoint& endpoint) {
  if (key == "weight") {
    const auto weight = parseNumber<std::uint32_t>(value);
    if (!weight || *weight > Endpoint::kMostWeight) return "must be a number from 0 to 1000000";
    endpoint.weight = *weight;
  } else if (key == "priority") {
    const auto priority = parseNumber<std::uint32_t>(value);
    if (!priority || *priority > Endpoint::kMostPriority) return "must be a number from 0 to 15";
    endpoint.priority = *priority;
  } else if (key == "zone") {
    endpoint.zone = value;
  } else if (key == "draining") {
    if (value != "true" && value != "false") return "must be true or false";
    endpoint.draining = value == "true";
  } else {
    return addMetadata(key, value, endpoint);
  }
  return {};
}

std::string_view addMetadata(std::string_view key, std::string_view value, Endpoint& endpoint) {
  if (key.empty()) return "has no name";
  const auto at = std::lower_bound(
      endpoint.metadata.begin(), endpoint.metadata.end(), key,
      [](const auto& each, std::string_view wanted) { return each.first < wanted; });
  if (at != endpoint.metadata.end() && at->first == key) return "is there twice";
  endpoint.metadata.emplace(at, key, value);
  return {};
}

EndpointText readEndpointLines(std::string_view text) { return LineReader().read(text); }

std::string endpointLines(const std::vector<Endpoint>& endpoints) {
  std::string text;
  for (const Endpoint& each : endpoints) {
    text += encoded(each.address.text());
    if (each.weight != 1) text += " weight=" + std::to_string(each.weight);
    if (each.priority != 0) text += " priority=" + std::to_string(each.priority);
    if (!each.zone.empty()) text += " zone=" + encoded(each.zone);
    if (each.draining) text += " draining=true";
    for (const auto& [key, value] : each.metadata)
      text += " " + encodedKey(key) + "=" + encoded(value);
    text += '\n';
  }
  return text;
}

}  // namespace weir::upstream
