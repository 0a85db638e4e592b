#include <algorithm>
#include <deque>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/http/h2/field_cutter.h"
#include "tests/core/http/h2/pair.h"

// Random fields in random frames, received in random pieces: a request with a field of more than
// 64 KiB is refused, any other is not, and the compression table stays that of the peer.
namespace weir::http::h2 {
namespace {

using test::CodecPair;

constexpr std::size_t kLargestFrame = 16 * 1024;
constexpr std::size_t kTable = 4096;
constexpr std::size_t kRounds = 150;
// Around the limits of one, two and three bytes of a length, and of a field.
constexpr std::size_t kSizes[] = {0,      1,      126,    127,    128,     254,       255,
                                  3'000,  16'510, 16'511, 49'152, 65'535,  65'536,    65'537,
                                  65'664, 81'919, 81'920, 98'304, 131'072, 1'000'000, 2'200'000};
constexpr char kKinds[] = {'\x40', '\x00', '\x10'};  // indexed, not indexed, never indexed

struct Entry {
  std::string name;
  std::string value;
  std::size_t size() const { return name.size() + value.size() + kFieldCost; }
};

// One header block, and what a peer knows of it.
class RandomBlock {
 public:
  explicit RandomBlock(Random& random) : random_(random) {
    const std::size_t fields = 1 + random_.below(6);
    for (std::size_t i = 0; i < fields; ++i) addField(i);
  }
  bool tooLarge() const { return too_large_; }
  const std::deque<Entry>& table() const { return table_; }  // the newest first

  // In frames that often end near a length.
  std::string frames() {
    std::set<std::size_t> ends = {bytes_.size()};
    for (const std::size_t at : lengths_) {
      if (random_.below(3) == 0) continue;
      ends.insert(std::min(at + random_.below(6), bytes_.size()));
      ends.insert(std::min(at + random_.below(6), bytes_.size()));
    }
    std::string text;
    std::size_t at = 0;
    while (at < bytes_.size()) {
      const std::size_t end = std::min(*ends.upper_bound(at), at + kLargestFrame);
      addFrame(text, at, end);
      at = end;
    }
    return text;
  }

 private:
  void addField(std::size_t number) {
    const char kind = kKinds[random_.below(std::size(kKinds))];
    Entry field{"n" + std::to_string(number), std::string(size(), 'v')};
    if (random_.below(5) == 0) field.name.append(size(), 'n');
    bytes_ += kind;
    addString(field.name);
    addString(field.value);
    if (kind == kKinds[0]) insert(field);
  }
  std::size_t size() { return kSizes[random_.below(std::size(kSizes))]; }
  void addString(const std::string& text) {
    lengths_.push_back(bytes_.size());
    const bool cut = text.size() > FieldCutter::kMostBytes;
    // The coding of a string that is cut does not matter.
    addLength(text.size(), cut && random_.below(2) == 0 ? '\x80' : '\0');
    bytes_ += text;
    too_large_ = too_large_ || cut;
  }
  void addLength(std::size_t size, char coding) {
    if (size < 127) {
      bytes_ += static_cast<char>(size | static_cast<unsigned char>(coding));
      return;
    }
    bytes_ += static_cast<char>(0x7F | coding);
    for (size -= 127; size >= 128; size >>= 7) bytes_ += static_cast<char>(size | 0x80);
    bytes_ += static_cast<char>(size);
  }
  // RFC 7541, 4.4.
  void insert(const Entry& field) {
    std::size_t used = field.size();
    for (const Entry& entry : table_) used += entry.size();
    for (; used > kTable && !table_.empty(); table_.pop_back()) used -= table_.back().size();
    if (used <= kTable) table_.push_front(field);
  }
  void addFrame(std::string& text, std::size_t at, std::size_t end) const {
    const std::size_t size = end - at;
    for (const unsigned shift : {16U, 8U, 0U}) text += static_cast<char>(size >> shift);
    const bool first = at == 0;
    const int flags = (first ? 1 : 0) | (end == bytes_.size() ? 4 : 0);
    text += static_cast<char>(first ? 1 : 9);  // HEADERS or CONTINUATION
    text += static_cast<char>(flags);
    text.append("\0\0\0\1", 4).append(bytes_, at, size);
  }

  Random& random_;
  std::string bytes_ =
      "\x82\x86\x84\x01\x01"
      "a";  // GET http://a/
  std::vector<std::size_t> lengths_;
  std::deque<Entry> table_;
  bool too_large_ = false;
};

void feed(CodecPair& pair, std::string_view bytes, Random& random) {
  while (!bytes.empty()) {
    const std::size_t most = random.below(2) == 0 ? 10 : 100'000;
    const std::string_view piece = bytes.substr(0, 1 + random.below(most));
    pair.server().feed(asBytes(piece));
    bytes.remove_prefix(piece.size());
  }
  pair.loop().runOnce();
}

// Requests a field by its index in the table.
void expectEntry(CodecPair& pair, std::size_t index, const Entry& entry) {
  std::string frame("\0\0\x07\x01\x05\0\0\0", 8);
  frame += static_cast<char>(3 + 2 * index);
  frame +=
      "\x82\x86\x84\x01\x01"
      "a";
  frame += static_cast<char>(0x80 + 62 + index);
  pair.server().feed(asBytes(frame));
  pair.loop().runOnce();
  ASSERT_EQ(pair.heardCount(), index + 2);
  EXPECT_EQ(pair.heard(index + 1).request().headers.get(entry.name), entry.value);
  pair.heard(index + 1).answer(204);
}

TEST(RandomFields, AreRefusedAloneAndTheTableStaysInSync) {
  Options options;
  options.limits.head_bytes = 16 * 1024 * 1024;  // only the length of a single field matters
  Random random(7541);
  std::size_t refused = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    CodecPair pair(options);
    pair.settle();
    RandomBlock block(random);
    feed(pair, block.frames(), random);
    ASSERT_FALSE(pair.toClient().closed);
    ASSERT_EQ(pair.heardCount(), 1U);
    EXPECT_EQ(pair.heard().failed.has_value(), block.tooLarge());
    if (!pair.heard().failed) pair.heard().answer(204);
    if (block.tooLarge()) ++refused;
    for (std::size_t i = 0; i < block.table().size(); ++i) expectEntry(pair, i, block.table()[i]);
  }
  EXPECT_GT(refused, kRounds / 4);
  EXPECT_LT(refused, kRounds);
}

}  // namespace
}  // namespace weir::http::h2
