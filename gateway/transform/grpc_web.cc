#include "gateway/transform/grpc_web.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "core/tls/digest.h"

namespace weir::gateway {
namespace {

constexpr std::string_view kText = "application/grpc-web-text";
constexpr std::string_view kBinary = "application/grpc-web";
constexpr std::size_t kTextBytes = 4096;  // converted at a time
constexpr std::size_t kPlainBytes = kTextBytes / 4 * 3;
constexpr char kTrailersFrame = '\x80';  // a message has 0, or 1 if compressed

bool isType(std::string_view type, std::string_view wanted) {
  return http::equalsIgnoringCase(type.substr(0, wanted.size()), wanted) &&
         (type.size() == wanted.size() || type[wanted.size()] == '+' || type[wanted.size()] == ';');
}

std::string_view join(std::string_view first, std::string_view second, Arena& arena) {
  char* const text = arena.allocate(first.size() + second.size());
  second.copy(text + first.copy(text, first.size()), second.size());
  return {text, first.size() + second.size()};
}

// Moves bytes from the front of `from` to fill `to`.
std::size_t take(Buffer& from, std::span<char> to) {
  std::size_t filled = 0;
  while (filled < to.size()) {
    const Bytes piece = from.front().first(std::min(from.front().size(), to.size() - filled));
    filled += asText(piece).copy(to.data() + filled, piece.size());
    from.consume(piece.size());
  }
  return filled;
}

}  // namespace

filter::Verdict GrpcWeb::onRequest(http::Request& request) {
  const auto type = request.headers.get(http::HeaderId::kContentType);
  if (!type) return filter::Verdict::proceed();
  if (isType(*type, kText)) form_ = Form::kText;
  if (isType(*type, kBinary)) form_ = Form::kBinary;
  if (form_ == Form::kNone) return filter::Verdict::proceed();
  format_ = type->substr(form_ == Form::kText ? kText.size() : kBinary.size());
  request.headers.set(http::HeaderId::kContentType,
                      join("application/grpc", format_, request.headers.arena()));
  request.accepts_trailers = true;
  if (form_ == Form::kText) {
    control_.watchRequestBody(filter::BodyMode::pieces());
    request.rewriteBody();
  }
  return filter::Verdict::proceed();
}

filter::Flow GrpcWeb::onRequestBody(filter::BodyStep& step) {
  std::array<char, kTextBytes> text{};
  bool valid = true;
  while (valid && step.in.size() >= 4) {
    if (step.out.room() < kPlainBytes) return filter::Flow::more();
    const std::size_t size =
        take(step.in, {text.data(), std::min(kTextBytes, step.in.size() / 4 * 4)});
    converted_.clear();
    valid = decode({text.data(), size});
    step.out.append(asBytes(converted_));
  }
  if (valid && (!step.last || step.in.empty())) return filter::Flow::proceed();
  return filter::Verdict::reply(
      {.status = 400, .reason = Reason::kBadRequest, .detail = "the body is not base64"});
}

// Decodes groups of four. A client may pad each piece that it sends, so that any group may be the
// last of a piece.
bool GrpcWeb::decode(std::string_view text) {
  while (!text.empty()) {
    const std::size_t padding = text.find('=');
    const std::size_t size = padding == std::string_view::npos ? text.size() : padding / 4 * 4 + 4;
    if (!tls::appendFromBase64(text.substr(0, size), converted_)) return false;
    text.remove_prefix(size);
  }
  return true;
}

filter::Verdict GrpcWeb::onResponse(http::Response& response) {
  if (form_ == Form::kNone) return filter::Verdict::proceed();
  writeType(response);
  // A response without a body has its status in the head.
  if (response.body == http::BodyKind::kNone) return filter::Verdict::proceed();
  response.rewriteBody();
  response_ = &response;
  control_.watchResponseBody(filter::BodyMode::pieces());
  return filter::Verdict::proceed();
}

filter::Flow GrpcWeb::onResponseBody(filter::BodyStep& step) {
  if (step.last && !std::exchange(trailers_moved_, true)) appendTrailers(step.in);
  form_ == Form::kBinary ? step.pass() : encode(step);
  return filter::Flow::proceed();
}

// Each piece is padded, so that the client can decode it when it arrives.
void GrpcWeb::encode(filter::BodyStep& step) {
  std::array<char, kPlainBytes> plain{};
  while (!step.in.empty() && step.out.room() >= kTextBytes) {
    const std::size_t size = take(step.in, {plain.data(), std::min(kPlainBytes, step.in.size())});
    converted_.clear();
    tls::appendBase64(asBytes(std::string_view(plain.data(), size)), converted_);
    step.out.append(asBytes(converted_));
  }
}

// A failed call has its status in the head, as in gRPC itself.
void GrpcWeb::onLocalReply(http::Response& response) {
  if (form_ != Form::kNone && response.headers.find("grpc-status") != nullptr) writeType(response);
}

void GrpcWeb::writeType(http::Response& response) {
  const std::string_view type = form_ == Form::kText ? kText : kBinary;
  response.headers.set(http::HeaderId::kContentType, join(type, format_, response.headers.arena()));
}

// Appends a trailers frame after the messages, with the trailers as HTTP/1 lines.
void GrpcWeb::appendTrailers(Buffer& body) {
  std::string frame(5, '\0');
  frame[0] = kTrailersFrame;
  for (const http::Header& field : response_->trailers) {
    frame.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  response_->trailers.clear();
  const std::size_t size = frame.size() - 5;
  for (std::size_t i = 0; i < 4; ++i) {
    frame[1 + i] = static_cast<char>(size >> (8 * (3 - i)));
  }
  body.append(asBytes(frame));
}

}  // namespace weir::gateway
