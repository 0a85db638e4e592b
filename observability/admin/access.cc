#include "observability/admin/access.h"

#include <algorithm>
#include <string_view>
#include <unistd.h>

#include "core/base/account.h"
#include "core/http/syntax.h"
#include "core/tls/digest.h"

namespace weir::admin {
namespace {

constexpr std::string_view kScheme = "Bearer ";

bool isForwarded(const http::Headers& headers) {
  return std::ranges::any_of(headers, [](const http::Header& header) {
    return http::equalsIgnoringCase(header.name, "via") ||
           http::equalsIgnoringCase(header.name, "forwarded") ||
           http::equalsIgnoringCase(header.name, "x-forwarded-for");
  });
}

// The user of the client's process, if it runs on this machine and makes requests of its own.
std::optional<std::uint32_t> userOf(const Caller& caller, const http::Headers& headers) {
  if (isForwarded(headers)) return std::nullopt;
  if (caller.unix_user) return caller.unix_user;
  return caller.ends ? net::tcpPeerUser(*caller.ends) : std::nullopt;
}

std::optional<std::string> bearerOf(const http::Headers& headers) {
  const auto value = headers.joined("authorization");
  if (!value || value->size() <= kScheme.size()) return std::nullopt;
  if (!http::equalsIgnoringCase(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return tls::sha256(asBytes(value->substr(kScheme.size())));
}

std::optional<std::string> identityOf(const Caller& caller, const tls::SanMatcher& accepted) {
  if (caller.security == nullptr || caller.security->peer == nullptr) return std::nullopt;
  const net::PeerCertificate& peer = *caller.security->peer;
  tls::Names names;
  names.dns = peer.names;
  if (!peer.identity.empty()) names.uris.push_back(peer.identity);
  if (!accepted.match(names)) return std::nullopt;
  return std::string(peer.shortName());
}

std::string userText(std::uint32_t user) { return "user " + std::to_string(user); }

}  // namespace

Access::Members::Members(const AccessRule& rule) : identities(rule.identities) {
  for (const std::string& name : rule.users) {
    if (const auto account = findAccount(name)) users.push_back(account->user);
  }
  for (const config::Secret& token : rule.tokens) {
    tokens.push_back(tls::sha256(asBytes(token.reveal())));
  }
}

// The cheapest proof first: the user of a TCP connection takes system calls.
std::optional<std::string> Access::Members::admit(const Caller& caller,
                                                  const http::Headers& headers) const {
  const auto bearer = tokens.empty() ? std::nullopt : bearerOf(headers);
  if (bearer && std::ranges::find(tokens, *bearer) != tokens.end()) return "a token";
  if (!identities.empty()) {
    if (auto identity = identityOf(caller, identities)) return identity;
  }
  const auto user = users.empty() ? std::nullopt : userOf(caller, headers);
  if (user && std::ranges::find(users, *user) != users.end()) return userText(*user);
  return std::nullopt;
}

Access::Access(const Settings& settings) {
  if (settings.view) viewers_.emplace(*settings.view);
  if (settings.operate) operators_.emplace(*settings.operate);
}

std::optional<std::string> Access::admit(Role needed, const Caller& caller,
                                         const http::Headers& headers) const {
  if (needed == Role::kNone || (needed == Role::kView && !viewers_)) return "anybody";
  if (needed == Role::kView) {
    if (auto viewer = viewers_->admit(caller, headers)) return viewer;
  }
  return admitOperator(caller, headers);
}

std::optional<std::string> Access::admitOperator(const Caller& caller,
                                                 const http::Headers& headers) const {
  if (operators_) return operators_->admit(caller, headers);
  const auto user = userOf(caller, headers);
  if (!user || (*user != 0 && *user != ::geteuid())) return std::nullopt;
  return userText(*user);
}

bool Access::takesTokens(Role needed) const {
  const auto takes = [](const std::optional<Members>& members) {
    return members && !members->tokens.empty();
  };
  return takes(operators_) || (needed == Role::kView && takes(viewers_));
}

PageReply Access::refusal(Role needed) const {
  const std::string word = needed == Role::kView ? "view" : "operate";
  const bool token = takesTokens(needed);
  std::string detail = "needs the role " + word;
  if (token) {
    detail += ": send Authorization: Bearer TOKEN";
  } else if (needed == Role::kOperate && !operators_) {
    detail += ": call as the user of weir or root on the same machine, or set admin.operate";
  }
  PageReply reply = errorReply(token ? 401 : 403, detail);
  if (token) reply.authenticate = "Bearer realm=\"weir admin\"";
  return reply;
}

}  // namespace weir::admin
