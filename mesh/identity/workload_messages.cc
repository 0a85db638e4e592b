#include "mesh/identity/workload_messages.h"

#include <algorithm>

#include "core/base/plain_text.h"
#include "core/base/protobuf.h"
#include "core/tls/spiffe_id.h"

namespace weir::mesh::workload {
namespace {

using Use = tls::Certificate::Use;

constexpr std::size_t kMostShown = 200;

// Calls `take` for each field; false if the message is malformed, or if `take` says so.
template <typename Take>
bool readMembers(std::string_view message, Take take) {
  ProtoReader reader(message);
  ProtoField field;
  while (reader.next(field)) {
    if (!take(field)) return false;
  }
  return !reader.malformed();
}

bool readSvid(std::string_view message, Svid& out) {
  return readMembers(message, [&](const ProtoField& field) {
    std::string_view* const members[] = {&out.id, &out.chain, &out.key, &out.bundle, &out.hint};
    if (field.number >= 1 && field.number <= std::size(members)) {
      *members[field.number - 1] = field.text;
    }
    return true;
  });
}

// A member of a map: its key is the trust domain, which may be written as an ID.
bool readFederated(std::string_view message, std::pair<std::string_view, std::string_view>& out) {
  const bool good = readMembers(message, [&](const ProtoField& field) {
    if (field.number == 1) out.first = field.text;
    if (field.number == 2) out.second = field.text;
    return true;
  });
  if (out.first.starts_with(tls::kSpiffeScheme)) {
    out.first.remove_prefix(tls::kSpiffeScheme.size());
  }
  return good;
}

bool readResponse(std::string_view message, SvidResponse& out) {
  return readMembers(message, [&](const ProtoField& field) {
    if (field.number == 1) return readSvid(field.text, out.svids.emplace_back());
    if (field.number == 2) out.revocations.push_back(field.text);
    if (field.number == 3) return readFederated(field.text, out.federated.emplace_back());
    return true;
  });
}

bool isComplete(const Svid& svid) {
  return !svid.id.empty() && !svid.chain.empty() && !svid.key.empty() && !svid.bundle.empty();
}

bool isTrustDomain(std::string_view domain) {
  const std::string id = std::string(tls::kSpiffeScheme) + std::string(domain) + "/x";
  return tls::faultOfSpiffeId(id).empty() && tls::trustDomainOf(id) == domain;
}

std::string_view faultOf(const SvidResponse& response) {
  if (response.svids.empty()) return "has no identity";
  if (response.svids.size() > kMostSvids) return "has more than 64 identities";
  if (response.federated.size() > kMostBundles) return "has more than 256 federated bundles";
  if (response.revocations.size() > kMostRevocations) return "has more than 256 revocation lists";
  if (!std::all_of(response.svids.begin(), response.svids.end(), isComplete)) {
    return "lacks the ID, certificate, key or bundle of an identity";
  }
  const bool named = std::all_of(response.federated.begin(), response.federated.end(),
                                 [](const auto& each) { return isTrustDomain(each.first); });
  return named ? "" : "has a bundle of an invalid trust domain";
}

// The bundle of the chosen identity is the one for its domain.
tls::TrustBundles::Roots rootsIn(const SvidResponse& response, const Svid& chosen) {
  tls::TrustBundles::Roots roots;
  roots.emplace(tls::trustDomainOf(chosen.id), chosen.bundle);
  for (const Svid& each : response.svids) {
    if (tls::faultOfSpiffeId(each.id).empty()) {
      roots.emplace(tls::trustDomainOf(each.id), each.bundle);
    }
  }
  for (const auto& [domain, bundle] : response.federated) roots.emplace(domain, bundle);
  return roots;
}

std::shared_ptr<const tls::Certificate> certificateOf(const Svid& svid, std::string& why) {
  const auto parsed = tls::Certificate::parseDer(svid.chain, svid.key, std::string(svid.id));
  if (!parsed.ok()) {
    why = parsed.error().detail;
    return nullptr;
  }
  const tls::Certificate& certificate = *parsed.value();
  why = certificate.faultFor(Use::kNodeServer);
  if (why.empty()) why = certificate.faultFor(Use::kNodeClient);
  if (why.empty() && certificate.identity() != svid.id) why = "is for another SPIFFE ID";
  if (why.empty() && !certificate.validAt(wallClockNow())) why = "is not valid at this time";
  return why.empty() ? parsed.value() : nullptr;
}

}  // namespace

std::optional<SvidResponse> readSvidResponse(std::string_view message, std::string& why) {
  SvidResponse response;
  if (!readResponse(message, response)) {
    why = "is malformed";
    return std::nullopt;
  }
  why = faultOf(response);
  if (!why.empty()) return std::nullopt;
  return response;
}

const Svid* choose(const SvidResponse& response, const SvidChoice& choice) {
  const auto wanted = [&](const Svid& each) {
    if (!choice.id.empty()) return each.id == choice.id;
    return choice.hint.empty() || each.hint == choice.hint;
  };
  const auto found = std::find_if(response.svids.begin(), response.svids.end(), wanted);
  return found == response.svids.end() ? nullptr : &*found;
}

std::shared_ptr<const tls::WorkloadIdentity> identityOf(const SvidResponse& response,
                                                        const Svid& chosen, std::string& why) {
  auto identity = std::make_shared<tls::WorkloadIdentity>();
  identity->certificate = certificateOf(chosen, why);
  if (identity->certificate == nullptr) {
    why = "the certificate of " + printable(chosen.id, kMostShown) + " " + why;
    return nullptr;
  }
  const std::vector<std::string> lists(response.revocations.begin(), response.revocations.end());
  auto bundles = tls::TrustBundles::make(rootsIn(response, chosen), lists);
  if (!bundles.ok()) {
    why = bundles.error().detail;
    return nullptr;
  }
  identity->bundles = std::move(bundles.value());
  return identity;
}

}  // namespace weir::mesh::workload
