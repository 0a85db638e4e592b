#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/arena.h"
#include "core/base/ip_range.h"
#include "core/expr/operations.h"
#include "core/expr/schema.h"
#include "core/expr/type.h"
#include "core/expr/value.h"
#include "core/regex/regex.h"

namespace weir::expr {

struct Instruction {
  Op op = Op::kConstant;
  std::uint8_t loop = 0;       // a Loop, for kLoop and kNext
  std::uint16_t index = 0;     // of a constant, variable, regex, network or place on the stack
  std::uint32_t detail = 0;    // the instruction to continue with, a hint, or a size
  std::uint32_t on_fault = 0;  // the instruction to continue with if the condition is a fault
};

enum class Loop : std::uint8_t { kExists, kAll, kFilter, kMap };

inline constexpr std::size_t kMaxStack = 128;  // values on the stack

// A compiled expression: instructions for a machine with a stack. Immutable, and used by all
// workers concurrently.
class Program {
 public:
  Program();

  // Allocates only from `arena`, and only for texts and lists that are computed. The result may
  // point into it and into what `facts` returned.
  Value evaluate(const Facts& facts, Arena& arena) const;
  // The same with a budget of the caller's, which several evaluations may share.
  Value evaluate(const Facts& facts, Budget& budget) const;
  // False also if the evaluation fails.
  bool holds(const Facts& facts, Arena& arena) const { return evaluate(facts, arena).isTrue(); }

  const Type& type() const { return type_; }

 private:
  friend class Machine;
  friend class Assembler;

  std::vector<Instruction> code_;
  std::vector<Value> constants_;
  std::vector<Regex> regexes_;
  std::vector<IpRange> networks_;
  Type type_;
  BlockPool pool_;  // of what the constants refer to
  Arena arena_;
};

}  // namespace weir::expr
