#include "gateway/limit/limit_key.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "core/config/suggestion.h"
#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

constexpr unsigned kMappedBits = 96;  // ::ffff:0:0/96 are the addresses of IPv4

IpAddress maskOfBits(unsigned bits) {
  IpAddress::Bytes16 mask{};
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const std::size_t before = std::min<std::size_t>(bits, 8 * i);  // bits in the bytes before
    mask.at(i) = static_cast<std::uint8_t>(0xFF00U >> std::min<std::size_t>(bits - before, 8));
  }
  return IpAddress::v6(mask);
}

// In words: a loop over bytes takes three times as long.
IpAddress masked(const IpAddress& address, const IpAddress& mask) {
  std::array<std::uint64_t, 2> words{};
  std::array<std::uint64_t, 2> masks{};
  IpAddress::Bytes16 bytes = address.bytes();
  static_assert(sizeof words == sizeof bytes);
  std::memcpy(words.data(), bytes.data(), sizeof words);
  std::memcpy(masks.data(), mask.bytes().data(), sizeof masks);
  for (std::size_t i = 0; i < words.size(); ++i) words.at(i) &= masks.at(i);
  std::memcpy(bytes.data(), words.data(), sizeof words);
  return IpAddress::v6(bytes);
}

// The value of a cookie in one line of Cookie.
std::optional<std::string_view> cookieIn(std::string_view line, std::string_view name) {
  while (!line.empty()) {
    const std::size_t end = line.find(';');
    const std::string_view pair = http::trimmed(line.substr(0, end));
    if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name)) {
      return pair.substr(name.size() + 1);
    }
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::optional<std::string_view> cookieOf(const http::Headers& headers, std::string_view name) {
  if (!headers.mayHave(http::HeaderId::kCookie)) return std::nullopt;
  for (const http::Header& field : headers) {
    if (field.id != http::HeaderId::kCookie) continue;
    if (const auto value = cookieIn(field.value, name)) return value;
  }
  return std::nullopt;
}

// Short forms of expressions.
constexpr std::pair<std::string_view, std::string_view> kShortForms[] = {
    {"route", "route.name"},
    {"identity", "client.identity"},
    {"consumer", "auth.consumer"},
};

}  // namespace

std::optional<LimitKey::Part> LimitKey::parse(std::string_view text, Fault& fault) {
  if (text == "client_address") return Part{Kind::kClientAddress, {}};
  if (text == "method") return Part{Kind::kMethod, {}};
  for (const auto& [prefix, kind] :
       {std::pair{"header:", Kind::kHeader}, std::pair{"cookie:", Kind::kCookie}}) {
    if (!text.starts_with(prefix)) continue;
    const std::string_view name = text.substr(std::string_view(prefix).size());
    if (!http::isToken(name)) {
      fault = {"\"" + std::string(name) + "\" is not a name", ""};
      return std::nullopt;
    }
    if (kind == Kind::kHeader && http::isFramingField(http::headerId(name))) {
      fault = {"\"" + std::string(name) + "\" is not kept as a header",
               http::headerId(name) == http::HeaderId::kHost ? "request.host" : ""};
      return std::nullopt;
    }
    return Part{kind, std::string(name)};
  }
  const auto* const form = std::find_if(std::begin(kShortForms), std::end(kShortForms),
                                        [&](const auto& each) { return each.first == text; });
  expr::Mistake mistake;
  auto expression = Text::parse(form == std::end(kShortForms) ? text : form->second, mistake);
  if (!expression) {
    fault = {std::string(mistake.what), std::string(mistake.suggestion)};
    return std::nullopt;
  }
  return Part{Kind::kExpression, {}, *std::move(expression)};
}

LimitKey LimitKey::read(const std::vector<std::string>& parts, unsigned prefix4, unsigned prefix6,
                        config::Table& table, std::string_view setting) {
  LimitKey key;
  key.mask4_ = maskOfBits(kMappedBits + prefix4);
  key.mask6_ = maskOfBits(prefix6);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Fault fault;
    if (auto part = parse(parts[i], fault)) {
      key.parts_.push_back(*std::move(part));
    } else {
      table.failElement(setting, i, fault.what, fault.suggestion);
    }
  }
  return key;
}

bool LimitKey::maskedClient(const filter::Control& control, IpAddress& address) const {
  address = control.clientIp();
  if (!address.known()) return false;  // a Unix socket
  address = masked(address, address.isV4() ? mask4_ : mask6_);
  return true;
}

std::optional<std::string_view> LimitKey::valueOf(const Part& part, const http::Request& request,
                                                  const filter::Control& control,
                                                  IpAddress& address) const {
  switch (part.kind) {
    case Kind::kClientAddress:
      if (!maskedClient(control, address)) return std::nullopt;
      return std::string_view(reinterpret_cast<const char*>(address.bytes().data()),
                              address.bytes().size());
    case Kind::kMethod:
      return request.method_text;
    case Kind::kHeader:
      return request.headers.joined(part.name);
    case Kind::kCookie:
      return cookieOf(request.headers, part.name);
    case Kind::kExpression:
      break;
  }
  const expr::Value value = part.expression.program().evaluate(control.facts(), control.arena());
  if (value.kind() != expr::Kind::kString) return std::nullopt;
  return value.text();
}

LimitKey::Hash LimitKey::hash(const http::Request& request, const filter::Control& control,
                              const KeyedHash& keyed, NameId scope) const {
  // Each hash is the beginning of the next; the kind of a part distinguishes equal texts.
  constexpr unsigned kScopeBits = 8;
  constexpr std::uint64_t kMissing = 0xFF;
  Hash hash{.value = std::uint64_t{scope} << kScopeBits};
  if (parts_.empty()) hash.value = keyed({}, hash.value);
  for (const Part& part : parts_) {
    IpAddress address;
    const auto value = valueOf(part, request, control, address);
    const std::uint64_t kind = value ? static_cast<std::uint64_t>(part.kind) : kMissing;
    hash.value = keyed(value.value_or(std::string_view()), hash.value + kind);
    hash.complete = hash.complete && value.has_value();
  }
  return hash;
}

}  // namespace weir::gateway
