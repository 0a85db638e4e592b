#include "observability/text/gzip.h"

#include <zlib.h>

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string inflated(const std::string& text, std::size_t size) {
  constexpr int kGzipWindow = 15 + 16;
  std::string out(size, '\0');
  std::string in = text;
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, kGzipWindow), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.total_out, size);
  EXPECT_EQ(inflateEnd(&stream), Z_OK);
  return out;
}

TEST(Gzip, CompressesToTheSameText) {
  std::string text;
  for (int i = 0; i < 10'000; ++i)
    text += "weir_requests_total{route=\"" + std::to_string(i) + "\"} 1\n";
  const auto compressed = gzip(text);
  ASSERT_TRUE(compressed.has_value());
  EXPECT_LT(compressed->size(), text.size() / 4);
  EXPECT_EQ(inflated(*compressed, text.size()), text);
}

}  // namespace
}  // namespace weir
