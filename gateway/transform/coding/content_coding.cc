#include "gateway/transform/coding/content_coding.h"

#include <algorithm>
#include <array>

#include "core/http/accept.h"
#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

constexpr int kNotNamed = -1;

// What a client accepts.
class AcceptedCodings {
 public:
  explicit AcceptedCodings(std::string_view field) {
    named_.fill(kNotNamed);
    http::forEachToken(field, [this](std::string_view element) { add(element); });
  }
  int named(ContentCoding coding) const { return named_[static_cast<std::size_t>(coding)]; }
  int weight(ContentCoding coding) const {
    return named(coding) == kNotNamed ? others_ : named(coding);
  }

 private:
  void add(std::string_view element) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const std::string_view name = http::trimmed(element.substr(0, end));
    const int weight = http::acceptWeight(element.substr(end));
    if (name == "*") others_ = weight;
    const auto coding = contentCodingNamed(name);
    if (coding) named_[static_cast<std::size_t>(*coding)] = weight;
  }

  std::array<int, kContentCodings> named_{};
  int others_ = 0;
};

}  // namespace

std::optional<ContentCoding> contentCodingNamed(std::string_view name) {
  for (std::size_t i = 0; i < kContentCodings; ++i) {
    if (http::equalsIgnoringCase(name, kContentCodingWords[i])) {
      return static_cast<ContentCoding>(i);
    }
  }
  if (http::equalsIgnoringCase(name, "x-gzip")) return ContentCoding::kGzip;
  return std::nullopt;
}

std::optional<ContentCoding> contentCodingOf(std::string_view content_encoding) {
  std::optional<ContentCoding> found = ContentCoding::kIdentity;
  int codings = 0;
  http::forEachToken(content_encoding, [&](std::string_view name) {
    found = contentCodingNamed(name);
    ++codings;
  });
  return codings > 1 ? std::nullopt : found;
}

ContentCoding negotiateCoding(std::string_view accept_encoding,
                              std::span<const ContentCoding> offered) {
  const AcceptedCodings accepted(accept_encoding);
  ContentCoding best = ContentCoding::kIdentity;
  int best_rank = 0;
  for (const ContentCoding coding : offered) {
    const int weight = accepted.weight(coding);
    if (weight <= 0) continue;
    const int rank = weight * 2 + (accepted.named(coding) == kNotNamed ? 0 : 1);
    if (rank <= best_rank) continue;
    best = coding;
    best_rank = rank;
  }
  const bool prefers_identity = accepted.named(ContentCoding::kIdentity) > best_rank / 2;
  return prefers_identity ? ContentCoding::kIdentity : best;
}

}  // namespace weir::gateway
