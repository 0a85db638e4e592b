#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::test {

// One end of a connection as a plain socket in the hands of a test; never waits.
class PlainSocket {
 public:
  static constexpr std::size_t kTake = 64 * 1024;

  explicit PlainSocket(int descriptor);
  ~PlainSocket() { close(); }
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;

  // Two descriptors of one TCP connection over loopback, both non-blocking.
  static std::array<int, 2> tcpPair();

  std::size_t send(std::string_view text);      // how much the system took
  std::string take(std::size_t bytes = kTake);  // what is there, at most `bytes`
  bool ended() const { return ended_; }         // as the latest take() saw it
  bool failed() const { return failed_; }       // as the latest take() saw it
  void end();                                   // sends no more
  void close();
  void reset();  // closes without good-bye

 private:
  int descriptor_;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace weir::test
