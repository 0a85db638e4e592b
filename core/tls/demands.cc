#include "core/tls/demands.h"

#include "core/base/lower_case.h"
#include "core/config/table.h"
#include "core/tls/san_matcher.h"
#include "core/tls/spiffe_id.h"

namespace weir::tls {
namespace {

constexpr std::size_t kHashDigits = 64;

}  // namespace

void checkNames(config::Table& table, std::string_view key, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view fault = faultOfPattern(names[i]);
    if (!fault.empty()) table.failElement(key, i, std::string(fault));
  }
}

void checkTrustDomains(config::Table& table, std::string_view key,
                       const std::vector<std::string>& domains) {
  for (std::size_t i = 0; i < domains.size(); ++i) {
    const std::string id = std::string(kSpiffeScheme) + domains[i] + "/x";
    if (faultOfSpiffeId(id).empty() && trustDomainOf(id) == domains[i]) continue;
    table.failElement(key, i, "is not a trust domain, such as \"example.org\"");
  }
}

void readHashes(config::Table& table, std::string_view key, std::vector<std::string>& hashes) {
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::string& hash = hashes[i];
    std::erase(hash, ':');
    hash = lowerCase(hash);
    const bool digits = hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (hash.size() == kHashDigits && digits) continue;
    table.failElement(key, i, "is not a SHA-256 of 64 hexadecimal digits");
  }
}

}  // namespace weir::tls
