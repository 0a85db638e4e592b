#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

// Reads replies framed by Content-Length, the only framing of the benchmark's backend; any other
// framing is a wrong reply. Bodies are counted, not kept.
class ReplyReader {
 public:
  enum class State { kMore, kComplete, kWrong };

  // Consumes received bytes. After kComplete or kWrong, call reset() before the next reply.
  State feed(std::string_view bytes);
  void reset();

  int status() const { return status_; }
  std::uint64_t bodyLength() const { return length_; }
  // The server will close the connection after this reply.
  bool closes() const { return closes_; }

 private:
  bool readHead(std::string_view head);
  bool readField(std::string_view line);

  std::string head_;  // Only for a head received in pieces.
  std::uint64_t length_ = 0;
  std::uint64_t left_ = 0;
  int status_ = 0;
  bool in_body_ = false;
  bool has_length_ = false;
  bool closes_ = false;
};

}  // namespace weir::bench
