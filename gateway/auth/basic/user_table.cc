#include "gateway/auth/basic/user_table.h"

#include <algorithm>
#include <utility>

#include "gateway/auth/basic/password_hash.h"

namespace weir::gateway::basic {
namespace {

// A valid hash of the same cost that is the result of no known password.
std::string withoutPassword(std::string_view hash) {
  std::string nobody(hash);
  nobody.back() = nobody.back() == '.' ? '/' : '.';
  return nobody;
}

}  // namespace

bool isUserName(std::string_view name) {
  constexpr std::size_t kLongest = 255;
  return !name.empty() && name.size() <= kLongest && std::ranges::none_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7F || c == ':';
  });
}

std::string_view UserTable::hashFor(std::string_view name) const {
  const auto found = hashes_.find(name);
  if (found != hashes_.end()) return found->second;
  if (nobody_.empty()) return kNobody;
  return nobody_;
}

std::string UserTable::add(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "is not NAME:HASH";
  const std::string_view name = line.substr(0, colon);
  const std::string_view hash = line.substr(colon + 1);
  if (!isUserName(name)) return "the name is empty, too long or has control characters";
  const std::string_view fault = faultOf(hash);
  if (!fault.empty()) return "the hash " + std::string(fault);
  if (!hashes_.emplace(name, hash).second) return "another line has the same name";
  if (nobody_.empty()) nobody_ = withoutPassword(hash);
  return {};
}

FileContent<UserTable> UserTable::read(const std::string& path) {
  auto table = std::make_unique<UserTable>();
  FileContent<UserTable> content;
  content.faults = readLines(path, [&](std::string_view line) { return table->add(line); });
  if (content.faults.empty()) content.table = std::move(table);
  return content;
}

}  // namespace weir::gateway::basic
