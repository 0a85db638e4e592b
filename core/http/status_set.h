#pragma once

#include <bitset>
#include <cstddef>
#include <span>
#include <string_view>

namespace weir::http {

// A set of statuses of failed requests: of HTTP from 400 to 599, of gRPC all except OK.
class StatusSet {
 public:
  static constexpr int kLeast = 400;  // of the HTTP statuses

  // Adds what a word means: "503", "5xx", "gateway-error" (502, 503, 504), or a gRPC status such as
  // "unavailable". False if the word is unknown.
  bool add(std::string_view word);
  // The words with a meaning, without the single HTTP statuses.
  static std::span<const std::string_view> words();

  bool has(int status) const {
    return status >= 0 && static_cast<std::size_t>(status) < kHttp &&
           http_[static_cast<std::size_t>(status)];
  }
  bool hasGrpc(int code) const {
    return code >= 0 && static_cast<std::size_t>(code) < kGrpc &&
           grpc_[static_cast<std::size_t>(code)];
  }
  bool anyGrpc() const { return grpc_.any(); }
  friend bool operator==(const StatusSet&, const StatusSet&) = default;

 private:
  static constexpr std::size_t kHttp = 600;
  static constexpr std::size_t kGrpc = 17;

  std::bitset<kHttp> http_;
  std::bitset<kGrpc> grpc_;
};

}  // namespace weir::http
