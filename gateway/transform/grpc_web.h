#pragma once

#include <string>

#include "core/config/table.h"
#include "core/filter/filter.h"

namespace weir::gateway {

// Makes gRPC of a gRPC-Web request, binary or text, and gRPC-Web of its answer (the project's
// PROTOCOL-WEB.md). Other requests pass unchanged.
class GrpcWeb final : public filter::Filter {
 public:
  struct Config {
    static void read(config::Table&, Config&) {}
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
  http::Response* answer_ = nullptr;  // whose trailers go into the body
  std::string rest_;                  // of text: less than a group of four
  std::string plain_;                 // the answer's next piece, before it becomes text
  std::string out_;                   // what the latest call replaced the bytes by
};

}  // namespace weir::gateway
