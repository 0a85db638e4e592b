#include "tests/core/http/h2/pair.h"

namespace weir::test {

CodecPair::CodecPair(const http::h2::Options& server, const http::h2::Options& client)
    : server_(std::make_unique<http::h2::ServerCodec>(
          loop_, to_client_, static_cast<http::ExchangeSource&>(*this), server)),
      client_(std::make_unique<http::h2::ClientCodec>(
          loop_, to_server_, static_cast<http::ClientCodecEvents&>(*this), client, "http")) {}

CodecPair::~CodecPair() {
  server_->onBroken({ErrorCode::kReset, Origin::kDownstream, "test ends"});
  client_->onBroken({ErrorCode::kReset, Origin::kUpstream, "test ends"});
}

void CodecPair::settle() {
  do {
    const std::string up = std::exchange(to_server_.bytes, {});
    const std::string down = std::exchange(to_client_.bytes, {});
    if (!up.empty()) server_->feed(asBytes(up));
    if (!down.empty()) client_->feed(asBytes(down));
    loop_.runOnce();
  } while (!to_server_.bytes.empty() || !to_client_.bytes.empty());
}

http::Request& CodecPair::get(std::string_view path) {
  http::Request& request = made_.emplace_back(arena_);
  request.method_text = "GET";
  request.scheme = "http";
  request.authority = "a.test";
  request.path = path;
  return request;
}

HeardResponse& CodecPair::call(const http::Request& request) {
  if (!client_->ready()) settle();
  responses_.push_back(std::make_unique<HeardResponse>(blocks()));
  HeardResponse& response = *responses_.back();
  response.requester = &client_->open(response);
  response.requester->sendHead(request);
  return response;
}

http::RequestEvents& CodecPair::openExchange(http::Responder& responder) {
  requests_.push_back(std::make_unique<HeardRequest>(blocks(), responder));
  return *requests_.back();
}

void CodecPair::closeExchange(http::RequestEvents& exchange) {
  static_cast<HeardRequest&>(exchange).closed = true;
}

}  // namespace weir::test
