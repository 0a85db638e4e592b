#include "observability/text/gzip.h"

#include <limits>
#include <zlib.h>

#include "core/base/check.h"

namespace weir {
namespace {

constexpr int kFastest = 1;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with the header of gzip
constexpr int kMemoryLevel = 8;

}  // namespace

std::optional<std::string> gzip(std::string_view text) {
  z_stream stream{};
  WEIR_CHECK(text.size() <= std::numeric_limits<uInt>::max());
  if (deflateInit2(&stream, kFastest, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return std::nullopt;
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib does not write to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  WEIR_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace weir
