// Parsing by llhttp: of heads that HeadScanner does not read, and of trailers.
#include <algorithm>
#include <array>

#include <llhttp.h>

#include "core/http/h1/parser.h"
#include "core/http/syntax.h"

namespace weir::http::h1 {
namespace {

// Replaces, for llhttp, a method that it does not know.
constexpr std::string_view kStandInMethod = "GET";
// Replaces, for llhttp, a message up to its trailers.
constexpr std::string_view kStandInMessage =
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";

bool isRawByte(char c) { return static_cast<unsigned char>(c) > 0x7F; }

// llhttp's methods by number, with the corresponding Method.
class MethodNames {
 public:
  struct Entry {
    std::string_view text;
    Method method = Method::kOther;
  };

  MethodNames() {
    for (unsigned number = 0; number < entries_.size(); ++number) {
      const char* text = llhttp_method_name(static_cast<llhttp_method_t>(number));
      entries_[number] = {text, methodOf(text)};
    }
  }
  const Entry& operator[](unsigned number) const { return entries_[number]; }

 private:
  std::array<Entry, HTTP_QUERY + 1> entries_;  // the last method that llhttp knows
};

}  // namespace

// llhttp's callbacks. A result other than 0 stops it: HPE_PAUSED to continue later, HPE_USER if
// Parser rejects the input.
struct Parser::Callbacks {
  static Parser& parserOf(llhttp_t* state) { return *static_cast<Parser*>(state->data); }

  // Pieces of a head are contiguous in memory; pieces of trailers lie in the read buffer.
  static void extend(Parser& parser, std::string_view& text, const char* at, std::size_t length) {
    if (!parser.head_complete_) {
      text = text.empty() ? std::string_view(at, length)
                          : std::string_view(text.data(), text.size() + length);
      return;
    }
    parser.extendTrailer(text, {at, length});
  }

  static bool countTrailer(Parser& parser, std::size_t length) {
    return !parser.head_complete_ || parser.addTrailerBytes(length);
  }

  static int onUrl(llhttp_t* state, const char* at, std::size_t length) {
    extend(parserOf(state), parserOf(state).target_, at, length);
    return HPE_OK;
  }

  // weir sends its own phrase; control bytes in a phrase indicate a more serious fault.
  static int onStatus(llhttp_t* state, const char* at, std::size_t length) {
    const auto control = [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; };
    if (std::none_of(at, at + length, control)) return HPE_OK;
    parserOf(state).refuse(ErrorCode::kProtocol, "control byte in the reason phrase");
    return HPE_USER;
  }

  static int onField(llhttp_t* state, const char* at, std::size_t length) {
    if (!countTrailer(parserOf(state), length)) return HPE_USER;
    extend(parserOf(state), parserOf(state).name_, at, length);
    return HPE_OK;
  }

  static int onValue(llhttp_t* state, const char* at, std::size_t length) {
    if (!countTrailer(parserOf(state), length)) return HPE_USER;
    extend(parserOf(state), parserOf(state).value_, at, length);
    return HPE_OK;
  }

  static int onValueComplete(llhttp_t* state) {
    Parser& parser = parserOf(state);
    parser.value_ = trimmed(parser.value_);
    const bool accepted =
        parser.head_complete_ ? parser.addTrailer() : parser.addField(parser.name_, parser.value_);
    parser.name_ = {};
    parser.value_ = {};
    return accepted ? HPE_OK : HPE_USER;
  }

  static int onHeadersComplete(llhttp_t* state) {
    parserOf(state).head_complete_ = true;
    return HPE_PAUSED;
  }

  static int onMessageComplete(llhttp_t* state) {
    parserOf(state).message_complete_ = true;
    return HPE_PAUSED;
  }

  static llhttp_settings_t make() {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_url = onUrl;
    settings.on_status = onStatus;
    settings.on_header_field = onField;
    settings.on_header_value = onValue;
    settings.on_header_value_complete = onValueComplete;
    settings.on_headers_complete = onHeadersComplete;
    settings.on_message_complete = onMessageComplete;
    return settings;
  }
};

void Parser::startLlhttp() {
  static const llhttp_settings_t kSettings = Callbacks::make();
  llhttp_ = arena_.array<llhttp_t>(1);
  llhttp_init(llhttp_, request_ != nullptr ? HTTP_REQUEST : HTTP_RESPONSE, &kSettings);
  llhttp_set_lenient_version(llhttp_, 1);  // Parser checks the minor version
  llhttp_->data = this;
}

// `taken`: how much of the piece belongs to the head.
Parser::HeadPart Parser::parseHead(Bytes piece, std::size_t& taken) {
  if (llhttp_ == nullptr) startLlhttp();
  int status = llhttp_execute(llhttp_, piece.data(), piece.size());
  if (status != HPE_OK && status != HPE_PAUSED) status = continueStartLine(status);
  taken = piece.size();
  if (status == HPE_OK) return HeadPart::kMore;
  if (status != HPE_PAUSED || !head_complete_) return HeadPart::kFailed;
  taken = static_cast<std::size_t>(llhttp_get_error_pos(llhttp_) - piece.data());
  head_size_ -= piece.size() - taken;
  return HeadPart::kWhole;
}

// Continues after llhttp stopped at something in a request line that weir accepts.
int Parser::continueStartLine(int status) {
  if (request_ == nullptr || fields_ > 0 || !name_.empty()) return status;
  status = readExtensionMethod(status);
  while (status == HPE_INVALID_URL && llhttp_get_method(llhttp_) != HTTP_CONNECT &&
         isRawByte(*llhttp_get_error_pos(llhttp_))) {
    status = readRawBytes(llhttp_get_error_pos(llhttp_));
  }
  return status;
}

// RFC 9110, 9.1: any token may be a method. If llhttp stopped at an unknown one, it continues as if
// it were GET, which has no special meaning to llhttp; the method as sent is in the copy of the
// head.
int Parser::readExtensionMethod(int status) {
  const bool unknown = status == HPE_INVALID_METHOD || status == HPE_INVALID_CONSTANT;
  if (!unknown || extension_method_) return status;
  while (method_size_ < head_size_ && isTokenByte(head_[method_size_])) ++method_size_;
  if (method_size_ == head_size_) return HPE_OK;  // its end is still expected
  const std::string_view method(head_, method_size_);
  // PRI is reserved for the HTTP/2 preface (RFC 9113, 11.6).
  if (method.empty() || method == "PRI" || head_[method_size_] != ' ') return status;
  extension_method_ = true;
  target_ = {};
  llhttp_reset(llhttp_);
  llhttp_execute(llhttp_, kStandInMethod.data(), kStandInMethod.size());
  const std::size_t rest = method_size_;
  return llhttp_execute(llhttp_, head_ + rest, head_size_ - rest);
}

// Many clients send raw UTF-8 in a target. The target keeps these bytes, which are encoded when it
// is normalized. llhttp continues after them as if within a path; only readTarget() determines the
// form of the target.
int Parser::readRawBytes(const char* at) {
  const char* const end = head_ + head_size_;
  const std::string_view head(head_, head_size_);
  const std::string_view method = head.substr(0, head.find(' '));
  const char* const target = method.data() + method.size() + 1;
  const std::string_view known = extension_method_ ? kStandInMethod : method;
  llhttp_reset(llhttp_);
  llhttp_execute(llhttp_, known.data(), known.size());
  constexpr std::string_view kStandInTarget = " /";
  llhttp_execute(llhttp_, kStandInTarget.data(), kStandInTarget.size());
  const char* const rest = std::find_if_not(at, end, isRawByte);
  target_ = {target, static_cast<std::size_t>(rest - target)};
  return llhttp_execute(llhttp_, rest, static_cast<std::size_t>(end - rest));
}

bool Parser::readRequestLine() {
  Request& request = *request_;
  request.version = llhttp_get_http_minor(llhttp_) == 0 ? Version::kHttp10 : Version::kHttp11;
  static const MethodNames kMethods;
  const MethodNames::Entry& method = kMethods[llhttp_get_method(llhttp_)];
  request.method_text = method.text;
  request.method = method.method;
  if (extension_method_) {
    request.method_text = {head_, method_size_};
    request.method = Method::kOther;
  }
  if (!checkRequestLine()) return false;
  // RFC 9110, 2.5: a higher minor version is treated as the highest known one.
  if (llhttp_get_http_major(llhttp_) != 1) {
    return refuse(ErrorCode::kVersion, "HTTP version not supported");
  }
  if (!agreesOnCoding()) return false;
  return isTargetText(target_) || refuse(ErrorCode::kProtocol, "invalid byte in target");
}

// llhttp accepts repeated spaces; two parsers may differ on where the target begins.
bool Parser::checkRequestLine() {
  const std::string_view head(head_, head_size_);
  const std::size_t at = request_->method_text.size() + 1;
  const std::size_t after = at + target_.size();
  const bool exact = head.starts_with(request_->method_text) && head[at - 1] == ' ' &&
                     target_.data() == head_ + at && head.substr(after, 6) == " HTTP/" &&
                     head.substr(after + 9, 2) == "\r\n";
  return exact || refuse(ErrorCode::kProtocol, "malformed request line");
}

bool Parser::readStatusLine() {
  if (llhttp_get_http_major(llhttp_) != 1) {
    return refuse(ErrorCode::kProtocol, "HTTP version not supported");
  }
  if (!std::string_view(head_, head_size_).starts_with("HTTP/1.")) {
    return refuse(ErrorCode::kProtocol, "bytes before the status line");
  }
  Response& response = *response_;
  response.version = llhttp_get_http_minor(llhttp_) == 0 ? Version::kHttp10 : Version::kHttp11;
  response.status = llhttp_get_status_code(llhttp_);
  return agreesOnCoding();
}

// Parser and llhttp both read Transfer-Encoding; llhttp misses a coding with a tab after it.
bool Parser::agreesOnCoding() {
  return facts_.chunked || (llhttp_->flags & F_CHUNKED) == 0 ||
         refuse(ErrorCode::kProtocol, "malformed Transfer-Encoding");
}

// After a last chunk llhttp parses trailers like heads.
void Parser::startTrailers() {
  static const llhttp_settings_t kNoCallbacks{};
  static const llhttp_settings_t kSettings = Callbacks::make();
  if (llhttp_ == nullptr) llhttp_ = arena_.array<llhttp_t>(1);
  llhttp_init(llhttp_, HTTP_REQUEST, &kNoCallbacks);
  llhttp_execute(llhttp_, kStandInMessage.data(), kStandInMessage.size());
  llhttp_->settings = const_cast<llhttp_settings_t*>(&kSettings);
  llhttp_->data = this;
}

Parser::Event Parser::nextTrailers(Bytes& input) {
  if (input.empty()) return Event::kNeedMore;
  const llhttp_errno_t status = llhttp_execute(llhttp_, input.data(), input.size());
  if (status == HPE_OK) {
    input = {};
    return Event::kNeedMore;
  }
  if (status != HPE_PAUSED || !message_complete_) return failAsParsed();
  input = input.subspan(static_cast<std::size_t>(llhttp_get_error_pos(llhttp_) - input.data()));
  state_ = State::kDone;
  return Event::kEnd;
}

// In place while there is room; otherwise with twice the room, so that small pieces stay cheap.
void Parser::extendTrailer(std::string_view& text, std::string_view piece) {
  const bool fits = !text.empty() && text.data() + text.size() == trailer_room_ &&
                    piece.size() <= trailer_room_size_;
  if (!fits) {
    const std::size_t size = text.size() + piece.size();
    char* moved = arena_.allocate(2 * size);
    std::copy(text.begin(), text.end(), moved);
    text = {moved, text.size()};
    trailer_room_ = moved + text.size();
    trailer_room_size_ = 2 * size - text.size();
  }
  std::copy(piece.begin(), piece.end(), trailer_room_);
  trailer_room_ += piece.size();
  trailer_room_size_ -= piece.size();
  text = {text.data(), text.size() + piece.size()};
}

Parser::Event Parser::failAsLlhttp() {
  if (llhttp_get_errno(llhttp_) == HPE_PAUSED_H2_UPGRADE) {
    return fail(ErrorCode::kVersion, "HTTP version not supported");
  }
  const char* reason = llhttp_get_error_reason(llhttp_);
  return fail(ErrorCode::kProtocol, reason == nullptr ? "malformed message" : reason);
}

}  // namespace weir::http::h1
