#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::config {
class Table;
}

// Reads the requirements on the certificates of clients and servers.
namespace weir::tls {

void checkNames(config::Table& table, std::string_view key, const std::vector<std::string>& names);

void checkTrustDomains(config::Table& table, std::string_view key,
                       const std::vector<std::string>& domains);

// Normalizes hashes: to lower case, without the colons that some tools print.
void readHashes(config::Table& table, std::string_view key, std::vector<std::string>& hashes);

}  // namespace weir::tls
