#include "core/http/grpc_frame.h"

#include <algorithm>
#include <utility>

namespace weir::http {

std::array<char, kGrpcPrefix> grpcPrefix(std::size_t message_bytes) {
  const auto byte = [&](unsigned shift) { return static_cast<char>(message_bytes >> shift); };
  return {0, byte(24), byte(16), byte(8), byte(0)};
}

GrpcFrameReader::Event GrpcFrameReader::readPrefix(Bytes& bytes) {
  const std::size_t take = std::min(kGrpcPrefix - prefix_size_, bytes.size());
  std::copy_n(bytes.begin(), take, prefix_.begin() + static_cast<std::ptrdiff_t>(prefix_size_));
  prefix_size_ += take;
  bytes = bytes.subspan(take);
  if (prefix_size_ < kGrpcPrefix) return Event::kNeedMore;
  if (prefix_[0] != 0) return prefix_[0] == 1 ? Event::kCompressed : Event::kInvalid;
  length_ = 0;
  for (std::size_t i = 1; i < kGrpcPrefix; ++i) {
    length_ = length_ << 8U | static_cast<std::uint8_t>(prefix_[i]);
  }
  return length_ > max_message_ ? Event::kTooLarge : Event::kMessage;
}

GrpcFrameReader::Event GrpcFrameReader::next(Bytes& bytes) {
  if (std::exchange(delivered_, false)) std::string().swap(partial_);
  if (prefix_size_ < kGrpcPrefix) {
    const Event event = readPrefix(bytes);
    if (event != Event::kMessage) return event;
  }
  const std::size_t take = std::min(length_ - partial_.size(), bytes.size());
  const Bytes piece = bytes.first(take);
  bytes = bytes.subspan(take);
  if (partial_.empty() && take == length_) {
    message_ = piece;
  } else {
    partial_.append(piece.data(), piece.size());
    if (partial_.size() < length_) return Event::kNeedMore;
    message_ = asBytes(partial_);
    delivered_ = true;
  }
  prefix_size_ = 0;
  return Event::kMessage;
}

}  // namespace weir::http
