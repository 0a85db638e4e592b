#include "core/http/trace_context.h"

#include <algorithm>

#include "core/base/short_text.h"
#include "core/http/syntax.h"

namespace weir::http {
namespace {

constexpr std::string_view kTraceDigits = "0123456789abcdef";
constexpr std::size_t kMostMembers = 32;
constexpr std::size_t kMostState = 512;

constexpr std::string_view kB3TraceId = "x-b3-traceid";
constexpr std::string_view kB3SpanId = "x-b3-spanid";
constexpr std::string_view kB3ParentSpanId = "x-b3-parentspanid";
constexpr std::string_view kB3Sampled = "x-b3-sampled";
constexpr std::string_view kB3Flags = "x-b3-flags";

constexpr unsigned kNoDigit = 16;

constexpr std::array<std::uint8_t, 256> traceDigitValues() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 16; ++i) {
    values[static_cast<unsigned char>(kTraceDigits[i])] = i;
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kTraceDigitValues = traceDigitValues();

unsigned traceDigit(char c) { return kTraceDigitValues[static_cast<unsigned char>(c)]; }

// False if the text is not exactly as many digits as fill `to`. Digits are in lower case.
bool readHexDigits(std::string_view text, std::span<std::uint8_t> to) {
  if (text.size() != 2 * to.size()) return false;
  unsigned wrong = 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const unsigned high = traceDigit(text[2 * i]);
    const unsigned low = traceDigit(text[2 * i + 1]);
    wrong |= (high | low) & kNoDigit;
    to[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return wrong == 0;
}

bool allZero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool isStateByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' ||
         c == '/';
}
bool isStateLetter(char c) { return c >= 'a' && c <= 'z'; }

bool areStateBytes(std::string_view text) { return std::ranges::all_of(text, isStateByte); }

// key = a letter and up to 255 more bytes, or tenant "@" system.
bool isStateKey(std::string_view key) {
  constexpr std::size_t kMostKey = 256;
  constexpr std::size_t kMostTenant = 241;
  constexpr std::size_t kMostSystem = 14;
  const std::size_t at = key.find('@');
  if (at == std::string_view::npos) {
    return !key.empty() && key.size() <= kMostKey && isStateLetter(key[0]) && areStateBytes(key);
  }
  const std::string_view tenant = key.substr(0, at);
  const std::string_view system = key.substr(at + 1);
  if (tenant.empty() || tenant.size() > kMostTenant || !areStateBytes(tenant)) return false;
  const bool begins_well = isStateLetter(tenant[0]) || (tenant[0] >= '0' && tenant[0] <= '9');
  if (!begins_well) return false;
  return !system.empty() && system.size() <= kMostSystem && isStateLetter(system[0]) &&
         areStateBytes(system);
}

bool isStateValue(std::string_view value) {
  constexpr std::size_t kMostValue = 256;
  if (value.empty() || value.size() > kMostValue || value.back() == ' ') return false;
  return std::ranges::all_of(value,
                             [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

// Collects the members of tracestate.
class StateReader {
 public:
  // False if the value is malformed.
  bool add(std::string_view value) {
    while (!value.empty()) {
      const std::size_t end = std::min(value.find(','), value.size());
      const std::string_view member = trimmed(value.substr(0, end));
      value.remove_prefix(std::min(end + 1, value.size()));
      if (!member.empty() && !addMember(member)) return false;  // empty members are allowed
    }
    return true;
  }

  std::string_view joined(Arena& arena) const {
    std::size_t size = 0;
    std::size_t kept = 0;
    for (; kept < count_ && size + members_[kept].size() + 1 <= kMostState + 1; ++kept) {
      size += members_[kept].size() + 1;
    }
    if (kept == 0) return {};
    char* const text = arena.allocate(size - 1);
    char* to = text;
    for (std::size_t i = 0; i < kept; ++i) {
      if (i > 0) *to++ = ',';
      to = putText(to, members_[i]);
    }
    return {text, size - 1};
  }

 private:
  bool addMember(std::string_view member) {
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || count_ == kMostMembers) return false;
    const std::string_view key = member.substr(0, equals);
    if (!isStateKey(key) || !isStateValue(member.substr(equals + 1))) return false;
    for (std::size_t i = 0; i < count_; ++i) {
      if (members_[i].starts_with(key) && members_[i][key.size()] == '=') return false;
    }
    members_[count_++] = member;
    return true;
  }

  std::array<std::string_view, kMostMembers> members_;
  std::size_t count_ = 0;
};

// 16 or 32 digits; the shorter form has zeros in front.
bool readB3TraceId(std::string_view text, TraceId& id) {
  const std::span<std::uint8_t> all(id);
  return text.size() == 16 ? readHexDigits(text, all.subspan(8)) : readHexDigits(text, all);
}

// "1", "0", "d" (debug), and the older "true" and "false".
std::optional<bool> readB3Decision(std::string_view text) {
  if (text == "1" || text == "d" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

std::optional<IncomingTrace> b3Parent(std::string_view trace_id, std::string_view span_id,
                                      std::optional<bool> decision) {
  IncomingTrace found;
  found.decision = decision;
  TraceParent& context = found.context;
  found.has_parent = readB3TraceId(trace_id, context.trace_id) &&
                     readHexDigits(span_id, context.span_id) && !allZero(context.trace_id) &&
                     !allZero(context.span_id);
  if (!found.has_parent) return std::nullopt;
  context.sampled = decision.value_or(false);
  return found;
}

// {trace ID}-{span ID}[-{decision}[-{parent span ID}]], or only the decision.
std::optional<IncomingTrace> readB3(std::string_view value) {
  if (const auto decision = readB3Decision(value)) return IncomingTrace{{}, false, decision};
  const std::size_t first = value.find('-');
  if (first == std::string_view::npos) return std::nullopt;
  const std::string_view rest = value.substr(first + 1);
  const std::size_t second = rest.find('-');
  std::optional<bool> decision;
  if (second != std::string_view::npos) {
    const std::string_view flags = rest.substr(second + 1);
    decision = readB3Decision(flags.substr(0, flags.find('-')));
    if (!decision) return std::nullopt;
  }
  return b3Parent(value.substr(0, first), rest.substr(0, second), decision);
}

std::optional<IncomingTrace> readB3Multi(const Headers& headers) {
  std::optional<bool> decision;
  if (const auto sampled = headers.get(kB3Sampled)) decision = readB3Decision(*sampled);
  if (headers.get(kB3Flags) == "1") decision = true;
  const auto trace_id = headers.get(kB3TraceId);
  if (trace_id) return b3Parent(*trace_id, headers.get(kB3SpanId).value_or(""), decision);
  if (!decision) return std::nullopt;
  return IncomingTrace{{}, false, decision};
}

std::optional<IncomingTrace> readW3c(const Headers& headers) {
  if (!headers.mayHave(HeaderId::kTraceparent)) return std::nullopt;
  const Header* const given = headers.find(HeaderId::kTraceparent);
  if (given == nullptr) return std::nullopt;
  const bool twice = std::any_of(given + 1, headers.end(), [](const Header& other) {
    return other.id == HeaderId::kTraceparent;
  });
  const auto context = twice ? std::nullopt : parseTraceparent(given->value);
  if (!context) return std::nullopt;
  IncomingTrace found{*context, true, context->sampled};
  if (headers.mayHave(HeaderId::kTracestate)) found.context.state = readTracestate(headers);
  return found;
}

bool isB3Header(const Header& header) {
  if (header.id != HeaderId::kOther || header.name.size() < kB3Flags.size()) return false;
  const std::array names = {kB3TraceId, kB3SpanId, kB3ParentSpanId, kB3Sampled, kB3Flags};
  return std::ranges::any_of(
      names, [&](std::string_view name) { return equalsIgnoringCase(header.name, name); });
}

std::string_view hexIn(Arena& arena, std::span<const std::uint8_t> bytes) {
  char* const text = arena.allocate(2 * bytes.size());
  writeHex(text, bytes);
  return {text, 2 * bytes.size()};
}

void writeW3c(Headers& headers, const TraceParent& context) {
  char* const text = headers.arena().allocate(kTraceparentSize);
  char* to = putLiteral(text, "00-");
  to = writeHex(to, context.trace_id);
  *to++ = '-';
  to = writeHex(to, context.span_id);
  to = putLiteral(to, "-0");
  *to = kTraceDigits[(context.sampled ? 1U : 0U) | (context.random ? 2U : 0U)];
  headers.set(HeaderId::kTraceparent, {text, kTraceparentSize});
  if (!context.state.empty()) {
    headers.set(HeaderId::kTracestate, context.state);
  } else if (headers.mayHave(HeaderId::kTracestate)) {
    headers.remove(HeaderId::kTracestate);
  }
}

void writeB3(Headers& headers, const TraceParent& context) {
  constexpr std::size_t kSize = 32 + 1 + 16 + 2;
  char* const text = headers.arena().allocate(kSize);
  char* to = writeHex(text, context.trace_id);
  *to++ = '-';
  to = writeHex(to, context.span_id);
  *to++ = '-';
  *to = context.sampled ? '1' : '0';
  headers.set(HeaderId::kB3, {text, kSize});
}

void writeB3Multi(Headers& headers, const TraceParent& context) {
  removeTrace(headers, TraceFormat::kB3Multi);
  headers.add(kB3TraceId, hexIn(headers.arena(), context.trace_id));
  headers.add(kB3SpanId, hexIn(headers.arena(), context.span_id));
  headers.add(kB3Sampled, context.sampled ? "1" : "0");
}

std::optional<IncomingTrace> readFormat(const Headers& headers, TraceFormat format) {
  switch (format) {
    case TraceFormat::kW3c:
      return readW3c(headers);
    case TraceFormat::kB3: {
      const auto value = headers.get(HeaderId::kB3);
      return value ? readB3(*value) : std::nullopt;
    }
    case TraceFormat::kB3Multi:
      return readB3Multi(headers);
  }
  return std::nullopt;
}

}  // namespace

char* writeHex(char* to, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    *to++ = kTraceDigits[byte >> 4U];
    *to++ = kTraceDigits[byte & 15U];
  }
  return to;
}

std::optional<TraceParent> parseTraceparent(std::string_view value) {
  if (value.size() < kTraceparentSize || value[2] != '-' || value[35] != '-' || value[52] != '-') {
    return std::nullopt;
  }
  TraceParent context;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  const bool digits = readHexDigits(value.substr(0, 2), version) &&
                      readHexDigits(value.substr(3, 32), context.trace_id) &&
                      readHexDigits(value.substr(36, 16), context.span_id) &&
                      readHexDigits(value.substr(53, 2), flags);
  if (!digits || version[0] == 0xFF) return std::nullopt;
  // A later version may have more fields.
  const bool longer = value.size() > kTraceparentSize;
  if (longer && (version[0] == 0 || value[kTraceparentSize] != '-')) return std::nullopt;
  if (allZero(context.trace_id) || allZero(context.span_id)) return std::nullopt;
  context.sampled = (flags[0] & 1U) != 0;
  context.random = (flags[0] & 2U) != 0;
  return context;
}

std::string_view readTracestate(const Headers& headers) {
  StateReader reader;
  for (const Header& header : headers) {
    if (header.id == HeaderId::kTracestate && !reader.add(header.value)) return {};
  }
  return reader.joined(headers.arena());
}

IncomingTrace readTrace(const Headers& headers, std::span<const TraceFormat> formats) {
  for (const TraceFormat format : formats) {
    if (const auto found = readFormat(headers, format)) return *found;
  }
  return {};
}

void writeTrace(Headers& headers, TraceFormat format, const TraceParent& context) {
  switch (format) {
    case TraceFormat::kW3c:
      return writeW3c(headers, context);
    case TraceFormat::kB3:
      return writeB3(headers, context);
    case TraceFormat::kB3Multi:
      return writeB3Multi(headers, context);
  }
}

void removeTrace(Headers& headers, TraceFormat format) {
  switch (format) {
    case TraceFormat::kW3c:
      headers.remove(HeaderId::kTraceparent);
      headers.remove(HeaderId::kTracestate);
      return;
    case TraceFormat::kB3:
      headers.remove(HeaderId::kB3);
      return;
    case TraceFormat::kB3Multi:
      headers.removeIf(isB3Header);
      return;
  }
}

}  // namespace weir::http
