#include "core/http/protocol_detection.h"

#include <algorithm>
#include <string_view>

#include "core/http/syntax.h"

namespace weir::http {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kMaxMethod = 24;
constexpr std::size_t kMaxLine = 8 * 1024;

// Bytes of a target, including those beyond ASCII: the parser validates them.
bool isVisible(char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7F; }

// Examines the text after the target and its space (RFC 9112, 3), as far as it has arrived.
ProtocolGuess guessVersion(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.";
  const std::size_t common = std::min(text.size(), kVersion.size());
  if (text.substr(0, common) != kVersion.substr(0, common)) return ProtocolGuess::kOther;
  return common == kVersion.size() ? ProtocolGuess::kHttp : ProtocolGuess::kMore;
}

}  // namespace

ProtocolGuess guessProtocol(Bytes bytes) {
  const std::string_view text = asText(bytes);
  const std::size_t common = std::min(text.size(), kPreface.size());
  if (text.substr(0, common) == kPreface.substr(0, common)) {
    return common == kPreface.size() ? ProtocolGuess::kHttp : ProtocolGuess::kMore;
  }
  const std::string_view method = text.substr(0, text.find(' '));
  if (method.empty() || method.size() > kMaxMethod || !isTokenSoFar(method))
    return ProtocolGuess::kOther;
  if (method.size() == text.size()) return ProtocolGuess::kMore;
  const std::string_view rest = text.substr(method.size() + 1);
  const auto end = std::find_if_not(rest.begin(), rest.end(), isVisible);
  if (end == rest.end())
    return text.size() < kMaxLine ? ProtocolGuess::kMore : ProtocolGuess::kHttp;
  if (end == rest.begin() || *end != ' ') return ProtocolGuess::kOther;
  return guessVersion(rest.substr(static_cast<std::size_t>(end - rest.begin()) + 1));
}

}  // namespace weir::http
