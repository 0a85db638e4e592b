#include "gateway/transform/compress.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/http/syntax.h"
#include "gateway/transform/etag.h"
#include "gateway/transform/metrics.h"

namespace weir::gateway {
namespace {

using http::HeaderId;

constexpr std::string_view kEventStream = "text/event-stream";
constexpr std::string_view kGrpcTypes = "application/grpc";  // and gRPC-Web
constexpr std::string_view kVaried = "Accept-Encoding";

std::string_view valueOr(const http::Headers& headers, std::string_view name) {
  return headers.joined(name).value_or(std::string_view());
}

bool startsIgnoringCase(std::string_view text, std::string_view with) {
  return http::equalsIgnoringCase(text.substr(0, with.size()), with);
}

// Credentials and a page of another site: the attacker of BREACH needs both.
bool isCrossSite(const http::Headers& headers) {
  const bool credentials = headers.find(HeaderId::kCookie) != nullptr ||
                           headers.find(HeaderId::kAuthorization) != nullptr;
  if (!credentials) return false;
  const auto site = headers.get("sec-fetch-site");
  return site && http::equalsIgnoringCase(*site, "cross-site");
}

void addVary(http::Headers& headers) {
  const std::string_view vary = valueOr(headers, "vary");
  if (http::hasToken(vary, kVaried) || http::hasToken(vary, "*")) return;
  if (vary.empty()) return headers.set(HeaderId::kVary, kVaried);
  constexpr std::string_view kBetween = ", ";
  ArenaWriter both(headers.arena(), vary.size() + kBetween.size() + kVaried.size());
  headers.set(HeaderId::kVary, both.put(vary).put(kBetween).put(kVaried).text());
}

bool mayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

// The head of a compressed response. The tag stays, as a weak one.
void writeEncodedHead(http::Response& response, ContentCoding coding) {
  const std::string_view tag = weakEtag(response.headers);
  response.rewriteBody();
  if (!tag.empty()) response.headers.add("etag", tag);
  response.headers.set(HeaderId::kContentEncoding, nameOf(coding));
}

EncoderPool::Levels levelsOf(const Compress::Config& config) {
  EncoderPool::Levels levels{};
  levels[static_cast<std::size_t>(ContentCoding::kGzip)] = config.gzip_level;
  levels[static_cast<std::size_t>(ContentCoding::kBr)] = config.br_level;
  levels[static_cast<std::size_t>(ContentCoding::kZstd)] = config.zstd_level;
  return levels;
}

}  // namespace

Compress::Config::Config()
    : encodings{ContentCoding::kZstd, ContentCoding::kBr, ContentCoding::kGzip},
      types{"text/*",
            "application/json",
            "*+json",
            "application/x-ndjson",
            "application/xml",
            "*+xml",
            "application/javascript",
            "application/wasm"} {}

void Compress::Config::read(config::Table& table, Config& out) {
  table.read("encodings", out.encodings, kCompressions,
             "Content codings that are offered. If a client accepts several equally, the first one "
             "is used.",
             {.min_size = 1, .max_size = std::size(kCompressions)});
  table.read("types", out.types,
             "Media types of the responses that are compressed: `application/json`, all of a type "
             "(`text/*`), or all with a suffix (`*+json`).",
             {.min_size = 1, .max_size = 64});
  table.readBytes("min_size", out.min_size,
                  "Smallest body that is compressed, by Content-Length. Bodies of unknown size are "
                  "compressed.",
                  {.max = config::Size{1_MiB}});
  table.read("flush_after", out.flush_after,
             "Longest time for which compressed data is held back in order to compress it together "
             "with later data. 0: each piece of the body that the upstream sends is sent at once.",
             {.max = Milliseconds(10'000)});
  table.read("sse", out.sse,
             "Whether streams of events (`text/event-stream`) are compressed, too. Each event is "
             "sent at once.");
  table.read("breach_guard", out.breach_guard,
             "Whether responses to requests with `Cookie` or `Authorization` are sent uncompressed "
             "if a page of another site has caused them (`Sec-Fetch-Site: cross-site`): their "
             "compressed size could reveal secrets in them (BREACH).");
  table.read("restore_etag", out.restore_etag,
             "Whether weak entity tags in `If-None-Match` are passed to the upstream as strong "
             "ones, for servers that do not recognize the weak form of their own tags.");
  readCosts(table, out);
  out.patterns = readMediaTypes(table, "types", out.types);
}

void Compress::Config::readCosts(config::Table& table, Config& out) {
  table.read("gzip_level", out.gzip_level, "Compression level of gzip.", {.min = 1, .max = 9});
  table.read("br_level", out.br_level, "Compression level (quality) of Brotli.",
             {.min = 0, .max = 6});
  table.read("zstd_level", out.zstd_level, "Compression level of Zstandard.", {.min = 1, .max = 6});
  table.read("max_active", out.max_active,
             "Maximum number of responses that are compressed at the same time on each worker. "
             "Further responses are sent uncompressed.",
             {.min = 1, .max = 65'536});
}

Compress::Local::Local(const Config& config, const filter::LocalTools& tools)
    : loop(tools.loop),
      metrics(tools.metrics),
      encoders(tools.loop, levelsOf(config), config.max_active) {}

filter::Verdict Compress::onRequest(http::Request& request) {
  is_head_ = request.method == http::Method::kHead;
  guarded_ = config_.breach_guard && isCrossSite(request.headers);
  if_none_match_ = valueOr(request.headers, "if-none-match");
  const std::string_view accepted = valueOr(request.headers, "accept-encoding");
  if (!accepted.empty()) coding_ = negotiateCoding(accepted, config_.encodings);
  if (config_.restore_etag && if_none_match_.find("W/") != std::string_view::npos) {
    request.headers.set("if-none-match", strongEtags(if_none_match_, request.headers.arena()));
  }
  return filter::Verdict::proceed();
}

bool Compress::isCompressible(std::string_view content_type) {
  const std::string_view type = mediaTypeOf(content_type);
  is_stream_ = http::equalsIgnoringCase(type, kEventStream);
  if (is_stream_) return config_.sse;
  return !startsIgnoringCase(type, kGrpcTypes) && matchesAny(config_.patterns, type);
}

// Whether the response would be compressed for a client that accepts it.
bool Compress::isEligible(const http::Response& response) const {
  const http::Headers& headers = response.headers;
  const bool bodiless = response.body == http::BodyKind::kNone && !is_head_;
  if (!mayHaveBody(response.status) || bodiless) return false;
  if (response.body == http::BodyKind::kTunnel || response.status == 206) return false;
  if (response.has_content_length && response.content_length < config_.min_size) return false;
  return headers.find(HeaderId::kContentEncoding) == nullptr &&
         headers.find("content-range") == nullptr &&
         !http::hasToken(valueOr(headers, "cache-control"), "no-transform");
}

filter::Verdict Compress::onResponse(http::Response& response) {
  http::Headers& headers = response.headers;
  if (response.status == 304) {
    addVary(headers);
    weakenSameEtag(headers, if_none_match_);
    return filter::Verdict::proceed();
  }
  const auto type = headers.get(HeaderId::kContentType);
  if (!type || !isCompressible(*type) || !isEligible(response)) return filter::Verdict::proceed();
  addVary(headers);
  if (coding_ == ContentCoding::kIdentity || !begin(response)) return filter::Verdict::proceed();
  writeEncodedHead(response, coding_);
  if (encoder_) control_.watchResponseBody(filter::BodyMode::pieces());
  return filter::Verdict::proceed();
}

// Whether the response is compressed. A HEAD request has the head of the response to GET.
bool Compress::begin(const http::Response& response) {
  if (guarded_) {
    count(CompressResult::kGuarded);
    return false;
  }
  if (response.body == http::BodyKind::kNone) return true;
  std::optional<std::uint64_t> size;
  if (response.body == http::BodyKind::kLength) size = response.content_length;
  if (local_.loop.overload() == event::Overload::kNone) {
    encoder_ = local_.encoders.take(coding_, size);
  }
  count(encoder_ ? CompressResult::kOk : CompressResult::kBusy);
  if (!encoder_) return false;
  bytes_in_ = local_.metrics.counter(compressBytesKey(coding_, BodyDirection::kIn));
  bytes_out_ = local_.metrics.counter(compressBytesKey(coding_, BodyDirection::kOut));
  return true;
}

void Compress::count(CompressResult result) const {
  local_.metrics.counter(compressKey(coding_, result)).add();
}

filter::Flow Compress::onResponseBody(filter::BodyStep& step) {
  if (!encoder_) return Filter::onResponseBody(step);
  bool complete = reach(step) && feed(step);
  if (complete && !ended_) {
    if (holds_back_ && flushesNow()) goal_ = Encoder::Goal::kFlush;
    if (step.last) goal_ = Encoder::Goal::kEnd;
    complete = reach(step);
  }
  if (failed_) {
    return filter::Verdict::reply({.status = 500,
                                   .reason = Reason::kTransformError,
                                   .detail = "the response cannot be compressed"});
  }
  if (!complete) return filter::Flow::more();
  encoder_.countMemory();
  ended_ ? endEncoding() : planFlush();
  return filter::Flow::proceed();
}

// Reads all input; false if there is no more room for output.
bool Compress::feed(filter::BodyStep& step) {
  while (!step.in.empty()) {
    const auto did = encode(step, step.in.front(), Encoder::Goal::kRead);
    if (!did) return false;
    bytes_in_.add(did->read);
    step.in.consume(did->read);
    holds_back_ = true;
  }
  return true;
}

// Completes a flush, or the end of the body.
bool Compress::reach(filter::BodyStep& step) {
  while (goal_ != Encoder::Goal::kRead) {
    const auto did = encode(step, {}, goal_);
    if (!did) return false;
    if (!did->done) continue;
    ended_ = goal_ == Encoder::Goal::kEnd;
    goal_ = Encoder::Goal::kRead;
    holds_back_ = false;
  }
  return true;
}

// Nothing if there is no room or if the encoder has failed.
std::optional<Encoder::Step> Compress::encode(filter::BodyStep& step, Bytes in,
                                              Encoder::Goal goal) {
  const std::span<char> room = step.out.prepare();
  if (room.empty()) return std::nullopt;
  const Encoder::Step did = encoder_.encode(in, room, goal);
  step.out.commit(did.written);
  bytes_out_.add(did.written);
  failed_ = did.failed;
  return failed_ ? std::nullopt : std::optional(did);
}

bool Compress::flushesNow() const {
  return flush_due_ || is_stream_ || config_.flush_after == Milliseconds(0);
}

void Compress::planFlush() {
  flush_due_ = false;
  if (!holds_back_) return flush_.disarm();
  if (!flush_.armed()) flush_.arm(config_.flush_after);
}

void Compress::onFlushDue() {
  flush_due_ = true;
  control_.callAgain(filter::Side::kResponse);
}

void Compress::endEncoding() {
  flush_.disarm();
  encoder_.giveBack();
}

}  // namespace weir::gateway
