#include "gateway/transform/json/json_bodies.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/config/units.h"
#include "core/http/syntax.h"
#include "gateway/transform/etag.h"
#include "gateway/transform/media_types.h"

namespace weir::gateway {
namespace {

using http::HeaderId;

constexpr std::size_t kKeptBlocks = 2;
constexpr std::size_t kKeptOutput = std::size_t{256} * 1024;

// Without a parameter, or with charset=utf-8: RFC 8259 allows no other.
bool hasJsonCharset(std::string_view content_type) {
  std::size_t at = content_type.find(';');
  while (at != std::string_view::npos) {
    content_type.remove_prefix(at + 1);
    at = content_type.find(';');
    const std::string_view parameter = http::trimmed(content_type.substr(0, at));
    constexpr std::string_view kCharset = "charset=";
    if (!http::equalsIgnoringCase(parameter.substr(0, kCharset.size()), kCharset)) continue;
    std::string_view value = http::trimmed(parameter.substr(kCharset.size()));
    if (value.size() > 1 && value.front() == '"') value = value.substr(1, value.size() - 2);
    return http::equalsIgnoringCase(value, "utf-8");
  }
  return true;
}

bool isJson(const http::Headers& headers) {
  const auto content_type = headers.get(HeaderId::kContentType);
  if (!content_type) return false;
  const std::string_view type = mediaTypeOf(*content_type);
  constexpr std::string_view kGrpc = "application/grpc";
  if (http::equalsIgnoringCase(type.substr(0, kGrpc.size()), kGrpc)) return false;
  static const MediaTypePattern kJson("application/json");
  static const MediaTypePattern kJsonSuffix("*+json");
  return (kJson.matches(type) || kJsonSuffix.matches(type)) && hasJsonCharset(*content_type);
}

bool isEncoded(const http::Headers& headers) {
  const auto coding = headers.joined(http::headerName(HeaderId::kContentEncoding));
  return coding && !coding->empty() && !http::equalsIgnoringCase(*coding, "identity");
}

// Of the body and the head before the change (RFC 9421).
void removeSignatures(http::Headers& headers) {
  headers.remove("signature");
  headers.remove("signature-input");
}

void setHeaders(http::Headers& headers, const std::vector<json::BodyHeader>& values) {
  for (const json::BodyHeader& each : values) {
    headers.remove(each.name);
    if (each.value) headers.add(each.name, *each.value);
  }
}

constexpr JsonMessage messageOf(const http::Request&) { return JsonMessage::kRequest; }
constexpr JsonMessage messageOf(const http::Response&) { return JsonMessage::kResponse; }

}  // namespace

void JsonBodies::RequestChanges::read(config::Table& table, RequestChanges& out) {
  json::Changes::readInto(table, out.changes);
  table.read(
      "strict", out.strict,
      "Whether requests are refused whose body is not JSON or compressed (415), or for which "
      "an expression has no result or a place does not exist (422). Otherwise such "
      "bodies pass, and such changes are left out.");
}

void JsonBodies::ResponseChanges::read(config::Table& table, ResponseChanges& out) {
  json::Changes::readInto(table, out.changes);
  table.read("strict", out.strict,
             "Whether a response becomes 502 if its JSON is malformed, too large or compressed, or "
             "if an expression has no result or a place does not exist. Otherwise such bodies "
             "pass, and such changes are left out.");
  table.read("keep_etag", out.keep_etag,
             "Whether a changed response keeps its entity tag, as a weak one: for expressions that "
             "depend on nothing but the body. Otherwise the tag is removed.");
}

void JsonBodies::Config::read(config::Table& table, Config& out) {
  table.read("request", out.request, "Changes to the bodies of requests.");
  table.read("response", out.response, "Changes to the bodies of responses.");
  table.readBytes("max_size", out.max_size,
                  "Limit for the size of a body, which is kept in memory. A larger request is "
                  "refused with 413.",
                  {.min = config::Size{1_KiB}, .max = config::Size{64_MiB}});
  table.read(
      "max_depth", out.max_depth,
      "Limit for the nesting of objects and arrays. A request beyond it is refused with 413.",
      {.min = 1, .max = 256});
  table.read("max_values", out.max_values,
             "Limit for the number of values in a body. A request beyond it is refused with 413.",
             {.min = 1, .max = 10'000'000});
  table.read("max_steps", out.max_steps,
             "Limit for the work of all expressions about a body, and of all changes to it: about "
             "one step for each value that is looked at. A request beyond it is refused with 422.",
             {.min = 1000, .max = 100'000'000});
  if (out.request.changes.empty() && out.response.changes.empty() && !table.has("request") &&
      !table.has("response")) {
    table.fail("", "changes nothing", "request = { remove = [\"/internal\"] }");
  }
}

void JsonBodies::addRequestFields(const Config& config, http::FieldSet& fields) {
  for (const auto& [name, value] : config.request.changes.headers()) fields.add(name);
}

void JsonBodies::count(JsonMessage message, JsonResult result) const {
  local_.metrics.counter(jsonKey(message, result)).add();
}

filter::Verdict JsonBodies::refuse(int status, std::string_view detail) const {
  constexpr int kTooLarge = 413;
  return filter::Verdict::reply(
      {.status = status,
       .reason = status == kTooLarge ? Reason::kBodyTooLarge : Reason::kTransformError,
       .detail = detail});
}

filter::Verdict JsonBodies::skipRequest(JsonResult result, std::string_view detail) {
  count(JsonMessage::kRequest, result);
  return config_.request.strict ? refuse(415, detail) : filter::Verdict::proceed();
}

filter::Verdict JsonBodies::skipResponse(JsonResult result, std::string_view detail) {
  count(JsonMessage::kResponse, result);
  return config_.response.strict ? refuse(502, detail) : filter::Verdict::proceed();
}

// A part of a body, or a compressed one, could not be changed.
filter::Verdict JsonBodies::onRequest(http::Request& request) {
  http::Headers& headers = request.headers;
  if (!config_.response.changes.empty()) {
    headers.set(HeaderId::kAcceptEncoding, "identity");
    headers.remove("range");
    headers.remove("if-range");
  }
  const bool has_body =
      request.body == http::BodyKind::kLength || request.body == http::BodyKind::kStream;
  if (config_.request.changes.empty() || !has_body) return filter::Verdict::proceed();
  if (!isJson(headers)) {
    return skipRequest(JsonResult::kSkippedType, "the body of the request is not JSON");
  }
  if (isEncoded(headers)) {
    return skipRequest(JsonResult::kSkippedType, "the body of the request is compressed");
  }
  request_ = &request;
  control_.watchRequestBody(filter::BodyMode::whole(config_.max_size));
  return filter::Verdict::proceed();
}

bool JsonBodies::isEligible(const http::Response& response) const {
  if (config_.response.changes.empty() || response.body == http::BodyKind::kTunnel) return false;
  if (response.status < 200 || response.status == 204 || response.status == 304) return false;
  return isJson(response.headers);
}

filter::Verdict JsonBodies::onResponse(http::Response& response) {
  if (!isEligible(response)) return filter::Verdict::proceed();
  if (isEncoded(response.headers)) {
    return skipResponse(JsonResult::kSkippedType, "the body of the response is compressed");
  }
  if (response.status == 206 || response.headers.find("content-range") != nullptr) {
    return skipResponse(JsonResult::kSkippedType, "the response is a part of a body");
  }
  if (response.body == http::BodyKind::kNone) {  // of HEAD: the length would be another one
    response.rewriteBody();
    return filter::Verdict::proceed();
  }
  if (response.body == http::BodyKind::kLength && response.content_length > config_.max_size) {
    return skipResponse(JsonResult::kSkippedSize, "the body of the response is too large");
  }
  response_ = &response;
  control_.watchResponseBody(filter::BodyMode::wholeOrPieces(config_.max_size));
  return filter::Verdict::proceed();
}

JsonBodies::Judgement JsonBodies::judge(json::Mistake mistake) const {
  const bool large = mistake == json::Mistake::kTooDeep || mistake == json::Mistake::kTooManyNodes;
  if (large) return {JsonResult::kSkippedSize, 413, textOf(mistake), true};
  const bool twice = mistake == json::Mistake::kDuplicate;
  return {twice ? JsonResult::kDuplicate : JsonResult::kInvalid, 400, textOf(mistake), true};
}

// Reads the complete body, and puts what it becomes into the output.
template <typename Message>
JsonBodies::Judgement JsonBodies::transform(filter::BodyStep& step, const json::Changes& changes,
                                            Message& message) {
  char* to = local_.document.prepare(step.in.size());
  while (!step.in.empty()) {
    const Bytes piece = step.in.front();
    to = std::copy(piece.begin(), piece.end(), to);
    step.in.consume(piece.size());
  }
  local_.text.clear();
  const Judgement judgement = local_.document.text().empty()
                                  ? Judgement{JsonResult::kUnchanged, 0, {}, false}
                                  : apply(changes, message);
  const bool changed = judgement.result == JsonResult::kOk;
  if (changed) rewriteHead(message, local_.text.size());
  output_.append(asBytes(changed ? std::string_view{local_.text} : local_.document.text()));
  local_.values.release();
  local_.document.release();
  local_.blocks.trim(kKeptBlocks);
  if (local_.text.capacity() > kKeptOutput) local_.text = std::string();
  count(messageOf(message), judgement.result);
  return judgement;
}

template <typename Message>
JsonBodies::Judgement JsonBodies::apply(const json::Changes& changes, Message& message) {
  const JsonMessage kind = messageOf(message);
  const json::ParseLimits limits{config_.max_depth, config_.max_values,
                                 kind == JsonMessage::kResponse};
  Arena arena(local_.blocks);
  json::Document& document = local_.document;
  const json::Mistake mistake = document.parse(limits, arena);
  if (mistake != json::Mistake::kNone) return judge(mistake);
  if (document.hasDuplicates()) count(kind, JsonResult::kDuplicate);
  local_.values.begin(document, arena);
  const json::BodyFacts facts(control_.facts(), local_.values);
  expr::Budget budget{arena};
  budget.steps = config_.max_steps;
  budget.bytes = json::Changes::mostOutput(document);
  budget.loop_items = config_.max_values;
  json::Work work{document, local_.values, facts, budget, arena};
  json::Outcome outcome;
  if (changes.changesBody()) outcome = changes.apply(work, local_.text);
  const auto headers = changes.headerValues(work, message.headers.arena(), outcome);
  if (outcome.dropped > 0) local_.metrics.counter(jsonDroppedKey(kind)).add(outcome.dropped);
  if (!outcome.over_limit.empty()) return {JsonResult::kLimit, 422, outcome.over_limit, true};
  setHeaders(message.headers, headers);
  const bool strict =
      kind == JsonMessage::kRequest ? config_.request.strict : config_.response.strict;
  if (strict && !outcome.failed.empty()) return {JsonResult::kFailed, 422, outcome.failed, true};
  return {outcome.changed ? JsonResult::kOk : JsonResult::kUnchanged, 0, {}, false};
}

void JsonBodies::rewriteHead(http::Request& request, std::size_t size) const {
  removeSignatures(request.headers);
  request.trailers.empty() ? request.rewriteBody(size) : request.rewriteBody();
}

void JsonBodies::rewriteHead(http::Response& response, std::size_t size) const {
  const std::string_view tag =
      config_.response.keep_etag ? weakEtag(response.headers) : std::string_view();
  removeSignatures(response.headers);
  response.trailers.empty() ? response.rewriteBody(size) : response.rewriteBody();
  if (!tag.empty()) response.headers.add("etag", tag);
}

// Writes as much of the output as there is room for.
filter::Flow JsonBodies::pass(filter::BodyStep& step) {
  while (!output_.empty() && step.out.room() > 0) {
    output_.consume(step.out.append(output_.front()));
  }
  if (!output_.empty()) return filter::Flow::more();
  step.pass();
  return filter::Flow::proceed();
}

// The first call has the complete body, and the head waits for it.
filter::Flow JsonBodies::onRequestBody(filter::BodyStep& step) {
  if (http::Request* const request = std::exchange(request_, nullptr)) {
    const Judgement judgement = transform(step, config_.request.changes, *request);
    if (judgement.refused) return refuse(judgement.status, judgement.detail);
  }
  return pass(step);
}

// The same, unless the body is too large.
filter::Flow JsonBodies::onResponseBody(filter::BodyStep& step) {
  http::Response* const response = std::exchange(response_, nullptr);
  if (response != nullptr && !step.last) {
    const auto verdict =
        skipResponse(JsonResult::kSkippedSize, "the body of the response is too large");
    if (verdict.replies()) return verdict;
  } else if (response != nullptr) {
    const Judgement judgement = transform(step, config_.response.changes, *response);
    if (judgement.refused && config_.response.strict) return refuse(502, judgement.detail);
  }
  return pass(step);
}

}  // namespace weir::gateway
