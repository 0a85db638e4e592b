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
  filter::Verdict onRequestBody(Bytes& bytes, bool last) override;
  filter::Verdict onResponse(http::Response& response) override;
  filter::Verdict onResponseBody(Bytes& bytes, bool last) override;
  void onLocalReply(http::Response& response) override;

 private:
  enum class Form : std::uint8_t { kNone, kBinary, kText };

  void writeType(http::Response& response);
  void appendTrailers();

  filter::Control& control_;
  Form form_ = Form::kNone;
  std::string_view format_;           // "+proto" or the like; in the exchange's arena
  http::Response* answer_ = nullptr;  // its trailers are moved to the body
  std::string rest_;                  // text form: an incomplete group of four
  std::string plain_;                 // the next piece of the response, before encoding
  std::string out_;                   // the replacement bytes of the latest call
};

}  // namespace weir::gateway
