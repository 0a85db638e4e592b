#include "core/http/h1/parser.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <llhttp.h>

#include "core/base/check.h"
#include "core/http/syntax.h"

namespace weir::http::h1 {
namespace {

// Enough for most heads; the buffer grows for longer ones, so that a body after a head is not
// copied.
constexpr std::size_t kFirstHeadBytes = 2048;
// Replaces, for llhttp, a method that it does not know.
constexpr std::string_view kStandInMethod = "GET";

bool isRawByte(char c) { return static_cast<unsigned char>(c) > 0x7F; }

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
    const bool accepted = parser.head_complete_ ? parser.addTrailer() : parser.addField();
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

Parser::Parser(Arena& arena, Headers& headers, Headers& trailers, const Limits& limits)
    : arena_(arena),
      headers_(headers),
      trailers_(trailers),
      limits_(limits),
      llhttp_(arena.array<llhttp_t>(1)) {}

Parser* Parser::forRequest(Arena& arena, Request& request, const Limits& limits) {
  static const llhttp_settings_t kSettings = Callbacks::make();
  void* memory = arena.allocate(sizeof(Parser), alignof(Parser));
  auto* parser = new (memory) Parser(arena, request.headers, request.trailers, limits);
  parser->request_ = &request;
  llhttp_init(parser->llhttp_, HTTP_REQUEST, &kSettings);
  llhttp_set_lenient_version(parser->llhttp_, 1);  // Parser checks the minor version
  parser->llhttp_->data = parser;
  return parser;
}

Parser* Parser::forResponse(Arena& arena, Response& response, Method method, const Limits& limits) {
  static const llhttp_settings_t kSettings = Callbacks::make();
  void* memory = arena.allocate(sizeof(Parser), alignof(Parser));
  auto* parser = new (memory) Parser(arena, response.headers, response.trailers, limits);
  parser->response_ = &response;
  parser->asked_ = method;
  llhttp_init(parser->llhttp_, HTTP_RESPONSE, &kSettings);
  llhttp_set_lenient_version(parser->llhttp_, 1);  // Parser checks the minor version
  parser->llhttp_->data = parser;
  return parser;
}

Parser::Event Parser::next(Bytes& input) {
  switch (state_) {
    case State::kHead:
      return nextHead(input);
    case State::kLength:
      return nextLength(input);
    case State::kChunked:
      return nextChunked(input);
    case State::kUntilClose:
      if (input.empty()) return Event::kNeedMore;
      body_ = input;
      input = {};
      return Event::kBody;
    case State::kEnd:
      state_ = State::kDone;
      return Event::kEnd;
    case State::kDone:
      return Event::kNeedMore;
    case State::kFailed:
      return Event::kFailed;
  }
  return Event::kFailed;
}

Parser::Event Parser::nextHead(Bytes& input) {
  while (!input.empty()) {
    const Bytes piece = collect(input);
    int status = llhttp_execute(llhttp_, piece.data(), piece.size());
    if (status != HPE_OK && status != HPE_PAUSED) status = readStartLine(status);
    if (status == HPE_PAUSED && head_complete_) {
      const char* end = llhttp_get_error_pos(llhttp_);
      const auto taken = static_cast<std::size_t>(end - piece.data());
      head_size_ -= piece.size() - taken;
      input = input.subspan(taken);
      return fitsLimits() && finishHead() ? Event::kHead : failAsParsed();
    }
    if (status != HPE_OK) return failAsParsed();
    input = input.subspan(piece.size());
    if (!fitsLimits()) return failAsParsed();
  }
  return Event::kNeedMore;
}

bool Parser::fitsLimits() {
  if (target_.size() > limits_.target_bytes) {
    return refuse(ErrorCode::kTargetTooLarge, "request target too long");
  }
  return head_size_ <= limits_.head_bytes || refuse(ErrorCode::kTooLarge, "head too large");
}

Bytes Parser::collect(Bytes input) {
  if (head_size_ == head_capacity_) growHead(std::min(input.size(), kFirstHeadBytes));
  const std::size_t now = std::min(head_capacity_ - head_size_, input.size());
  char* to = head_ + head_size_;
  std::memcpy(to, input.data(), now);
  head_size_ += now;
  return {to, now};
}

void Parser::growHead(std::size_t room) {
  const std::size_t capacity = std::max(head_size_ + room, 2 * head_size_);
  char* moved = arena_.allocate(capacity);
  const char* old = std::exchange(head_, moved);
  head_capacity_ = capacity;
  if (old == nullptr) return;  // nothing points into it yet
  std::memcpy(moved, old, head_size_);
  const auto rebase = [&](std::string_view& text) {
    if (!text.empty()) text = {moved + (text.data() - old), text.size()};
  };
  for (std::string_view* text : {&target_, &name_, &value_, &host_}) rebase(*text);
  for (std::uint8_t i = 0; i < named_count_; ++i) rebase(named_[i]);
  for (std::uint8_t i = 0; i < upgrade_count_; ++i) rebase(upgrades_[i]);
  for (Header& field : headers_) {
    rebase(field.name);
    rebase(field.value);
  }
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

Parser::Event Parser::nextLength(Bytes& input) {
  if (input.empty()) return Event::kNeedMore;
  const std::size_t now = std::min<std::uint64_t>(remaining_, input.size());
  body_ = input.first(now);
  input = input.subspan(now);
  remaining_ -= now;
  if (remaining_ == 0) state_ = State::kEnd;
  return Event::kBody;
}

Parser::Event Parser::nextChunked(Bytes& input) {
  if (in_trailers_) return nextTrailers(input);
  const std::uint64_t extensions = chunks_.extensionBytes();
  const ChunkReader::Event event = chunks_.next(input);
  if (event == ChunkReader::Event::kFailed) return fail(ErrorCode::kProtocol, chunks_.fault());
  if (!addTrailerBytes(chunks_.extensionBytes() - extensions)) return failAsParsed();
  if (event == ChunkReader::Event::kLast) return beginTrailers(input);
  body_ = chunks_.data();
  return event == ChunkReader::Event::kData ? Event::kBody : Event::kNeedMore;
}

// After a last chunk llhttp parses trailers like heads.
Parser::Event Parser::beginTrailers(Bytes& input) {
  constexpr std::string_view kEnd = "\r\n";
  if (asText(input).starts_with(kEnd)) {  // none
    input = input.subspan(kEnd.size());
    state_ = State::kDone;
    return Event::kEnd;
  }
  in_trailers_ = true;
  llhttp_->flags |= F_CHUNKED;  // even if a tab followed the coding
  llhttp_resume(llhttp_);
  constexpr std::string_view kLastChunk = "0\r\n";
  if (llhttp_execute(llhttp_, kLastChunk.data(), kLastChunk.size()) != HPE_OK) {
    return failAsParsed();
  }
  return nextTrailers(input);
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

std::optional<RestOfBody> Parser::rest() const {
  switch (state_) {
    case State::kLength:
      if (remaining_ > RestOfBody::kMostBytes) return std::nullopt;
      return RestOfBody(remaining_);
    case State::kChunked:
      if (in_trailers_) return std::nullopt;
      return RestOfBody(chunks_);
    case State::kEnd:
      return RestOfBody(0);
    default:
      return std::nullopt;
  }
}

// Little or none of it is forwarded: a flood of it is an attack.
bool Parser::addTrailerBytes(std::uint64_t bytes) {
  trailer_bytes_ += bytes;
  if (trailer_bytes_ <= limits_.head_bytes) return true;
  return refuse(ErrorCode::kTooLarge, "trailers or chunk extensions too large");
}

// Continues after llhttp stopped at something in a request line that weir accepts.
int Parser::readStartLine(int status) {
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

Parser::Event Parser::fail(ErrorCode code, std::string_view detail) {
  refuse(code, detail);
  state_ = State::kFailed;
  return Event::kFailed;
}

bool Parser::refuse(ErrorCode code, std::string_view detail) {
  error_ = {code, request_ != nullptr ? Origin::kDownstream : Origin::kUpstream, detail};
  return false;
}

Parser::Event Parser::failAsParsed() {
  state_ = State::kFailed;
  llhttp_t* state = llhttp_;
  if (!error_.detail.empty()) return Event::kFailed;  // set by refuse()
  if (llhttp_get_errno(state) == HPE_PAUSED_H2_UPGRADE) {
    return fail(ErrorCode::kVersion, "HTTP version not supported");
  }
  const char* reason = llhttp_get_error_reason(state);
  return fail(ErrorCode::kProtocol, reason == nullptr ? "malformed message" : reason);
}

bool Parser::finishHead() {
  const bool good = request_ != nullptr ? finishRequest() : finishResponse();
  if (!good) state_ = State::kFailed;
  return good;
}

void Parser::enterBody(BodyKind body, std::uint64_t length) {
  remaining_ = length;
  switch (body) {
    case BodyKind::kNone:
      state_ = State::kEnd;
      break;
    case BodyKind::kLength:
      state_ = length == 0 ? State::kEnd : State::kLength;
      break;
    case BodyKind::kStream:
      state_ = State::kChunked;
      break;
    case BodyKind::kUntilClose:
    case BodyKind::kTunnel:
      state_ = State::kUntilClose;
      break;
  }
}

bool Parser::addField() {
  if (++fields_ > limits_.headers) return refuse(ErrorCode::kTooLarge, "too many header fields");
  value_ = trimmed(value_);
  const HeaderId id = headerId(name_);
  if (isFramingField(id)) return readFramingField(id);
  headers_.add(id, name_, value_);
  return true;
}

bool Parser::addTrailer() {
  if (++fields_ > limits_.headers) return refuse(ErrorCode::kTooLarge, "too many trailer fields");
  const HeaderId id = headerId(name_);
  if (!isForbiddenInTrailers(id)) trailers_.add(id, name_, trimmed(value_));
  return true;
}

}  // namespace weir::http::h1
