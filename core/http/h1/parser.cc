#include "core/http/h1/parser.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "core/http/syntax.h"

namespace weir::http::h1 {
namespace {

// Enough for most heads; the buffer grows for longer ones, so that a body after a head is not
// copied.
constexpr std::size_t kFirstHeadBytes = 2048;

}  // namespace

Parser::Parser(Arena& arena, Headers& headers, Headers& trailers, const Limits& limits)
    : arena_(arena), headers_(headers), trailers_(trailers), limits_(limits) {}

Parser* Parser::forRequest(Arena& arena, Request& request, const Limits& limits) {
  void* memory = arena.allocate(sizeof(Parser), alignof(Parser));
  auto* parser = new (memory) Parser(arena, request.headers, request.trailers, limits);
  parser->request_ = &request;
  return parser;
}

Parser* Parser::forResponse(Arena& arena, Response& response, Method method, const Limits& limits) {
  void* memory = arena.allocate(sizeof(Parser), alignof(Parser));
  auto* parser = new (memory) Parser(arena, response.headers, response.trailers, limits);
  parser->response_ = &response;
  parser->asked_ = method;
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
    const bool first = head_size_ == 0;
    const Bytes piece = collect(input);
    HeadPart part = HeadPart::kWhole;
    std::size_t taken = 0;
    if (first && scanHead()) {
      taken = head_size_;
    } else {
      part = parseHead(piece, taken);
    }
    if (part == HeadPart::kFailed) return failAsParsed();
    input = input.subspan(taken);
    if (!fitsLimits()) return failAsParsed();
    if (part == HeadPart::kWhole) return finishHead() ? Event::kHead : failAsParsed();
  }
  return Event::kNeedMore;
}

// Reads the collected bytes if the scanner can read them; otherwise llhttp starts with the first.
bool Parser::scanHead() {
  std::memset(head_ + head_size_, 0, HeadScanner::kPadding);
  HeadScanner scanner(head_);
  const bool line = request_ != nullptr ? scanner.takeRequestLine(*request_, target_)
                                        : scanner.takeStatusLine(*response_);
  const char* const end = line ? scanFields(scanner) : nullptr;
  head_complete_ = end != nullptr;
  if (head_complete_) [[likely]] {
    head_size_ = static_cast<std::size_t>(end - head_);
  } else {
    forgetHead();
  }
  return head_complete_;
}

// As before the first byte: until a head is complete, nothing is known of it.
void Parser::forgetHead() {
  if (request_ != nullptr) {
    request_->method = Method::kGet;
    request_->method_text = {};
    request_->version = Version::kHttp11;
  } else {
    response_->status = 0;
    response_->version = Version::kHttp11;
  }
  target_ = {};
  fields_ = 0;
  facts_ = {};
  error_ = {};
  headers_.clear();
}

// The end of the head; null if the scanner cannot read all of it.
const char* Parser::scanFields(HeadScanner scanner) {
  std::string_view name;
  std::string_view value;
  while (scanner.takeField(name, value)) {
    if (!addField(name, value)) return nullptr;
  }
  const bool whole = scanner.takeEmptyLine() && !(facts_.chunked && facts_.has_length);
  return whole ? scanner.at() : nullptr;
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
  char* moved = arena_.allocate(capacity + HeadScanner::kPadding);
  const char* old = std::exchange(head_, moved);
  head_capacity_ = capacity;
  if (old == nullptr) return;  // nothing points into it yet
  std::memcpy(moved, old, head_size_);
  const auto rebase = [&](std::string_view& text) {
    if (!text.empty()) text = {moved + (text.data() - old), text.size()};
  };
  for (std::string_view* text : {&target_, &name_, &value_, &facts_.host}) rebase(*text);
  for (std::string_view& text : facts_.named) rebase(text);
  for (std::string_view& text : facts_.upgrades) rebase(text);
  for (Header& field : headers_) {
    rebase(field.name);
    rebase(field.value);
  }
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

Parser::Event Parser::beginTrailers(Bytes& input) {
  constexpr std::string_view kEnd = "\r\n";
  if (asText(input).starts_with(kEnd)) {  // none
    input = input.subspan(kEnd.size());
    state_ = State::kDone;
    return Event::kEnd;
  }
  in_trailers_ = true;
  startTrailers();
  return nextTrailers(input);
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
  return error_.detail.empty() ? failAsLlhttp() : Event::kFailed;  // set by refuse()
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

bool Parser::addField(std::string_view name, std::string_view value) {
  if (++fields_ > limits_.headers) return refuse(ErrorCode::kTooLarge, "too many header fields");
  const HeaderId id = headerId(name);
  if (isFramingField(id)) return readFramingField(id, value);
  headers_.add(id, name, value);
  return true;
}

bool Parser::addTrailer() {
  if (++fields_ > limits_.headers) return refuse(ErrorCode::kTooLarge, "too many trailer fields");
  const HeaderId id = headerId(name_);
  if (!isForbiddenInTrailers(id)) trailers_.add(id, name_, value_);
  return true;
}

}  // namespace weir::http::h1
