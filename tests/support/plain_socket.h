#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::test {

// One end of a connection as a plain socket that a test controls; never blocks.
class PlainSocket {
 public:
  static constexpr std::size_t kTake = 64 * 1024;

  explicit PlainSocket(int descriptor);
  ~PlainSocket() { close(); }
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;

  // Two descriptors of one TCP connection over loopback, both non-blocking.
  static std::array<int, 2> tcpPair();

  std::size_t send(std::string_view text);      // returns the number of bytes sent
  std::string take(std::size_t bytes = kTake);  // at most `bytes` of those available
  bool ended() const { return ended_; }         // according to the latest take()
  bool failed() const { return failed_; }       // according to the latest take()
  void end();                                   // half-closes the connection
  void close();
  void reset();  // closes with a RST

 private:
  int descriptor_;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace weir::test
