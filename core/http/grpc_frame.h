#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"

// Length-prefixed messages of gRPC (its PROTOCOL-HTTP2.md).
namespace weir::http {

inline constexpr std::size_t kGrpcPrefix = 5;  // a flag and the length
inline constexpr std::size_t kMostGrpcMessage = 0xFFFFFFFF;

// The prefix of an uncompressed message.
std::array<char, kGrpcPrefix> grpcPrefix(std::size_t message_bytes);

// Finds the messages in a body that arrives in pieces. A message that lies in one piece is not
// copied. Memory grows with the bytes received, not with the length that is announced.
class GrpcFrameReader {
 public:
  enum class Event : std::uint8_t {
    kNeedMore,    // all bytes are taken
    kMessage,     // see message()
    kTooLarge,    // the message is longer than the limit
    kCompressed,  // no compression was offered
    kInvalid,     // the flag is neither 0 nor 1
  };

  explicit GrpcFrameReader(std::size_t max_message) : max_message_(max_message) {}

  // Takes bytes from the front. After one of the last three events it must not be called again.
  Event next(Bytes& bytes);
  Bytes message() const { return message_; }  // until the next call, or the piece is gone
  // Whether the body may end here.
  bool complete() const { return prefix_size_ == 0; }

 private:
  Event readPrefix(Bytes& bytes);

  const std::size_t max_message_;
  std::array<char, kGrpcPrefix> prefix_{};
  std::size_t prefix_size_ = 0;  // bytes of it received; 0: between messages
  std::size_t length_ = 0;       // once the prefix is complete
  std::string partial_;          // the beginning of a message in several pieces
  bool delivered_ = false;       // partial_ is the message of the latest event
  Bytes message_;
};

}  // namespace weir::http
