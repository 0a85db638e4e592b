#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir::admin {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
inline constexpr std::string_view kHtml = "text/html; charset=utf-8";
inline constexpr std::string_view kGrpc = "application/grpc";
inline constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

// What a page answers.
struct PageReply {
  int status = 200;
  std::string_view content_type = kJson;  // static
  std::string body;
  std::string allow = {};  // of a 405: the methods that are
  // Of a call of gRPC: comes behind the body, or in the head where there is none.
  std::optional<int> grpc_status = {};
};

// Takes the one reply to a question, at once or later.
using Answer = std::function<void(PageReply)>;

// {"status":404,"detail":"..."}
PageReply errorReply(int status, std::string_view detail);

}  // namespace weir::admin
