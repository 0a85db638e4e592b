#include "gateway/transform/coding/whole_gzip.h"

#include <libdeflate.h>

namespace weir::gateway {
namespace {

constexpr std::size_t kCompressorBytes = std::size_t{1024} * 1024;  // at most, to level 9

}  // namespace

void WholeGzip::Release::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

Bytes WholeGzip::compress(Bytes body) {
  if (compressor_ == nullptr) {
    compressor_.reset(libdeflate_alloc_compressor(level_));
    if (compressor_ == nullptr) return {};
    room_size_ = libdeflate_gzip_compress_bound(compressor_.get(), kMostInput);
    room_ = std::unique_ptr<char[]>(new char[room_size_]);
  }
  return {room_.get(), libdeflate_gzip_compress(compressor_.get(), body.data(), body.size(),
                                                room_.get(), room_size_)};
}

std::size_t WholeGzip::memory() const {
  return compressor_ == nullptr ? 0 : kCompressorBytes + room_size_;
}

}  // namespace weir::gateway
