#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/protobuf.h"

namespace weir::test {

// A message of Protocol Buffers: the values of each field in their order, numbers in decimal.
inline std::map<std::uint32_t, std::vector<std::string>> decoded(std::string_view message) {
  std::map<std::uint32_t, std::vector<std::string>> fields;
  ProtoReader reader(message);
  for (ProtoField field; reader.next(field);) {
    fields[field.number].push_back(field.is_text ? std::string(field.text)
                                                 : std::to_string(field.value));
  }
  if (reader.malformed()) fields[0].emplace_back("malformed");
  return fields;
}

// Attributes (KeyValue) as name -> text or number.
inline std::map<std::string, std::string> attributesOf(const std::vector<std::string>& encoded) {
  std::map<std::string, std::string> attributes;
  for (const std::string& each : encoded) {
    auto pair = decoded(each);
    auto value = decoded(pair[2].at(0));
    attributes[pair[1].at(0)] = value.contains(1) ? value[1].at(0) : value[3].at(0);
  }
  return attributes;
}

}  // namespace weir::test
