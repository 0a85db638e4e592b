#include "gateway/transform/buffer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/config/units.h"

namespace weir::gateway {
namespace {

constexpr std::uint64_t kMostBuffered = 64 * 1024 * 1024;

// Bodies that may never end, or whose sender waits for a response to their beginning.
bool isEndless(const http::Headers& headers) {
  const std::string_view type =
      headers.get(http::HeaderId::kContentType).value_or(std::string_view());
  const auto starts = [&](std::string_view with) {
    return http::equalsIgnoringCase(type.substr(0, with.size()), with);
  };
  return starts("application/grpc") || starts("text/event-stream");
}

void readLimit(config::Table& table, std::string_view key, std::optional<std::size_t>& out,
               std::string_view meaning) {
  std::optional<config::Size> size;
  if (out) size = config::Size{*out};
  table.read(key, size, meaning, {.min = config::Size{1}, .max = config::Size{kMostBuffered}});
  if (size) out = static_cast<std::size_t>(size->bytes);
}

}  // namespace

void BufferBodies::Config::read(config::Table& table, Config& out) {
  readLimit(table, "max_request", out.max_request,
            "Limit for the body of a request, which is forwarded once it is complete, with its "
            "length. A larger one is refused with 413. Default: requests are not buffered.");
  readLimit(table, "max_response", out.max_response,
            "Limit for the body of a response, which is forwarded once it is complete, with its "
            "length. A larger one becomes 502. Default: responses are not buffered.");
  if (!table.has("max_request") && !table.has("max_response")) {
    table.fail("", "buffers nothing", "max_request = \"1MiB\"");
  }
}

filter::Verdict BufferBodies::onRequest(http::Request& request) {
  const bool has_body =
      request.body == http::BodyKind::kLength || request.body == http::BodyKind::kStream;
  if (!config_.max_request || !has_body || isEndless(request.headers)) {
    return filter::Verdict::proceed();
  }
  if (request.body == http::BodyKind::kStream) request_ = &request;
  control_.watchRequestBody(filter::BodyMode::whole(*config_.max_request));
  return filter::Verdict::proceed();
}

// The first call has the complete body, and the head waits for it. Trailers need chunks.
filter::Flow BufferBodies::onRequestBody(filter::BodyStep& step) {
  http::Request* const request = std::exchange(request_, nullptr);
  if (request != nullptr && request->trailers.empty()) {
    request->body = http::BodyKind::kLength;
    request->content_length = step.in.size();
  }
  step.pass();
  return filter::Flow::proceed();
}

filter::Verdict BufferBodies::onResponse(http::Response& response) {
  const bool has_body = response.body == http::BodyKind::kLength ||
                        response.body == http::BodyKind::kStream ||
                        response.body == http::BodyKind::kUntilClose;
  if (!config_.max_response || !has_body || isEndless(response.headers)) {
    return filter::Verdict::proceed();
  }
  if (response.body != http::BodyKind::kLength) response_ = &response;
  control_.watchResponseBody(filter::BodyMode::whole(*config_.max_response));
  return filter::Verdict::proceed();
}

filter::Flow BufferBodies::onResponseBody(filter::BodyStep& step) {
  http::Response* const response = std::exchange(response_, nullptr);
  if (response != nullptr && response->trailers.empty()) {
    response->body = http::BodyKind::kLength;
    response->has_content_length = true;
    response->content_length = step.in.size();
  }
  step.pass();
  return filter::Flow::proceed();
}

}  // namespace weir::gateway
