#include "observability/otlp/record_writer.h"

#include <algorithm>

#include "core/base/short_text.h"
#include "core/base/utf8.h"

namespace weir::otlp {
namespace {

constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kText = 2;
constexpr unsigned kFixed32 = 5;
constexpr std::size_t kMostVarint = 10;
// Lengths that are not known in advance take this many bytes, the last ones perhaps without a bit.
constexpr std::size_t kLengthBytes = 3;

// Fields of KeyValue and AnyValue.
constexpr std::uint32_t kAttributeKey = 1;
constexpr std::uint32_t kAttributeValue = 2;
constexpr std::uint32_t kTextValue = 1;
constexpr std::uint32_t kIntegerValue = 3;

constexpr std::size_t varintSize(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7U) ++size;
  return size;
}

}  // namespace

RecordWriter::RecordWriter(std::span<char> room, std::uint32_t attribute_field)
    : start_(room.data()),
      at_(room.data()),
      end_(room.data() + room.size()),
      attribute_field_(attribute_field),
      record_(open(kRecordField)) {}

bool RecordWriter::takes(std::size_t bytes) {
  if (bytes <= static_cast<std::size_t>(end_ - at_)) return !overflowed_;
  overflowed_ = true;
  return false;
}

void RecordWriter::putVarint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) *at_++ = static_cast<char>(value | 0x80U);
  *at_++ = static_cast<char>(value);
}

void RecordWriter::putKey(std::uint32_t field, unsigned wire_type) {
  putVarint(std::uint64_t{field} << 3U | wire_type);
}

void RecordWriter::number(std::uint32_t field, std::uint64_t value) {
  if (!takes(2 * kMostVarint)) return;
  putKey(field, kVarint);
  putVarint(value);
}

void RecordWriter::fixed64(std::uint32_t field, std::uint64_t value) {
  if (!takes(kMostVarint + sizeof value)) return;
  putKey(field, kFixed64);
  storeWord(at_, value);
  at_ += sizeof value;
}

void RecordWriter::fixed32(std::uint32_t field, std::uint32_t value) {
  if (!takes(kMostVarint + sizeof value)) return;
  putKey(field, kFixed32);
  storeWord(at_, value);
  at_ += sizeof value;
}

void RecordWriter::bytes(std::uint32_t field, std::span<const std::uint8_t> value) {
  if (!takes(2 * kMostVarint + value.size())) return;
  putKey(field, kText);
  putVarint(value.size());
  at_ = std::copy(value.begin(), value.end(), at_);
}

void RecordWriter::text(std::uint32_t field, std::string_view value) {
  value = cutText(value, kMostText);
  if (value.empty() || !takes(2 * kMostVarint + value.size())) return;
  putKey(field, kText);
  putVarint(value.size());
  at_ = copyAsUtf8(at_, value);
}

void RecordWriter::attribute(std::string_view key, std::string_view value) {
  value = cutText(value, kMostText);
  if (value.empty() || !takes(5 * kMostVarint + key.size() + value.size())) return;
  const std::size_t any = 1 + varintSize(value.size()) + value.size();
  putKey(attribute_field_, kText);
  putVarint(1 + varintSize(key.size()) + key.size() + 1 + varintSize(any) + any);
  putKey(kAttributeKey, kText);
  putVarint(key.size());
  at_ = putText(at_, key);
  putKey(kAttributeValue, kText);
  putVarint(any);
  putKey(kTextValue, kText);
  putVarint(value.size());
  at_ = copyAsUtf8(at_, value);
}

void RecordWriter::attribute(std::string_view key, std::uint64_t value) {
  if (!takes(6 * kMostVarint + key.size())) return;
  const std::size_t any = 1 + varintSize(value);
  putKey(attribute_field_, kText);
  putVarint(1 + varintSize(key.size()) + key.size() + 1 + varintSize(any) + any);
  putKey(kAttributeKey, kText);
  putVarint(key.size());
  at_ = putText(at_, key);
  putKey(kAttributeValue, kText);
  putVarint(any);
  putKey(kIntegerValue, kVarint);
  putVarint(value);
}

std::size_t RecordWriter::open(std::uint32_t field) {
  if (!takes(kMostVarint + kLengthBytes)) return 0;
  putKey(field, kText);
  const auto opened = static_cast<std::size_t>(at_ - start_);
  at_ += kLengthBytes;
  return opened;
}

void RecordWriter::close(std::size_t opened) {
  if (overflowed_) return;
  char* const length = start_ + opened;
  const auto size = static_cast<std::size_t>(at_ - length) - kLengthBytes;
  length[0] = static_cast<char>((size & 0x7FU) | 0x80U);
  length[1] = static_cast<char>((size >> 7U & 0x7FU) | 0x80U);
  length[2] = static_cast<char>(size >> 14U);
}

std::size_t RecordWriter::finish() {
  close(record_);
  return overflowed_ ? 0 : static_cast<std::size_t>(at_ - start_);
}

}  // namespace weir::otlp
