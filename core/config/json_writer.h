#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/config/value.h"

namespace weir::config {

// Appends JSON with an indentation of two spaces; members and elements in the order of the calls.
class JsonWriter {
 public:
  void beginObject() { open('{'); }
  void endObject() { close('}'); }
  void beginArray() { open('['); }
  void endArray() { close(']'); }
  void key(std::string_view name);  // a value, an object or an array follows

  void text(std::string_view value);
  void boolean(bool value);
  void integer(std::int64_t value);
  void number(double value);
  void value(const Value& value);  // null for none

  const std::string& result() const { return out_; }

 private:
  void open(char bracket);
  void close(char bracket);
  void beginItem();
  void newLine();

  std::string out_;
  std::size_t depth_ = 0;
  bool first_ = true;  // in the innermost object or array
  bool after_key_ = false;
};

std::string quotedJson(std::string_view text);
std::string jsonText(const Value& value);

}  // namespace weir::config
