#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/table.h"
#include "core/expr/setting.h"
#include "gateway/transform/json/body_values.h"
#include "gateway/transform/json/document.h"
#include "gateway/transform/json/pointer.h"
#include "gateway/transform/json/tree.h"

namespace weir::gateway::json {

// What became of a body.
struct Outcome {
  std::string_view over_limit;  // the limit that the changes would exceed; empty: none
  std::string_view failed;      // the first change that was not possible; empty: none
  std::uint64_t dropped = 0;    // number of those changes
  bool changed = false;
};

// A document, the values of expressions about it, and what they may cost.
struct Work {
  const Document& document;
  BodyValues& values;
  const expr::Facts& facts;
  expr::Budget& budget;
  Arena& arena;
};

// A header and the value that it gets; nothing: it is removed.
struct BodyHeader {
  std::string_view name;
  std::optional<std::string_view> value;
};

// The changes to one kind of message, in the order in which they are made. All values are read from
// the body as it was received.
class Changes {
 public:
  using Value = expr::Expression<BodyVariables, expr::Kind::kDyn>;
  using Values = std::vector<std::pair<std::string, Value>>;

  // Longest value of a header.
  static constexpr std::size_t kMaxHeader = 4096;

  static void readInto(config::Table& table, Changes& out);
  bool operator==(const Changes&) const = default;

  bool empty() const { return !changesBody() && headers_.empty(); }
  bool changesBody() const { return places_ > 0; }
  const Values& headers() const { return headers_; }

  // Limit for the text and for the values of expressions.
  static std::size_t mostOutput(const Document& document) {
    return 4 * document.text().size() + std::size_t{64} * 1024;
  }
  // Appends the new text to `out` if the body changes.
  Outcome apply(Work& work, std::string& out) const;
  // The value for each of headers(), in memory of `keep`.
  std::vector<BodyHeader> headerValues(Work& work, Arena& keep, Outcome& outcome) const;

 private:
  using Names = std::vector<std::pair<std::string, std::string>>;

  void compile(config::Table& table);

  std::vector<std::string> keep_;
  std::vector<std::string> remove_;
  Names rename_;
  Names copy_;
  Values default_;
  Values set_;
  Values add_;
  Values headers_;

  // The places of those, in the same order.
  std::vector<Pointer> kept_;
  std::vector<Pointer> removed_;
  std::vector<Pointer> renamed_;
  std::vector<Pointer> copied_;
  std::vector<Pointer> copied_from_;
  std::vector<Pointer> defaults_;
  std::vector<Pointer> sets_;
  std::vector<Pointer> adds_;
  std::size_t places_ = 0;
};

}  // namespace weir::gateway::json
