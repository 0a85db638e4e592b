#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/table.h"
#include "core/http/headers.h"
#include "core/regex/regex.h"
#include "gateway/transform/heads/value.h"

namespace weir::gateway {

// Replaces every match of a regular expression in the values of a header.
struct HeaderReplacement {
  std::string header;
  std::string regex;
  std::string with;
  std::shared_ptr<const Substitution> substitution;  // of the two before

  bool operator==(const HeaderReplacement& other) const {
    return header == other.header && regex == other.regex && with == other.with;
  }
  static void read(config::Table& table, HeaderReplacement& out);
};

// Changes to the headers or trailers of a message, in the order of the fields.
struct HeaderChanges {
  enum class Place { kRequest, kResponse };

  std::vector<std::string> remove;
  std::vector<std::pair<std::string, std::string>> rename;
  std::vector<HeaderReplacement> replace;
  NamedValues set_if_absent;
  NamedValues set;
  NamedValues add;

  bool operator==(const HeaderChanges&) const = default;
  static void read(config::Table& table, HeaderChanges& out);
  // Compiles values and checks names; `key` is the place in `table`.
  void complete(config::Table& table, std::string_view key, Place place, bool trailers);
  bool empty() const;
  // Names and constant values remain views into this object, which must outlive the message.
  void apply(http::Headers& headers, const HeadFacts& facts) const;

 private:
  void checkName(config::Table& table, std::string_view key, std::string_view name,
                 bool trailers) const;
};

}  // namespace weir::gateway
