#include "gateway/transform/error_pages/error_pages.h"

#include <algorithm>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/http/message.h"
#include "gateway/transform/error_pages/format.h"
#include "gateway/transform/metrics.h"

namespace weir::gateway {
namespace {

using http::HeaderId;

constexpr std::string_view kBuiltInJson =
    "{\"type\":\"about:blank\",\"title\":\"${response.phrase}\",\"status\":${response.status},"
    "\"reason\":\"${response.reason}\",\"request_id\":\"${request.id}\"}\n";
constexpr std::string_view kBuiltInHtml =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<title>${response.status} ${response.phrase}</title>\n"
    "<h1>${response.status} ${response.phrase}</h1>\n<p>Request ${request.id}</p>\n</html>\n";
constexpr std::string_view kBuiltInText =
    "${response.status} ${response.phrase}\nRequest ${request.id}\n";

const ErrorPages::Templates& builtInTemplates() {
  static const ErrorPages::Templates kTemplates = [] {
    std::string why;
    return ErrorPages::Templates{PageTemplate::parse(kBuiltInJson, why),
                                 PageTemplate::parse(kBuiltInHtml, why),
                                 PageTemplate::parse(kBuiltInText, why)};
  }();
  return kTemplates;
}

const ErrorPages::Page& builtInPage() {
  static const ErrorPages::Page kPage = [] {
    ErrorPages::Page page;
    page.ranges = {{400, 599}};
    page.templates = builtInTemplates();
    return page;
  }();
  return kPage;
}

// The fields that describe the replaced body.
void dropBodyFields(http::Response& response, std::size_t length) {
  response.rewriteBody(length);
  response.headers.remove(HeaderId::kContentEncoding);
  for (const std::string_view name :
       {"content-language", "content-location", "content-disposition", "last-modified"}) {
    response.headers.remove(name);
  }
}

// The decision of a service, with its own body.
bool isForeign(Reason reason) {
  return reason == Reason::kExtAuthDenied || reason == Reason::kExtAuthError;
}

}  // namespace

bool ErrorPages::Page::matches(int status, Reason reason) const {
  const bool in_range = std::any_of(ranges.begin(), ranges.end(), [&](const StatusRange& range) {
    return status >= range.first && status <= range.last;
  });
  if (!in_range) return false;
  if (causes.empty()) return !isForeign(reason);
  return std::find(causes.begin(), causes.end(), reason) != causes.end();
}

filter::Verdict ErrorPages::onRequest(http::Request& request) {
  is_head_ = request.method == http::Method::kHead;
  accept_ = request.headers.joined(http::headerName(HeaderId::kAccept)).value_or("");
  return filter::Verdict::proceed();
}

const ErrorPages::Page* ErrorPages::pageFor(int status, Reason reason) const {
  if (is_head_ || status < 400) return nullptr;
  if (config_.pages.empty()) {
    return builtInPage().matches(status, reason) ? &builtInPage() : nullptr;
  }
  for (const Page& page : config_.pages) {
    if (page.matches(status, reason)) return &page;
  }
  return nullptr;
}

void ErrorPages::check(Config& config, filter::References& references,
                       config::Diagnostics& diagnostics) {
  for (Page& page : config.pages) {
    if (page.from) page.service = {*page.from, references.target(*page.from, diagnostics)};
  }
}

std::optional<std::string_view> ErrorPages::write(const Page& page, http::Response& head,
                                                  Reason reason) {
  const int status = page.replace_status.value_or(head.status);
  if (!page.from) {
    head.status = status;
    return writeTemplate(page, head, reason);
  }
  const FetchedPages::Page* const fetched = local_.fetched.find(page.service, status);
  if (fetched == nullptr) return std::nullopt;
  head.status = status;
  Arena& arena = control_.arena();
  head.headers.set(HeaderId::kContentType, arena.copy(fetched->content_type));
  return arena.copy(fetched->body);
}

std::string_view ErrorPages::writeTemplate(const Page& page, http::Response& head,
                                           Reason reason) const {
  bool available[kPageFormats];
  for (std::size_t i = 0; i < kPageFormats; ++i) available[i] = page.templates[i].has_value();
  const PageFormat format = preferredFormat(accept_, available);
  const http::ExchangeRecord& record = control_.record();
  ArenaWriter status(control_.arena(), 3);
  const PageValues values = {
      status.number(static_cast<std::uint64_t>(head.status)).text(),
      http::phraseFor(head.status),
      toString(reason),
      record.request_id,
      record.method_text,
      http::hostOf(record.authority),
      record.path,
  };
  head.headers.set(HeaderId::kContentType, contentTypeOf(format));
  return page.templates[static_cast<std::size_t>(format)]->expand(values, format, control_.arena());
}

void ErrorPages::onLocalBody(filter::LocalBody& body) {
  if (config_.source == Source::kUpstream || body.reason == Reason::kNone) return;
  const Page* const page = pageFor(body.head.status, body.reason);
  if (page == nullptr) return;
  const auto text = write(*page, body.head, body.reason);
  if (!text) return;
  body.text = *text;
  if (body.head.headers.find(HeaderId::kCacheControl) == nullptr) {
    body.head.headers.add(HeaderId::kCacheControl, "no-store");
  }
  local_.metrics.counter(errorPagesKey(ErrorSource::kWeir)).add();
}

filter::Verdict ErrorPages::onResponse(http::Response& response) {
  if (config_.source == Source::kWeir) return filter::Verdict::proceed();
  const auto type = response.headers.get(HeaderId::kContentType);
  constexpr std::string_view kGrpc = "application/grpc";
  if (type && http::equalsIgnoringCase(type->substr(0, kGrpc.size()), kGrpc)) {
    return filter::Verdict::proceed();
  }
  const Page* const page = pageFor(response.status, Reason::kNone);
  if (page == nullptr) return filter::Verdict::proceed();
  const auto text = write(*page, response, Reason::kNone);
  if (!text) return filter::Verdict::proceed();
  page_ = *text;
  dropBodyFields(response, page_.size());
  response.body = http::BodyKind::kLength;  // also if it had none
  response.trailers.clear();
  control_.watchResponseBody(filter::BodyMode::pieces());
  local_.metrics.counter(errorPagesKey(ErrorSource::kUpstream)).add();
  return filter::Verdict::proceed();
}

// The body of the upstream is read and dropped, so that its connection can be used again.
filter::Flow ErrorPages::onResponseBody(filter::BodyStep& step) {
  page_.remove_prefix(step.out.append(asBytes(page_)));
  step.in.clear();
  return page_.empty() ? filter::Flow::proceed() : filter::Flow::more();
}

}  // namespace weir::gateway
