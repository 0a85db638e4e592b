#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::config {
class Table;
}

// What is asked of the certificates of clients and servers, as it is read.
namespace weir::tls {

void checkNames(config::Table& table, std::string_view key, const std::vector<std::string>& names);

// Brings hashes into their usual form: in lower case, without the colons that some tools print.
void readHashes(config::Table& table, std::string_view key, std::vector<std::string>& hashes);

}  // namespace weir::tls
