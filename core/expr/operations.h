#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/arena.h"
#include "core/expr/value.h"

namespace weir::expr {

inline constexpr std::size_t kMaxLoopItems = 100;  // elements of a list in exists(), all(), ...

// What an evaluation may still use.
struct Budget {
  static constexpr std::size_t kMaxBytes = std::size_t{64} * 1024;  // of texts and lists
  static constexpr std::size_t kMaxSteps = 20'000;

  Arena& arena;
  std::size_t bytes = kMaxBytes;
  std::size_t steps = kMaxSteps;
  std::size_t loop_items = kMaxLoopItems;

  // Work that is proportional to a text or list.
  void charge(std::size_t count) {
    const std::size_t cost = count / 16;
    steps -= cost < steps ? cost : steps;
  }
  Value find(const Map& map, std::string_view key, std::uint32_t hint);
  // Null if the evaluation has used its memory.
  char* take(std::size_t count, std::size_t alignment = 1);
  Value* takeValues(std::size_t count);
  void giveBack(const Value* unused, std::size_t count);  // the end of the latest takeValues()
};

// The instructions of a program. Those up to kNext control it; the others are operations, which
// replace their arguments on the stack by their result.
enum class Op : std::uint8_t {
  kConstant,
  kVariable,
  kHasVariable,
  kLocal,
  kMember,
  kHasMember,
  kMatches,
  kCidr,
  kMakeList,
  kMakeMap,
  kJump,
  kJumpIfFalse,
  kJumpIfTrue,
  kBranch,
  kAnd,
  kOr,
  kLoop,
  kNext,
  // Operations.
  kNot,
  kNegate,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kIndex,
  kStartsWith,
  kEndsWith,
  kContains,
  kSize,
  kLowerAscii,
  kSplit,
  kJoin,
  kJoinWith,
  kToInt,
  kToDouble,
  kToString,
  kToBytes,
  kToDuration,
  kToTimestamp,
};

inline constexpr Op kFirstOperation = Op::kNot;

struct Operation {
  Value (*run)(const Value* arguments, Budget& budget);
  std::uint8_t arguments;
};

// Of an Op from kFirstOperation.
const Operation& operationOf(Op op);

}  // namespace weir::expr
