#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/http/record.h"

namespace weir::tap {

// A request, connection or handshake that failed. Texts are untrusted; secrets in the query are
// replaced.
struct Failure {
  Nanoseconds time{0};  // wall clock: when it ended
  Nanoseconds duration{0};
  int status = 0;  // 0: none was sent
  unsigned attempts = 0;
  std::string_view reason;  // static; never empty
  std::string detail;
  std::string method;  // or the kind of a connection without requests: "TCP", "TLS"
  std::string authority;
  std::string target;  // path and query
  std::string client;
  std::string identity;  // of the client's certificate
  std::string listener;
  std::string route;
  std::string upstream;
  std::string endpoint;
  std::string request_id;
  std::string trace_id;
};

// The latest failures of one worker. Those for which the client is to blame (status 4xx, or it has
// left) are kept apart, so that a scanner does not push out the others.
//
// Thread: the worker. Exchanges that succeed must not be passed to it: see isFailure().
class FailureLog final : public http::AccessLog {
 public:
  static constexpr std::size_t kEach = 256;  // of each kind

  void log(const http::ExchangeRecord& record) override;
  void flush() override {}
  std::vector<Failure> latest() const;  // in no order

 private:
  struct Ring {
    std::vector<Failure> failures;
    std::size_t next = 0;  // the oldest, once it is full

    Failure& take();
  };

  std::array<Ring, 2> rings_;
};

}  // namespace weir::tap
