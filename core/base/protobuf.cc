#include "core/base/protobuf.h"

#include <bit>

namespace weir {
namespace {

enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kText = 2, kFixed32 = 5 };
constexpr unsigned kTypeBits = 3;
constexpr std::uint64_t kMostField = (std::uint64_t{1} << 29) - 1;

}  // namespace

void ProtoWriter::appendVarint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
}

void ProtoWriter::appendBytes(std::uint32_t field, std::string_view value) {
  appendVarint(std::uint64_t{field} << kTypeBits | kText);
  appendVarint(value.size());
  bytes_ += value;
}

ProtoWriter& ProtoWriter::number(std::uint32_t field, std::uint64_t value) {
  if (value == 0) return *this;
  appendVarint(std::uint64_t{field} << kTypeBits | kVarint);
  appendVarint(value);
  return *this;
}

ProtoWriter& ProtoWriter::text(std::uint32_t field, std::string_view value) {
  if (!value.empty()) appendBytes(field, value);
  return *this;
}

ProtoWriter& ProtoWriter::real(std::uint32_t field, double value) {
  appendVarint(std::uint64_t{field} << kTypeBits | kFixed64);
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof bits; ++i, bits >>= 8U) bytes_ += static_cast<char>(bits);
  return *this;
}

ProtoWriter& ProtoWriter::signedNumber(std::uint32_t field, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  appendVarint(std::uint64_t{field} << kTypeBits | kVarint);
  appendVarint(bits << 1U ^ (value < 0 ? ~std::uint64_t{0} : 0));
  return *this;
}

ProtoWriter& ProtoWriter::fields(std::string_view encoded) {
  bytes_ += encoded;
  return *this;
}

ProtoWriter& ProtoWriter::message(std::uint32_t field, const ProtoWriter& value) {
  appendBytes(field, value.bytes());
  return *this;
}

// At most 10 bytes, of which the last one holds a single bit.
bool ProtoReader::readVarint(std::uint64_t& out) {
  out = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    out |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool ProtoReader::readFixed(std::size_t size, std::uint64_t& out) {
  if (rest_.size() < size) return false;
  out = 0;
  for (std::size_t i = 0; i < size; ++i) {
    out |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
  }
  rest_.remove_prefix(size);
  return true;
}

bool ProtoReader::readText(std::string_view& out) {
  std::uint64_t size = 0;
  if (!readVarint(size) || size > rest_.size()) return false;
  out = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(out.size());
  return true;
}

bool ProtoReader::readValue(std::uint64_t wire_type, ProtoField& out) {
  switch (wire_type) {
    case kVarint:
      return readVarint(out.value);
    case kFixed64:
      return readFixed(sizeof(std::uint64_t), out.value);
    case kFixed32:
      return readFixed(sizeof(std::uint32_t), out.value);
    case kText:
      out.is_text = true;
      return readText(out.text);
    default:
      return false;
  }
}

bool ProtoReader::next(ProtoField& out) {
  if (rest_.empty() || malformed_) return false;
  out = {};
  std::uint64_t key = 0;
  malformed_ = !readVarint(key);
  const std::uint64_t number = key >> kTypeBits;
  malformed_ = malformed_ || number == 0 || number > kMostField;
  if (!malformed_) malformed_ = !readValue(key & ((1U << kTypeBits) - 1), out);
  out.number = static_cast<std::uint32_t>(number);
  return !malformed_;
}

}  // namespace weir
