#include "mesh/intercept/rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/hash.h"

namespace weir::mesh::intercept {
namespace {

constexpr std::size_t kMostName = 64;
constexpr std::size_t kMostPath = 1024;
constexpr std::string_view kBadTable =
    "the name of the table must consist of the characters A-Z, a-z, 0-9 and _, a letter first";

Error invalid(std::string_view what) { return {ErrorCode::kInvalid, Origin::kLocal, what}; }

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

// An identifier of nft. Its own words are not refused: nft reports them.
bool isTableName(std::string_view name) {
  if (name.empty() || name.size() > kMostName || !isLetter(name.front())) return false;
  return std::ranges::all_of(name, [](char c) { return isLetter(c) || isDigit(c) || c == '_'; });
}

// The characters of names of units (systemd.unit(5)), which are escaped otherwise. A string of nft
// ends at a quotation mark and knows no escapes.
bool isUnitCharacter(char c) {
  return isLetter(c) || isDigit(c) || std::string_view(":-_.\\@").find(c) != std::string_view::npos;
}

bool isCgroupPath(std::string_view path) {
  if (path.empty() || path.size() > kMostPath) return false;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    if (name.empty() || name == "." || name == "..") return false;
    if (!std::ranges::all_of(name, isUnitCharacter)) return false;
    if (end + 1 == path.size()) return false;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

std::string portsOf(const std::vector<std::uint16_t>& ports) {
  std::string text = "{ ";
  for (std::size_t i = 0; i < ports.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(ports[i]);
  }
  return text + " }";
}

void addLine(std::string& text, std::string_view line) {
  text.append("\t\t").append(line).append("\n");
}

// Connections to addresses of this machine, from others.
void addInbound(const RuleOptions& options, std::string& text) {
  text += "\tchain inbound {\n";
  addLine(text, "type nat hook prerouting priority -100; policy accept;");
  addLine(text, "meta l4proto != tcp return");
  addLine(text, "iifname \"lo\" return");
  addLine(text, "fib daddr type != local return");
  if (!options.skip_inbound.empty()) {
    addLine(text, "tcp dport " + portsOf(options.skip_inbound) + " return");
  }
  if (!options.ports.empty()) addLine(text, "tcp dport != " + portsOf(options.ports) + " return");
  addLine(text, "meta l4proto tcp redirect to :" + std::to_string(options.inbound));
  text += "\t}\n";
}

// Connections of this machine to others. Those of weir are left alone, to the network and to the
// application: redirected, they would come back to it.
void addOutbound(const RuleOptions& options, std::string& text) {
  text += "\tchain outbound {\n";
  addLine(text, "type nat hook output priority -100; policy accept;");
  addLine(text, "meta l4proto != tcp return");
  if (options.weir_user) {
    addLine(text, "meta skuid " + std::to_string(*options.weir_user) + " return");
  }
  if (options.application_user) {
    addLine(text, "meta skuid != " + std::to_string(*options.application_user) + " return");
  }
  if (!options.cgroup.empty()) {
    const auto level = 1 + std::ranges::count(options.cgroup, '/');
    addLine(text, "socket cgroupv2 level " + std::to_string(level) + " != \"" + options.cgroup +
                      "\" return");
  }
  addLine(text, "fib daddr type local return");
  if (!options.skip_outbound.empty()) {
    addLine(text, "tcp dport " + portsOf(options.skip_outbound) + " return");
  }
  addLine(text, "meta l4proto tcp redirect to :" + std::to_string(options.outbound));
  text += "\t}\n";
}

std::string chainsOf(const RuleOptions& options) {
  std::string text;
  if (options.inbound != 0) addInbound(options, text);
  if (options.outbound != 0) addOutbound(options, text);
  return text;
}

// Names a mistake; empty: there is none.
std::string_view faultOf(const RuleOptions& options) {
  if (!isTableName(options.table)) return kBadTable;
  if (options.inbound == 0 && options.outbound == 0)
    return "neither inbound nor outbound is redirected";
  if (!options.cgroup.empty() && !isCgroupPath(options.cgroup)) {
    return "the cgroup is not a path of names of units, such as system.slice/orders.service";
  }
  if (!options.cgroup.empty() && options.application_user)
    return "either a user or a cgroup selects the application";
  const bool selects = !options.cgroup.empty() || options.application_user;
  if (options.outbound != 0 && !options.weir_user && !selects) {
    return "weir's own connections would be redirected: name its user, or the application's user "
           "or cgroup";
  }
  if (options.weir_user && options.weir_user == options.application_user) {
    return "weir and the application need different users";
  }
  return {};
}

}  // namespace

Result<std::string> removalOf(std::string_view table) {
  if (!isTableName(table)) return invalid(kBadTable);
  const std::string name = "table inet " + std::string(table) + "\n";
  return name + "delete " + name;
}

std::string markOf(const RuleOptions& options) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 stableHash(chainsOf(options)), 16);
  return "weir-intercept-" + std::string(digits.data(), end.ptr);
}

Result<std::string> rulesFor(const RuleOptions& options) {
  const std::string_view fault = faultOf(options);
  if (!fault.empty()) return invalid(fault);
  WEIR_TRY(std::string text, removalOf(options.table));
  text += "table inet " + options.table + " {\n";
  text += "\tcomment \"" + markOf(options) + "\"\n";
  return text + chainsOf(options) + "}\n";
}

}  // namespace weir::mesh::intercept
