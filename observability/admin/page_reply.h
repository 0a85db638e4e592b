#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "observability/admin/page_stream.h"

namespace weir::admin {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
inline constexpr std::string_view kHtml = "text/html; charset=utf-8";
inline constexpr std::string_view kGrpc = "application/grpc";
inline constexpr std::string_view kEventStream = "text/event-stream";
inline constexpr std::string_view kJsonLines = "application/jsonl";

// The reply of a page.
struct PageReply {
  int status = 200;
  std::string_view content_type = kJson;  // static
  std::string body;
  std::string allow = {};              // for a 405: the allowed methods
  std::string_view authenticate = {};  // for a 401: the challenge; static
  // For gRPC calls: sent after the body, or in the head if there is none.
  std::optional<int> grpc_status = {};
  // Instead of the body: events, until the client leaves.
  std::unique_ptr<PageFeed> feed = {};
  std::string_view content_encoding = {};  // static; empty: none
};

// Receives the one reply to a request, within the call or later.
using Answer = std::function<void(PageReply)>;

// {"status":404,"detail":"..."}
PageReply errorReply(int status, std::string_view detail);

}  // namespace weir::admin
