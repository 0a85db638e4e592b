#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "gateway/auth/file_table.h"

namespace weir::gateway::api_key {

// The digest by which a key is found: only digests of keys are stored.
using Digest = std::array<char, 32>;
Digest digestOf(std::string_view key);

// What a table says about a key. Texts live as long as the table.
struct KeyFacts {
  std::string_view id;
  std::string_view consumer;
  std::string_view scopes;  // separated by spaces
  std::string_view labels;  // "name=value", each followed by a line break
  Nanoseconds expires{0};   // wall clock; 0: never
};

// The API keys of a file:
//
//   # id     digest of the key   consumer  and what else is known about it
//   mobile-1 sha256:9f86d0...    shop      scopes=read,write expires=2027-01-31T00:00:00Z
//   label.plan=gold
//
// Finding one of a million costs the same as finding one of ten, and as finding none. Immutable.
class KeyTable {
 public:
  static FileContent<KeyTable> read(const std::string& path);

  std::optional<KeyFacts> find(const Digest& digest) const;
  std::size_t size() const { return entries_.size(); }

 private:
  friend class KeyTableBuilder;

  struct Entry {
    Digest digest{};
    std::uint32_t texts = 0;    // where they begin
    std::uint32_t expires = 0;  // seconds since 1970; 0: never
  };

  std::uint32_t slotOf(const Digest& digest) const;
  KeyFacts factsOf(const Entry& entry) const;
  bool add(Entry entry);  // false: the digest is there already
  void grow();

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // a hash table of numbers of entries, from 1; 0: free
  std::string texts_;  // of each entry: id, consumer, scopes and labels, each with \0
};

// Makes a table from lines.
class KeyTableBuilder {
 public:
  // `bytes`: an upper bound of the size of the text.
  explicit KeyTableBuilder(std::size_t bytes = 0);

  // What is wrong with the line; empty: nothing.
  std::string add(std::string_view line);
  std::shared_ptr<const KeyTable> finish();

 private:
  std::unique_ptr<KeyTable> table_;
};

// The line of a key.
struct KeyLine {
  std::string_view id;
  std::string_view consumer;
  Digest digest{};
  std::string scopes = {};  // as in KeyFacts, as is the next
  std::string labels = {};
  std::uint32_t expires = 0;

  // What is wrong with the text; empty: nothing.
  std::string parse(std::string_view text);

 private:
  std::string parseAttribute(std::string_view word);
  std::string parseScopes(std::string_view list);
  std::string parseExpiry(std::string_view text);
  std::string parseLabel(std::string_view label);
};

}  // namespace weir::gateway::api_key
