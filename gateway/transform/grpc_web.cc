#include "gateway/transform/grpc_web.h"

#include "core/tls/digest.h"

namespace weir::gateway {
namespace {

constexpr std::string_view kText = "application/grpc-web-text";
constexpr std::string_view kBinary = "application/grpc-web";
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

}  // namespace

filter::Verdict GrpcWeb::onRequest(http::Request& request) {
  const auto type = request.headers.get(http::HeaderId::kContentType);
  if (!type) return filter::Verdict::kContinue;
  if (isType(*type, kText)) form_ = Form::kText;
  if (isType(*type, kBinary)) form_ = Form::kBinary;
  if (form_ == Form::kNone) return filter::Verdict::kContinue;
  format_ = type->substr(form_ == Form::kText ? kText.size() : kBinary.size());
  request.headers.set(http::HeaderId::kContentType,
                      join("application/grpc", format_, request.headers.arena()));
  request.accepts_trailers = true;
  // The received length is that of the encoded text.
  if (form_ == Form::kText && request.body == http::BodyKind::kLength) {
    request.body = http::BodyKind::kStream;
  }
  return filter::Verdict::kContinue;
}

filter::Verdict GrpcWeb::onRequestBody(Bytes& bytes, bool last) {
  if (form_ != Form::kText) return filter::Verdict::kContinue;
  rest_.append(asText(bytes));
  out_.clear();
  // A client may pad each piece that it sends, so that any group may be the last of a piece.
  std::size_t taken = 0;
  bool good = true;
  while (good && rest_.size() - taken >= 4) {
    const std::string_view left(rest_.data() + taken, rest_.size() - taken);
    std::string_view groups = left.substr(0, left.size() / 4 * 4);
    const std::size_t padding = groups.find('=');
    if (padding != std::string_view::npos) groups = groups.substr(0, padding / 4 * 4 + 4);
    good = tls::appendFromBase64(groups, out_);
    taken += groups.size();
  }
  rest_.erase(0, taken);
  if (!good || (last && !rest_.empty())) {
    control_.respond({400, Reason::kBadRequest, "the body is not base64"});
    return filter::Verdict::kResponded;
  }
  bytes = asBytes(out_);
  return filter::Verdict::kContinue;
}

filter::Verdict GrpcWeb::onResponse(http::Response& response) {
  if (form_ == Form::kNone) return filter::Verdict::kContinue;
  writeType(response);
  // A response without a body has its status in the head.
  if (response.body == http::BodyKind::kNone) return filter::Verdict::kContinue;
  response.body = http::BodyKind::kStream;
  response.has_content_length = false;
  answer_ = &response;
  return filter::Verdict::kContinue;
}

filter::Verdict GrpcWeb::onResponseBody(Bytes& bytes, bool last) {
  if (answer_ == nullptr) return filter::Verdict::kContinue;
  plain_.assign(bytes.data(), bytes.size());
  if (last) appendTrailers();
  if (form_ == Form::kBinary) {
    bytes = asBytes(plain_);
    return filter::Verdict::kContinue;
  }
  out_.clear();
  if (!plain_.empty()) tls::appendBase64(asBytes(plain_), out_);
  bytes = asBytes(out_);
  return filter::Verdict::kContinue;
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
void GrpcWeb::appendTrailers() {
  const std::size_t header = plain_.size();
  plain_.push_back(kTrailersFrame);
  plain_.append(4, '\0');
  for (const http::Header& field : answer_->trailers) {
    plain_.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  answer_->trailers.clear();
  const std::size_t size = plain_.size() - header - 5;
  for (std::size_t i = 0; i < 4; ++i) {
    plain_[header + 1 + i] = static_cast<char>(size >> (8 * (3 - i)));
  }
}

}  // namespace weir::gateway
