#include "core/dns/resolv_conf.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "core/net/address.h"

namespace weir::dns {
namespace {

constexpr std::size_t kMaxNameBytes = 253;  // without a final dot (RFC 1035, 2.3.4)
constexpr std::size_t kMaxServers = 16;
constexpr unsigned kMaxNdots = 15;            // as in glibc
constexpr std::size_t kMaxFileBytes = 65536;  // of resolv.conf

std::string_view trimDot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

std::vector<std::string> wordsOf(std::string_view line) {
  std::istringstream stream{std::string(line.substr(0, line.find_first_of("#;")))};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

void readServer(const std::string& server, ResolvConf& conf) {
  const bool plain = IpAddress::parse(server).ok();
  const bool with_port = net::Address::parse(server).ok() && !server.starts_with("unix:");
  if ((plain || with_port) && conf.servers.size() < kMaxServers) conf.servers.push_back(server);
}

void readOption(std::string_view option, ResolvConf& conf) {
  constexpr std::string_view kNdots = "ndots:";
  if (!option.starts_with(kNdots)) return;
  option.remove_prefix(kNdots.size());
  unsigned value = 0;
  const auto parsed = std::from_chars(option.data(), option.data() + option.size(), value);
  if (parsed.ec == std::errc()) conf.ndots = std::min(value, kMaxNdots);
}

void readLine(const std::vector<std::string>& words, ResolvConf& conf) {
  if (words.size() < 2) return;
  if (words[0] == "nameserver") readServer(words[1], conf);
  if (words[0] == "options") {
    for (std::size_t i = 1; i < words.size(); ++i) readOption(words[i], conf);
  }
  if (words[0] != "search" && words[0] != "domain") return;
  conf.domains.clear();  // the last of several lines counts
  for (std::size_t i = 1; i < words.size() && conf.domains.size() < kMaxSearchDomains; ++i) {
    const std::string_view domain = trimDot(words[i]);
    if (!domain.empty()) conf.domains.emplace_back(domain);
  }
}

}  // namespace

ResolvConf parseResolvConf(std::string_view text) {
  ResolvConf conf;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    readLine(wordsOf(text.substr(0, end)), conf);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return conf;
}

ResolvConf loadResolvConf(const std::string& path) {
  std::ifstream file(path);
  std::string text(kMaxFileBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return parseResolvConf(text);
}

std::vector<std::string> candidateNames(std::string_view name, const ResolvConf& conf) {
  if (name.ends_with('.')) return {std::string(trimDot(name))};
  std::vector<std::string> names;
  for (const std::string& domain : conf.domains) {
    std::string full = std::string(name) + "." + domain;
    if (full.size() <= kMaxNameBytes) names.push_back(std::move(full));
  }
  const auto dots = static_cast<unsigned>(std::count(name.begin(), name.end(), '.'));
  names.insert(dots >= conf.ndots ? names.begin() : names.end(), std::string(name));
  return names;
}

}  // namespace weir::dns
