#include "gateway/auth/basic/settings.h"

#include "core/http/syntax.h"
#include "gateway/auth/basic/user_table.h"

namespace weir::gateway::basic {

void UserSource::read(config::Table& table, UserSource& out) {
  table.read("file", out.file,
             "File of users as `htpasswd -B` writes it, with hashes by bcrypt, SHA-256-crypt, "
             "SHA-512-crypt or yescrypt. A change is noticed while weir runs; if the new content "
             "has a mistake, the users before it stay in use.");
  table.read("inline", out.lines, "Lines as in such a file: `NAME:HASH`.",
             {.min_size = 1, .max_size = 1000});
  table.exactlyOneOf({"file", "inline"});
  UserTable users;
  for (std::size_t i = 0; i < out.lines.size(); ++i) {
    const std::string what = users.add(out.lines[i]);
    if (!what.empty()) table.failElement("inline", i, what);
  }
}

void Settings::read(config::Table& table, Settings& out) {
  table.read("users", out.users, "Names of users and hashes of their passwords.",
             {.required = true});
  table.read("user_header", out.user_header,
             "Request header for the upstream with the name of the user. The client's own headers "
             "of this name are removed.");
  table.read("forward", out.forward, "Whether the upstream receives name and password.");
  authn::readMode(table, out.enforcement);
  authn::readRealm(table, out.realm);
  table.read("remember", out.remember,
             "Time for which a password that was found right is not verified again. Verifying one "
             "occupies a processor for up to a tenth of a second.",
             {.max = std::chrono::hours(1)});
  table.read("max_failures", out.max_failures,
             "Wrong passwords per minute and client address (IPv6: /64). Beyond that, passwords "
             "from the address are refused with 429 without being verified.",
             {.min = 1, .max = 10'000});
  if (!http::isToken(out.user_header) ||
      http::headerId(out.user_header) != http::HeaderId::kOther) {
    table.fail("user_header", "this header cannot be set");
  }
  table.locate(out.origin, "users");
}

void Settings::check(filter::References& references, config::Diagnostics& diagnostics) {
  if (users.file.path.empty()) return;
  file_id = references.name(users.file.path);
  if (origin.clean) {
    checkFile<UserTable>(users.file.path, origin.path + ".users.file", diagnostics);
  }
}

}  // namespace weir::gateway::basic
