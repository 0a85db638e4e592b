#include "core/expr/assembler.h"

#include <algorithm>
#include <utility>

#include "core/expr/machine.h"

namespace weir::expr {
namespace {

class NoFacts final : public Facts {
 public:
  Value read(std::size_t /*index*/, Arena& /*arena*/) const override { return Value::missing(); }
};

std::uint16_t narrow(std::size_t index) { return static_cast<std::uint16_t>(index); }

}  // namespace

std::size_t Assembler::emit(const Instruction& instruction, int change) {
  ++nodes_;
  depth_ += static_cast<std::size_t>(change);  // modulo 2^64: `change` may be negative
  peak_ = std::max(peak_, depth_);
  program_->code_.push_back(instruction);
  return here() - 1;
}

void Assembler::constant(const Value& value) {
  program_->constants_.push_back(value);
  emit({.op = Op::kConstant, .index = narrow(program_->constants_.size() - 1)}, 1);
}

void Assembler::variable(std::size_t index) {
  emit({.op = Op::kVariable, .index = narrow(index)}, 1);
}

void Assembler::local(std::size_t place) { emit({.op = Op::kLocal, .index = narrow(place)}, 1); }

void Assembler::member(std::string_view key, std::uint32_t hint) {
  program_->constants_.push_back(Value::string(keep(key)));
  emit({.op = Op::kMember, .index = narrow(program_->constants_.size() - 1), .detail = hint}, 0);
}

void Assembler::matches(Regex regex) {
  program_->regexes_.push_back(std::move(regex));
  emit({.op = Op::kMatches, .index = narrow(program_->regexes_.size() - 1)}, 0);
}

void Assembler::cidr(const IpRange& network) {
  program_->networks_.push_back(network);
  emit({.op = Op::kCidr, .index = narrow(program_->networks_.size() - 1)}, 0);
}

void Assembler::makeList(std::size_t size) {
  emit({.op = Op::kMakeList, .detail = static_cast<std::uint32_t>(size)},
       1 - static_cast<int>(size));
}

void Assembler::makeMap(std::size_t members) {
  emit({.op = Op::kMakeMap, .detail = static_cast<std::uint32_t>(members)},
       1 - static_cast<int>(2 * members));
}

void Assembler::operate(Op op) { emit({.op = op}, 1 - operationOf(op).arguments); }

void Assembler::testInstead() {
  Op& op = program_->code_.back().op;
  op = op == Op::kVariable ? Op::kHasVariable : Op::kHasMember;
}

std::size_t Assembler::jump() { return emit({.op = Op::kJump}, 0); }

std::size_t Assembler::jumpIf(bool value) {
  return emit({.op = value ? Op::kJumpIfTrue : Op::kJumpIfFalse}, 0);
}

std::size_t Assembler::branch() { return emit({.op = Op::kBranch}, -1); }

std::size_t Assembler::beginLoop(Loop loop) {
  return emit({.op = Op::kLoop, .loop = static_cast<std::uint8_t>(loop)}, 3);
}

void Assembler::nextItem(std::size_t begin) {
  emit({.op = Op::kNext, .loop = at(begin).loop, .detail = static_cast<std::uint32_t>(begin + 1)},
       -4);
  land(begin);
}

std::uint32_t Assembler::hintOf(Schema schema, std::string_view key) const {
  const Instruction& latest = program_->code_.back();
  if (latest.op != Op::kVariable || schema[latest.index].hint == nullptr) return 0;
  return schema[latest.index].hint(key);
}

void Assembler::dropConstant() {
  program_->code_.pop_back();
  --depth_;
}

Value Assembler::fold(std::size_t start) {
  const NoFacts none;
  Budget budget{program_->arena_};
  const Value result = Machine(*program_, none, budget).run(start);
  program_->code_.resize(start);
  --depth_;
  constant(result);
  return result;
}

const Value& Assembler::constantAt(std::size_t start) const {
  return program_->constants_[program_->code_[start].index];
}

std::unique_ptr<const Program> Assembler::finish(const Type& type) {
  program_->type_ = type;
  return std::move(program_);
}

}  // namespace weir::expr
