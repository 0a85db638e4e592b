#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/table.h"
#include "core/http/message.h"

namespace weir::gateway::authn {

// A place in requests where credentials may stand.
struct CredentialPlace {
  std::optional<std::string> header;
  std::string prefix;  // of the header's value, a word before a space; empty: none
  std::optional<std::string> cookie;
  std::optional<std::string> query;

  static void read(config::Table& table, CredentialPlace& out);
  bool operator==(const CredentialPlace&) const = default;
};

// `prefix`: empty for none.
CredentialPlace headerPlace(std::string name, std::string prefix);
// Authorization: Bearer
CredentialPlace bearerHeader();

// A credential in a request, and how often there is one.
struct Credential {
  std::string_view text;
  std::size_t count = 0;
};

// Looks in all places. Several Authorization fields count as several credentials, whatever their
// schemes.
Credential findCredential(const http::Request& request, const std::vector<CredentialPlace>& places);

// Removes the fields, cookies and parameters of these places from the request.
void removeCredentials(http::Request& request, const std::vector<CredentialPlace>& places);

}  // namespace weir::gateway::authn
