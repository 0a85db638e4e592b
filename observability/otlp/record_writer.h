#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::otlp {

// Writes one record of OTLP (a Span or a LogRecord) as a field of the message that will hold it,
// into a bounded piece of memory.
class RecordWriter {
 public:
  static constexpr std::uint32_t kRecordField = 2;  // of ScopeSpans and of ScopeLogs
  static constexpr std::size_t kMostText = 1024;    // of a value; longer ones are cut

  // `attribute_field`: the number of the attributes' field in the record.
  RecordWriter(std::span<char> room, std::uint32_t attribute_field);

  void number(std::uint32_t field, std::uint64_t value);
  void fixed64(std::uint32_t field, std::uint64_t value);
  void fixed32(std::uint32_t field, std::uint32_t value);
  void bytes(std::uint32_t field, std::span<const std::uint8_t> value);
  void text(std::uint32_t field, std::string_view value);  // nothing if it is empty

  // `key`: at most 100 bytes of ASCII. Nothing is written for an empty text.
  void attribute(std::string_view key, std::string_view value);
  void attribute(std::string_view key, std::uint64_t value);

  // A message within the record: everything written until close().
  std::size_t open(std::uint32_t field);
  void close(std::size_t opened);

  // Completes the record. Its size; 0 if there was not enough room.
  std::size_t finish();

 private:
  bool takes(std::size_t bytes);
  void putVarint(std::uint64_t value);
  void putKey(std::uint32_t field, unsigned wire_type);

  char* const start_;
  char* at_;
  char* const end_;
  const std::uint32_t attribute_field_;
  bool overflowed_ = false;
  const std::size_t record_;  // initialized last, by means of the members above
};

}  // namespace weir::otlp
