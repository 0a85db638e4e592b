#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/expr/program.h"

namespace weir::expr {

// Writes the instructions of a program, and knows how many values are on the stack at each.
class Assembler {
 public:
  static constexpr std::size_t kMaxNodes = 512;

  Assembler() : program_(std::make_unique<Program>()) {}

  std::size_t here() const { return program_->code_.size(); }
  std::size_t depth() const { return depth_; }
  bool tooLarge() const { return nodes_ > kMaxNodes || peak_ > kMaxStack; }

  void constant(const Value& value);
  void variable(std::size_t index);
  void local(std::size_t place);
  void member(std::string_view key, std::uint32_t hint);
  void matches(Regex regex);
  void cidr(const IpRange& network);
  void makeList(std::size_t size);
  void makeMap(std::size_t members);
  void operate(Op op);
  void joinLogical(Op op) { emit({.op = op}, -1); }  // kAnd or kOr
  // The latest instruction, which reads a variable or member, tests whether it exists instead.
  void testInstead();

  // Each returns the instruction whose destination land() sets.
  std::size_t jump();
  std::size_t jumpIf(bool value);
  std::size_t branch();
  std::size_t beginLoop(Loop loop);  // places the list, the result, the counter and the item
  void nextItem(std::size_t begin);
  void land(std::size_t jump) { at(jump).detail = static_cast<std::uint32_t>(here()); }
  void landFault(std::size_t branch) { at(branch).on_fault = static_cast<std::uint32_t>(here()); }
  void forget() { --depth_; }  // the alternative value of a branch is not on the stack

  std::string_view keep(std::string_view text) { return program_->arena_.copy(text); }
  // What the variable that the latest instruction reads makes of a key; 0 if it is no variable.
  std::uint32_t hintOf(Schema schema, std::string_view key) const;
  void dropConstant();  // the latest instruction
  // Replaces the instructions from `start`, which use no variables, by their result, and returns
  // it.
  Value fold(std::size_t start);
  const Value& constantAt(std::size_t start) const;  // of an instruction that is a constant

  std::unique_ptr<const Program> finish(const Type& type);

 private:
  Instruction& at(std::size_t index) { return program_->code_[index]; }
  std::size_t emit(const Instruction& instruction, int change);

  std::unique_ptr<Program> program_;
  std::size_t nodes_ = 0;
  std::size_t depth_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace weir::expr
