#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.h"
#include "core/http/grpc_call.h"

namespace weir::mesh::etcd {

// Unary calls to etcd, authenticated if there is a user. One at a time.
class Session {
 public:
  static constexpr Milliseconds kTimeout{5'000};  // of a call

  struct Options {
    NameId upstream;
    std::string authority;
    std::string user;  // empty: none
    std::string password;
  };
  using Done = std::function<void(const http::GrpcReply&)>;

  Session(http::Client& client, Options options) : client_(client), options_(std::move(options)) {}

  // `done` is called once, never from within call(); the call before it ends without. A token that
  // is refused is renewed once.
  void call(std::string_view method, std::string message, Done done);
  void cancel();
  // For calls that the caller makes itself, after one of the above.
  const Options& options() const { return options_; }
  std::vector<http::CallHeader> metadata() const;
  void noteFailure(const http::GrpcStatus& status);  // of such a call: the token may be at fault

  static std::string textOf(const http::GrpcStatus& status);

 private:
  void authenticate();
  void send();
  void unary(std::string_view method, const std::string& message, Done done);
  void finish(const http::GrpcReply& reply);

  http::Client& client_;
  const Options options_;
  std::string token_;
  std::string_view method_;
  std::string message_;
  Done done_;
  bool renewed_ = false;  // the token, for this call
  std::unique_ptr<http::GrpcUnary> unary_;
};

}  // namespace weir::mesh::etcd
