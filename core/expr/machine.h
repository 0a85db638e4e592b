#pragma once

#include <cstddef>
#include <span>

#include "core/expr/program.h"

namespace weir::expr {

// One run of a program.
class Machine {
 public:
  Machine(const Program& program, const Facts& facts, Budget& budget)
      : program_(program), facts_(facts), budget_(budget) {}

  // The instructions from `from` to the end of the code.
  Value run(std::size_t from);

 private:
  void control(const Instruction& instruction);
  void operate(Op op);
  void readMember(const Instruction& instruction, bool test);
  void readVariable(const Instruction& instruction, bool test);
  void matchRegex(const Regex& regex);
  void matchNetwork(const IpRange& network);
  void makeList(std::size_t size);
  void makeMap(std::size_t members);
  void jumpIf(bool value, std::size_t to);
  void branch(const Instruction& instruction);
  void joinLogical(bool absorbing);
  void beginLoop(const Instruction& instruction);
  void nextItem(const Instruction& instruction);
  bool collect(Loop loop, Value& result, const Value& item, const Value& found);

  void push(const Value& value) { stack_[size_++] = value; }
  Value pop() { return stack_[--size_]; }
  Value& top() { return stack_[size_ - 1]; }

  const Program& program_;
  const Facts& facts_;
  Budget& budget_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  Value stack_[kMaxStack];  // the compiler has made sure that it suffices
};

}  // namespace weir::expr
