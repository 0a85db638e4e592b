#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ip_range.h"
#include "core/base/names.h"
#include "core/config/table.h"
#include "core/http/facts.h"
#include "core/http/message.h"
#include "core/http/principal.h"
#include "core/route/host_pattern.h"
#include "gateway/auth/rbac/segment_pattern.h"

namespace weir::gateway::rbac {

// A request about which policies decide. Valid during one evaluation.
class Question {
 public:
  Question(const http::Request& request, const http::ExchangeRecord& record,
           const expr::Facts& facts);

  const http::Headers& headers() const { return request_.headers; }
  std::string_view method() const { return request_.method_text; }
  std::string_view host() const { return host_.text(); }
  std::string_view path() const { return request_.path; }
  // Without the parameters of its segments and empty segments: "/admin" of "//admin;v=1".
  std::string_view plainPath() const { return plain_path_; }
  std::string_view identity() const { return record_.client_identity; }
  const http::Principal& principal() const { return principal_; }
  const IpAddress& address() const;
  const expr::Facts& facts() const { return facts_; }
  Arena& arena() const { return request_.headers.arena(); }

 private:
  const http::Request& request_;
  const http::ExchangeRecord& record_;
  const http::Principal& principal_;
  const expr::Facts& facts_;
  const route::HostKey host_;
  std::string_view plain_path_;
  mutable std::optional<IpAddress> address_;  // parsed on first use
};

// Who sends a request. A field that is not given holds for all; those given must all hold.
struct Sources {
  std::vector<SegmentPattern> identities, not_identities;
  std::vector<std::string> subjects, not_subjects;
  std::vector<std::string> issuers, not_issuers;
  std::vector<std::string> consumers, not_consumers;
  std::vector<std::string> groups, not_groups;
  std::vector<std::string> scopes, not_scopes;
  std::vector<IpRange> addresses, not_addresses;
  std::optional<bool> authenticated;

  bool match(const Question& question) const;
  void addMismatches(const Question& question, std::vector<std::string_view>& fields) const;
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
  bool match(const Question& question) const;
  // The settings of the policy that the request does not satisfy; empty if it matches.
  std::vector<std::string_view> mismatches(const Question& question) const;
  bool isEnforced() const { return enforcement != Mode::kShadow; }
  bool operator==(const Policy&) const = default;
  static void read(config::Table& table, Policy& out);

 private:
  bool conditionHolds(const Question& question) const;
};

}  // namespace weir::gateway::rbac
