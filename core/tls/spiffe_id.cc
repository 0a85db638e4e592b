#include "core/tls/spiffe_id.h"

#include <algorithm>

#include "core/base/lower_case.h"

namespace weir::tls {
namespace {

bool isTrustDomainByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool isSegmentByte(char c) { return isTrustDomainByte(c) || (c >= 'A' && c <= 'Z'); }

std::string_view faultOfSegment(std::string_view segment) {
  if (segment.empty()) return "has an empty path segment";
  if (segment == "." || segment == "..") return "has a path segment \".\" or \"..\"";
  return std::all_of(segment.begin(), segment.end(), isSegmentByte)
             ? ""
             : "may have only letters, digits, \"-\", \".\" and \"_\" in its path";
}

}  // namespace

bool hasSpiffeScheme(std::string_view uri) {
  constexpr std::string_view kWord = "spiffe:";
  return uri.size() >= kWord.size() && lowerCase(uri.substr(0, kWord.size())) == kWord;
}

std::string_view trustDomainOf(std::string_view id) {
  id.remove_prefix(kSpiffeScheme.size());
  return id.substr(0, id.find('/'));
}

std::string_view faultOfSpiffeId(std::string_view id) {
  if (id.size() > kMaxSpiffeId) return "has more than 2048 bytes";
  if (!id.starts_with(kSpiffeScheme)) return "does not begin with \"spiffe://\"";
  const std::string_view domain = trustDomainOf(id);
  if (domain.empty()) return "has no trust domain";
  if (domain.size() > kMaxTrustDomain) return "has a trust domain of more than 255 bytes";
  if (!std::all_of(domain.begin(), domain.end(), isTrustDomainByte)) {
    return "may have only lower-case letters, digits, \"-\", \".\" and \"_\" in its trust domain";
  }
  std::string_view path = id.substr(kSpiffeScheme.size() + domain.size());
  if (path.empty()) return "has no path";
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    const std::string_view fault = faultOfSegment(segment);
    if (!fault.empty()) return fault;
    path.remove_prefix(segment.size());
  }
  return "";
}

}  // namespace weir::tls
