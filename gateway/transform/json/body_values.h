#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/schema.h"
#include "core/expr/value.h"
#include "gateway/transform/json/document.h"

namespace weir::gateway::json {

// The variables of expressions about a body: those of the request, and `body`.
struct BodyVariables {
  static expr::Schema schema();
};

// The values of a document for expressions. Each is made when it is first read, and only once, so
// that the work of all evaluations together is limited by the document.
class BodyValues {
 public:
  BodyValues() = default;
  BodyValues(const BodyValues&) = delete;
  BodyValues& operator=(const BodyValues&) = delete;

  // The values of this document from now on, in memory of `arena`.
  void begin(const Document& document, Arena& arena);
  void release();
  expr::Value valueOf(NodeId id);
  // The node of which the value is an unchanged copy; kNoNode if it was computed.
  NodeId nodeOf(const expr::Value& value) const;
  const Document& document() const { return *document_; }

 private:
  class Object;
  expr::Value make(NodeId id);
  expr::Value makeArray(NodeId id);
  expr::Value makeNumber(NodeId id) const;

  const Document* document_ = nullptr;
  Arena* arena_ = nullptr;
  std::vector<expr::Value> values_;  // by node; missing: not made yet
};

// The facts of the exchange and of one body.
class BodyFacts final : public expr::Facts {
 public:
  BodyFacts(const expr::Facts& exchange, BodyValues& values)
      : exchange_(exchange), values_(values) {}
  expr::Value read(std::size_t index, Arena& arena) const override;

 private:
  const expr::Facts& exchange_;
  BodyValues& values_;
};

// Appends a value as JSON. A copied part of the document keeps its text. The fault is the reason of
// a failure: JSON has no such value, or `out` would exceed `most` bytes.
std::optional<expr::Fault> appendValue(std::string& out, const expr::Value& value,
                                       const BodyValues& values, std::size_t most);

}  // namespace weir::gateway::json
