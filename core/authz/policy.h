#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/authz/segment_pattern.h"
#include "core/base/ip_range.h"
#include "core/base/names.h"
#include "core/config/table.h"
#include "core/http/facts.h"
#include "core/http/message.h"
#include "core/http/principal.h"
#include "core/route/host_pattern.h"

namespace weir::authz {

// What policies decide about.
enum class Subject : std::uint8_t {
  kRequest,
  kBytes,       // a connection whose bytes are forwarded: it has no method, path or credentials
  kAnyRequest,  // a connection: whether any request on it can be allowed
};

// A request or connection about which policies decide. Valid during one evaluation.
class Question {
 public:
  // A request as the listener's filters see it.
  Question(const http::Request& request, const http::ExchangeRecord& record,
           const expr::Facts& facts);
  // What a record tells about a connection, or about a request after its route was looked up. The
  // headers of such a request are those that are forwarded.
  Question(Subject subject, const http::ExchangeRecord& record, const expr::Facts& facts,
           Arena& arena);
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  Subject subject() const { return subject_; }
  const http::Headers* headers() const { return headers_; }  // null: none
  std::string_view method() const { return method_; }
  std::string_view host() const { return host_.text(); }
  std::string_view path() const { return path_; }
  // Without the parameters of its segments and empty segments: "/admin" of "//admin;v=1".
  std::string_view plainPath() const { return plain_path_; }
  std::string_view identity() const { return record_.client_identity; }
  // Of an identity such as spiffe://prod.example/ns/shop/sa/web; empty if it has another form.
  std::string_view nameSpace() const;
  std::string_view serviceAccount() const;
  std::uint16_t port() const { return record_.server_port; }
  const http::Principal& principal() const { return principal_; }
  const IpAddress& address() const;
  const expr::Facts& facts() const { return facts_; }
  Arena& arena() const { return arena_; }

 private:
  const Subject subject_;
  Arena& arena_;
  const http::Headers* const headers_;
  const http::ExchangeRecord& record_;
  const http::Principal& principal_;
  const expr::Facts& facts_;
  const std::string_view method_;
  const std::string_view path_;
  const route::HostKey host_;
  std::string_view plain_path_;
  mutable std::optional<IpAddress> address_;  // parsed on first use
};

// Who sends a request. A field that is not given holds for all; those given must all hold.
struct Sources {
  std::vector<SegmentPattern> identities, not_identities;
  std::vector<std::string> namespaces, not_namespaces;
  std::vector<std::string> service_accounts, not_service_accounts;
  std::vector<std::string> subjects, not_subjects;
  std::vector<std::string> issuers, not_issuers;
  std::vector<std::string> consumers, not_consumers;
  std::vector<std::string> groups, not_groups;
  std::vector<std::string> scopes, not_scopes;
  std::vector<IpRange> addresses, not_addresses;
  std::optional<bool> authenticated;

  bool match(const Question& question) const;
  // As far as the certificate of the client decides.
  bool matchIdentity(const Question& question) const;
  void addMismatches(const Question& question, std::vector<std::string_view>& fields) const;
  // Whether a certificate of the client decides.
  bool readsIdentity() const {
    return !identities.empty() || !not_identities.empty() || !namespaces.empty() ||
           !not_namespaces.empty() || !service_accounts.empty() || !not_service_accounts.empty();
  }
  bool readsPrincipal() const {
    const auto given = [](const auto&... lists) { return (!lists.empty() || ...); };
    return authenticated || given(subjects, not_subjects, issuers, not_issuers, consumers,
                                  not_consumers, groups, not_groups, scopes, not_scopes);
  }
  bool operator==(const Sources&) const = default;
  static void read(config::Table& table, Sources& out);

 private:
  template <typename Check>
  bool check(const Question& question, Check check) const;
};

// What a request asks for. As for Sources.
struct Targets {
  std::vector<route::HostPattern> hosts, not_hosts;
  std::vector<std::string> methods, not_methods;
  std::vector<SegmentPattern> paths, not_paths;
  std::vector<std::string> grpc_services;
  std::vector<std::uint16_t> ports, not_ports;

  bool readsRequest() const {
    const auto given = [](const auto&... lists) { return (!lists.empty() || ...); };
    return given(hosts, not_hosts, methods, not_methods, paths, not_paths, grpc_services);
  }
  bool matchPort(const Question& question) const;
  // `plain`: parameters of path segments and empty segments are ignored.
  bool match(const Question& question, bool plain) const;
  void addMismatches(const Question& question, bool plain,
                     std::vector<std::string_view>& fields) const;
  bool operator==(const Targets&) const = default;
  static void read(config::Table& table, Targets& out);

 private:
  template <typename Check>
  bool check(const Question& question, bool plain, Check check) const;
};

enum class Action : std::uint8_t { kAllow, kDeny };
enum class Mode : std::uint8_t { kEnforce, kShadow };

struct Policy {
  std::string name;
  Action action = Action::kAllow;
  Mode enforcement = Mode::kEnforce;  // `mode`
  Sources from;
  Targets to;
  std::vector<std::pair<std::string, std::vector<std::string>>> headers;
  http::RequestCondition when;
  NameId id = 0;  // of the name, in metrics

  // A deny policy matches if there is any doubt, an allow policy only if there is none: path
  // parameters and empty segments are ignored for a deny, one of several header lines is enough for
  // a deny and all must fit for an allow, and a condition without a result counts as true for a
  // deny.
  //
  // For a connection whose bytes are forwarded, there is doubt about everything that only a request
  // has. For Subject::kAnyRequest it is the other way round: an allow matches if it can match any
  // request on the connection, a deny if it matches all of them.
  bool match(const Question& question) const;
  // The settings of the policy that the request does not satisfy; empty if it matches.
  std::vector<std::string_view> mismatches(const Question& question) const;
  // Whether more than a connection decides: the head of a request, or credentials in it.
  bool readsRequest() const {
    return to.readsRequest() || !headers.empty() || when.given() || from.readsPrincipal() ||
           !from.addresses.empty() || !from.not_addresses.empty();
  }
  bool isEnforced() const { return enforcement != Mode::kShadow; }
  bool operator==(const Policy&) const = default;
  static void read(config::Table& table, Policy& out);

 private:
  bool conditionHolds(const Question& question) const;
  bool headersMatch(const Question& question) const;
  bool matchBytes(const Question& question) const;
  bool matchAnyRequest(const Question& question) const;
};

}  // namespace weir::authz
