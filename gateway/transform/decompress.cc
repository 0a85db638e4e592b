#include "gateway/transform/decompress.h"

#include <utility>

#include "core/http/syntax.h"
#include "gateway/transform/etag.h"

namespace weir::gateway {
namespace {

using filter::Side;
using http::HeaderId;

constexpr std::string_view kDecodable = "zstd, br, gzip";
// Output below this size is harmless, and small bodies of zeros are legitimate.
constexpr std::uint64_t kFreeOfRatio = 64 * 1024;

std::optional<ContentCoding> codingOf(const http::Headers& headers) {
  return contentCodingOf(
      headers.joined(http::headerName(HeaderId::kContentEncoding)).value_or(std::string_view()));
}

}  // namespace

void Decompress::Config::read(config::Table& table, Config& out) {
  table.read("requests", out.requests,
             "Whether the bodies of requests are decompressed. Other codings than gzip, br and "
             "zstd, and several at once, are refused with 415.");
  table.read(
      "responses", out.responses,
      "Whether the bodies of responses are decompressed. `Accept-Encoding` of the request to the "
      "upstream lists the codings that may be used. Responses in other codings pass.");
  table.readBytes("max_size", out.max_size,
                  "Limit for the size of a decompressed body. A larger request is refused with "
                  "413, a larger response becomes 502.",
                  {.min = config::Size{1_KiB}, .max = config::Size{1024 * 1_MiB}});
  table.read("max_ratio", out.max_ratio,
             "Limit for the size of a decompressed body as a multiple of the compressed size, from "
             "64 KiB on. A request beyond it is refused with 400, a response becomes 502.",
             {.min = 2, .max = 100'000});
  table.readBytes("max_memory", out.max_memory,
                  "Limit for the memory of all decoders of this filter on each worker. Messages "
                  "beyond it are refused with 503.",
                  {.min = config::Size{16_MiB}, .max = config::Size{16 * 1024 * 1_MiB}});
}

void Decompress::Body::release() {
  decoder.reset();
  local.memory -= std::exchange(memory, 0);
}

void Decompress::count(ContentCoding coding, DecompressResult result) const {
  local_.metrics.counter(decompressKey(coding, result)).add();
}

bool Decompress::begin(Body& body, ContentCoding coding) {
  if (local_.memory >= config_.max_memory) return false;
  body.coding = coding;
  body.decoder = makeDecoder(coding);
  body.bytes_in = local_.metrics.counter(decompressBytesKey(coding, BodyDirection::kIn));
  body.bytes_out = local_.metrics.counter(decompressBytesKey(coding, BodyDirection::kOut));
  return body.decoder != nullptr;
}

filter::Verdict Decompress::onRequest(http::Request& request) {
  http::Headers& headers = request.headers;
  if (config_.responses) {
    if_none_match_ = headers.joined("if-none-match").value_or(std::string_view());
    // A part of a compressed body could not be decompressed.
    const bool part = headers.find("range") != nullptr;
    headers.set(HeaderId::kAcceptEncoding, part ? "identity" : kDecodable);
  }
  if (!config_.requests || request.body == http::BodyKind::kTunnel) {
    return filter::Verdict::proceed();
  }
  const auto coding = codingOf(headers);
  if (!coding) return refuseCoding(request);
  if (*coding == ContentCoding::kIdentity) return filter::Verdict::proceed();
  headers.remove(HeaderId::kContentEncoding);
  if (request.body == http::BodyKind::kNone) return filter::Verdict::proceed();
  if (!begin(request_, *coding)) return refuseBusy(*coding);
  request.rewriteBody();
  control_.watchRequestBody(filter::BodyMode::pieces());
  return filter::Verdict::proceed();
}

// RFC 9110, 15.5.16: Accept-Encoding tells the client what is possible.
filter::Verdict Decompress::refuseCoding(const http::Request& request) {
  count(ContentCoding::kIdentity, DecompressResult::kUnsupported);
  filter::LocalReply reply{.status = 415,
                           .reason = Reason::kTransformError,
                           .detail = "the content coding of the request is not supported"};
  reply.headers.emplace(request.headers.arena());
  reply.headers->add(HeaderId::kAcceptEncoding, kDecodable);
  return filter::Verdict::reply(reply);
}

filter::Verdict Decompress::refuseBusy(ContentCoding coding) {
  count(coding, DecompressResult::kBusy);
  return filter::Verdict::reply({.status = 503,
                                 .reason = Reason::kOverloadMemory,
                                 .detail = "the decoders have no memory left"});
}

filter::Verdict Decompress::onResponse(http::Response& response) {
  http::Headers& headers = response.headers;
  if (!config_.responses || response.body == http::BodyKind::kTunnel) {
    return filter::Verdict::proceed();
  }
  if (response.status == 304) {
    weakenSameEtag(headers, if_none_match_);
    return filter::Verdict::proceed();
  }
  const auto coding = codingOf(headers);
  if (!coding || *coding == ContentCoding::kIdentity) return filter::Verdict::proceed();
  const bool part = response.status == 206 || headers.find("content-range") != nullptr;
  const auto control = headers.joined(http::headerName(HeaderId::kCacheControl));
  if (part || (control && http::hasToken(*control, "no-transform"))) {
    return filter::Verdict::proceed();
  }
  if (response.body != http::BodyKind::kNone) {
    if (!begin(response_, *coding)) return refuseBusy(*coding);
    control_.watchResponseBody(filter::BodyMode::pieces());
  }
  const std::string_view tag = weakEtag(headers);
  response.rewriteBody();
  if (!tag.empty()) headers.add("etag", tag);
  headers.remove(HeaderId::kContentEncoding);
  return filter::Verdict::proceed();
}

filter::Flow Decompress::onRequestBody(filter::BodyStep& step) {
  return decode(request_, step, Side::kRequest);
}

filter::Flow Decompress::onResponseBody(filter::BodyStep& step) {
  return decode(response_, step, Side::kResponse);
}

filter::Flow Decompress::decode(Body& body, filter::BodyStep& step, Side side) {
  if (body.decoder == nullptr) return Filter::onRequestBody(step);
  Mistake mistake = Mistake::kNone;
  while (mistake == Mistake::kNone && (body.has_more || !step.in.empty())) {
    if (step.out.room() == 0) return filter::Flow::more();
    mistake = decodeOnce(body, step);
  }
  if (mistake == Mistake::kNone && step.last && !body.between) mistake = Mistake::kIncomplete;
  if (mistake != Mistake::kNone) return refuse(body, mistake, side);
  if (step.last) {
    count(body.coding, DecompressResult::kOk);
    body.release();
  }
  return filter::Flow::proceed();
}

// Decodes one piece into one piece, so that the limits hold within a few KiB.
Decompress::Mistake Decompress::decodeOnce(Body& body, filter::BodyStep& step) const {
  const Bytes in = step.in.front();
  const std::span<char> room = step.out.prepare();
  const Decoder::Step did = body.decoder->decode(in, room);
  body.read += did.read;
  body.written += did.written;
  body.bytes_in.add(did.read);
  body.bytes_out.add(did.written);
  body.has_more = did.written == room.size();
  body.between = did.state == Decoder::State::kBetween;
  step.in.consume(did.read);
  step.out.commit(did.written);
  const bool stuck = did.read == 0 && did.written == 0 && !in.empty();
  if (did.state == Decoder::State::kInvalid || stuck) return Mistake::kInvalid;
  return measure(body);
}

Decompress::Mistake Decompress::measure(Body& body) const {
  if (body.written > config_.max_size) return Mistake::kTooLarge;
  const bool counts = body.written > kFreeOfRatio;
  if (counts && body.written > body.read * config_.max_ratio) return Mistake::kRatio;
  const std::size_t memory = body.decoder->memory();
  local_.memory += memory - std::exchange(body.memory, memory);
  return local_.memory > config_.max_memory ? Mistake::kNoMemory : Mistake::kNone;
}

filter::Verdict Decompress::refuse(const Body& body, Mistake mistake, Side side) {
  if (mistake == Mistake::kNoMemory) return refuseBusy(body.coding);
  const bool too_large = mistake == Mistake::kTooLarge;
  count(body.coding, too_large || mistake == Mistake::kRatio ? DecompressResult::kTooLarge
                                                             : DecompressResult::kInvalid);
  filter::LocalReply reply{.status = 502, .reason = Reason::kTransformError};
  if (side == Side::kRequest) reply.status = too_large ? 413 : 400;
  switch (mistake) {
    case Mistake::kTooLarge:
      reply.reason = Reason::kBodyTooLarge;
      reply.detail = "the decompressed body exceeds max_size";
      break;
    case Mistake::kRatio:
      reply.detail = "the decompressed body exceeds max_ratio";
      break;
    case Mistake::kIncomplete:
      reply.detail = "the compressed body is incomplete";
      break;
    default:
      reply.detail = "the compressed body is malformed";
  }
  return filter::Verdict::reply(reply);
}

}  // namespace weir::gateway
