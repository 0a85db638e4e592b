#include "core/jose/jws.h"

#include <algorithm>

#include "core/base/base64url.h"

namespace weir::jose {
namespace {

constexpr std::string_view kApplication = "application/";

Error badToken(std::string_view detail) {
  return {ErrorCode::kInvalid, Origin::kDownstream, detail};
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view withoutApplication(std::string_view type) {
  const bool full = equalIgnoringCase(type.substr(0, kApplication.size()), kApplication);
  return full ? type.substr(kApplication.size()) : type;
}

}  // namespace

bool isType(std::string_view typ, std::string_view type) {
  return equalIgnoringCase(withoutApplication(typ), withoutApplication(type));
}

Result<Jws> Jws::read(std::string_view compact) {
  const std::size_t first = compact.find('.');
  const std::size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos || compact.find('.', second + 1) != std::string_view::npos) {
    return badToken("the token does not have three parts");
  }
  std::string header;
  std::string signature;
  if (!appendFromBase64Url(compact.substr(0, first), header) ||
      !appendFromBase64Url(compact.substr(second + 1), signature)) {
    return badToken("a part of the token is not base64url");
  }
  Result<Json> json = Json::parse(header, {.bytes = header.size()});
  if (!json.ok()) return badToken("the header of the token is not an acceptable JSON object");
  Jws jws(std::move(json.value()));
  jws.signed_text_ = compact.substr(0, second);
  jws.payload_ = compact.substr(first + 1, second - first - 1);
  jws.signature_ = std::move(signature);
  const Result<void> read = jws.readHeader();
  if (!read.ok()) return read.error();
  return jws;
}

Result<void> Jws::readHeader() {
  const Json::Value header = header_.root();
  if (!header.isObject()) return badToken("the header of the token is not an object");
  if (header.find("crit")) return badToken("the token has critical extensions");
  const Json::Value encoded = header.find("b64");
  if (encoded && !encoded.isTrue()) return badToken("the payload of the token is not encoded");
  if (header.find("enc")) return badToken("the token is encrypted");
  for (const std::string_view name : {"kid", "typ", "cty"}) {
    const Json::Value value = header.find(name);
    if (value && !value.isString()) return badToken("kid, typ or cty is not a string");
  }
  const Json::Value algorithm = header.find("alg");
  const auto known =
      algorithm.isString() ? algorithmNamed(algorithm.text()) : std::optional<Algorithm>();
  if (!known.has_value()) return badToken("the algorithm of the token is not supported");
  algorithm_ = *known;
  return {};
}

std::optional<std::string_view> Jws::keyId() const {
  const Json::Value id = header_.root().find("kid");
  if (!id) return std::nullopt;
  return id.text();
}

std::string_view Jws::type() const {
  const Json::Value type = header_.root().find("typ");
  return type ? withoutApplication(type.text()) : std::string_view();
}

Result<std::string> Jws::payload() const {
  std::string bytes;
  if (!appendFromBase64Url(payload_, bytes)) {
    return badToken("a part of the token is not base64url");
  }
  return bytes;
}

}  // namespace weir::jose
