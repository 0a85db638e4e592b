#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "core/redis/reply.h"

namespace weir::redis {
namespace {

// The replies in `bytes`, read in pieces, in a form that can be compared.
std::string read(Bytes bytes, std::size_t piece) {
  ReplyReader reader;
  std::string all;
  while (!bytes.empty()) {
    Bytes now = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(now.size());
    for (;;) {
      const auto outcome = reader.read(now);
      if (outcome == ReplyReader::Outcome::kInvalid) return all + "invalid";
      if (outcome == ReplyReader::Outcome::kMore) break;
      const Reply& reply = reader.reply();
      WEIR_CHECK(reply.size() > 0 && reply.size() <= ReplyReader::kMostValues);
      for (std::size_t i = 0; i < reply.size(); ++i) {
        all += std::to_string(static_cast<int>(reply.kind(i))) + ":" +
               std::to_string(reply.integer(i)) + ":" + std::string(reply.text(i)) + "\n";
      }
    }
    WEIR_CHECK(now.empty());
  }
  return all;
}

}  // namespace
}  // namespace weir::redis

// Replies do not depend on the pieces in which they arrive, and are limited in size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::redis;
  const weir::Bytes bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(bytes, size + 1);
  WEIR_CHECK(read(bytes, 1) == whole);
  WEIR_CHECK(read(bytes, 3) == whole);
  return 0;
}
