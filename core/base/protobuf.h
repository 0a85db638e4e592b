#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

// The wire format of Protocol Buffers, for the few messages that weir itself exchanges.
namespace weir {

// Writes the fields of a message. Fields with default values are left out, as proto3 does.
class ProtoWriter {
 public:
  ProtoWriter& number(std::uint32_t field, std::uint64_t value);
  ProtoWriter& flag(std::uint32_t field, bool value) { return number(field, value ? 1 : 0); }
  ProtoWriter& text(std::uint32_t field, std::string_view value);
  ProtoWriter& message(std::uint32_t field, const ProtoWriter& value);  // also if it is empty
  // Written although it may be 0, as an optional field is.
  ProtoWriter& real(std::uint32_t field, double value);
  ProtoWriter& signedNumber(std::uint32_t field, std::int64_t value);  // sint32, sint64
  ProtoWriter& fields(std::string_view encoded);  // fields that were written elsewhere

  void clear() { bytes_.clear(); }  // keeps the memory
  const std::string& bytes() const { return bytes_; }

 private:
  void appendVarint(std::uint64_t value);
  void appendBytes(std::uint32_t field, std::string_view value);

  std::string bytes_;
};

struct ProtoField {
  std::uint32_t number = 0;
  std::uint64_t value = 0;     // of a varint or a fixed number
  std::string_view text = {};  // of a string or message; a view of the message that is read
  bool is_text = false;
};

// Reads the fields of a message in their order. Groups, which proto3 does not have, are malformed.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view message) : rest_(message) {}

  // False at the end of the message, or if it is malformed.
  bool next(ProtoField& out);
  bool malformed() const { return malformed_; }

 private:
  bool readVarint(std::uint64_t& out);
  bool readFixed(std::size_t size, std::uint64_t& out);
  bool readText(std::string_view& out);
  bool readValue(std::uint64_t wire_type, ProtoField& out);

  std::string_view rest_;
  bool malformed_ = false;
};

}  // namespace weir
