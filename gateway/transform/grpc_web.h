#pragma once

#include <string>

#include "core/config/table.h"
#include "core/filter/filter.h"

namespace weir::gateway {

// Converts a gRPC-Web request, binary or text, to gRPC, and its response to gRPC-Web (the project's
// PROTOCOL-WEB.md). Other requests pass unchanged.
class GrpcWeb final : public filter::Filter {
 public:
  struct Config {
    static void read(config::Table&, Config&) {}
    bool operator==(const Config&) const = default;
  };
  GrpcWeb(const Config&, filter::Control& control) : control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  filter::Flow onRequestBody(filter::BodyStep& step) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Flow onResponseBody(filter::BodyStep& step) override;
  void onLocalReply(http::Response& response) override;

 private:
  enum class Form : std::uint8_t { kNone, kBinary, kText };

  void writeType(http::Response& response);
  bool decode(std::string_view text);
  void encode(filter::BodyStep& step);
  void appendTrailers(Buffer& body);

  filter::Control& control_;
  Form form_ = Form::kNone;
  std::string_view format_;             // "+proto" or the like; in the exchange's arena
  http::Response* response_ = nullptr;  // its trailers are moved to the body
  bool trailers_moved_ = false;
  std::string converted_;  // text form: the latest bytes that were encoded or decoded
};

}  // namespace weir::gateway
