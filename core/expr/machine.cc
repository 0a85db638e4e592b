#include "core/expr/machine.h"

#include <algorithm>

#include "core/expr/map_literal.h"

namespace weir::expr {
namespace {

// Places of a loop on the stack, from the list.
constexpr std::size_t kResult = 1;
constexpr std::size_t kCounter = 2;
constexpr std::size_t kItem = 3;

// What a loop returns for an empty list.
Value emptyResult(Loop loop) {
  if (loop == Loop::kExists || loop == Loop::kAll) return Value::boolean(loop == Loop::kAll);
  return Value::list({});
}

Value boolOrFault(const Value& value) {
  return value.kind() == Kind::kBool || value.isFault() ? value : Value::fault(Fault::kType);
}

}  // namespace

Value Machine::run(std::size_t from) {
  at_ = from;
  const std::size_t end = program_.code_.size();
  while (at_ < end) {
    const Instruction& instruction = program_.code_[at_++];
    if (instruction.op >= kFirstOperation) {
      operate(instruction.op);
    } else {
      control(instruction);
    }
  }
  return top();
}

void Machine::control(const Instruction& instruction) {
  switch (instruction.op) {
    case Op::kConstant:
      return push(program_.constants_[instruction.index]);
    case Op::kVariable:
      return readVariable(instruction, false);
    case Op::kHasVariable:
      return readVariable(instruction, true);
    case Op::kLocal:
      return push(stack_[instruction.index]);
    case Op::kMember:
      return readMember(instruction, false);
    case Op::kHasMember:
      return readMember(instruction, true);
    case Op::kMatches:
      return matchRegex(program_.regexes_[instruction.index]);
    case Op::kCidr:
      return matchNetwork(program_.networks_[instruction.index]);
    case Op::kMakeList:
      return makeList(instruction.detail);
    case Op::kMakeMap:
      return makeMap(instruction.detail);
    case Op::kJump:
      at_ = instruction.detail;
      return;
    case Op::kJumpIfFalse:
      return jumpIf(false, instruction.detail);
    case Op::kJumpIfTrue:
      return jumpIf(true, instruction.detail);
    case Op::kBranch:
      return branch(instruction);
    case Op::kAnd:
      return joinLogical(false);
    case Op::kOr:
      return joinLogical(true);
    case Op::kLoop:
      return beginLoop(instruction);
    case Op::kNext:
      return nextItem(instruction);
    default:
      return;
  }
}

void Machine::operate(Op op) {
  const Operation& operation = operationOf(op);
  size_ -= operation.arguments;
  Value* const arguments = &stack_[size_];
  const Value* const fault = std::find_if(arguments, arguments + operation.arguments,
                                          [](const Value& value) { return value.isFault(); });
  const bool failed = fault != arguments + operation.arguments;
  push(failed ? *fault : operation.run(arguments, budget_));
}

void Machine::readVariable(const Instruction& instruction, bool test) {
  const Value value = facts_.read(instruction.index, budget_.arena);
  push(test ? Value::boolean(!value.isFault()) : value);
}

void Machine::readMember(const Instruction& instruction, bool test) {
  Value& object = top();
  if (object.isFault()) return;
  if (object.kind() != Kind::kMap) {
    object = Value::fault(Fault::kType);
    return;
  }
  const std::string_view key = program_.constants_[instruction.index].text();
  const Value found = budget_.find(object.map(), key, instruction.detail);
  object = test ? Value::boolean(!found.isFault()) : found;
}

void Machine::matchRegex(const Regex& regex) {
  Value& text = top();
  if (text.isFault()) return;
  if (text.kind() != Kind::kString) {
    text = Value::fault(Fault::kType);
    return;
  }
  budget_.charge(text.text().size() * 4);
  text = Value::boolean(regex.finds(text.text()));
}

void Machine::matchNetwork(const IpRange& network) {
  Value& text = top();
  if (text.isFault()) return;
  if (text.kind() != Kind::kString) {
    text = Value::fault(Fault::kType);
    return;
  }
  const auto address = IpAddress::parse(text.text());
  text = address.ok() ? Value::boolean(network.contains(address.value()))
                      : Value::fault(Fault::kConversion);
}

void Machine::makeList(std::size_t size) {
  size_ -= size;
  const Value* const items = &stack_[size_];
  const Value* const fault =
      std::find_if(items, items + size, [](const Value& value) { return value.isFault(); });
  if (fault != items + size) return push(*fault);
  Value* const copies = budget_.takeValues(size);
  if (copies == nullptr) return push(Value::fault(Fault::kLimit));
  std::copy(items, items + size, copies);
  push(Value::list({copies, size}));
}

void Machine::makeMap(std::size_t members) {
  size_ -= 2 * members;
  push(expr::makeMap({&stack_[size_], 2 * members}, budget_));
}

// Leaves the value for kAnd or kOr, or as the result.
void Machine::jumpIf(bool value, std::size_t to) {
  if (value ? top().isTrue() : top().isFalse()) at_ = to;
}

void Machine::branch(const Instruction& instruction) {
  const Value condition = boolOrFault(pop());
  if (condition.isTrue()) return;
  at_ = condition.isFault() ? instruction.on_fault : instruction.detail;
  if (condition.isFault()) push(condition);
}

// `absorbing` decides whatever the other operand is, even a fault: false for &&, true for ||.
void Machine::joinLogical(bool absorbing) {
  const Value right = boolOrFault(pop());
  const Value left = boolOrFault(pop());
  const auto decides = [absorbing](const Value& value) {
    return absorbing ? value.isTrue() : value.isFalse();
  };
  if (decides(right)) return push(right);
  push(left.isFault() || decides(left) ? left : right);
}

void Machine::beginLoop(const Instruction& instruction) {
  const Value list = top();
  const auto loop = static_cast<Loop>(instruction.loop);
  Value result = emptyResult(loop);
  if (list.kind() != Kind::kList) {
    result = list.isFault() ? list : Value::fault(Fault::kType);
  } else if (list.items().size() > budget_.loop_items) {
    result = Value::fault(Fault::kLimit);
  } else if (!list.items().empty()) {
    if (loop == Loop::kFilter || loop == Loop::kMap) {
      Value* const room = budget_.takeValues(list.items().size());
      result = room == nullptr ? Value::fault(Fault::kLimit) : Value::list({room, 0});
    }
    if (!result.isFault()) {
      push(result);
      push(Value::integer(0));
      return push(list.items().front());
    }
  }
  top() = result;
  at_ = instruction.detail;
}

void Machine::nextItem(const Instruction& instruction) {
  const Value found = pop();
  Value* const frame = &stack_[size_ - kItem - 1];
  const auto items = frame[0].items();
  const auto index = static_cast<std::size_t>(frame[kCounter].integer());
  bool more = collect(static_cast<Loop>(instruction.loop), frame[kResult], frame[kItem], found);
  const std::size_t work = at_ - instruction.detail;
  if (budget_.steps <= work) {
    frame[kResult] = Value::fault(Fault::kLimit);
    more = false;
  } else {
    budget_.steps -= work;
  }
  if (more && index + 1 < items.size()) {
    frame[kCounter] = Value::integer(static_cast<std::int64_t>(index + 1));
    frame[kItem] = items[index + 1];
    at_ = instruction.detail;
    return;
  }
  frame[0] = frame[kResult];
  size_ -= kItem;
}

// Adds the result for one item. False if it decides the result of the loop.
bool Machine::collect(Loop loop, Value& result, const Value& item, const Value& found) {
  const Value value = loop == Loop::kMap ? found : boolOrFault(found);
  if (loop == Loop::kExists || loop == Loop::kAll) {
    const bool decides = loop == Loop::kExists ? value.isTrue() : value.isFalse();
    if (decides || value.isFault()) result = value;
    return !decides;
  }
  if (value.isFault()) {
    result = value;
    return false;
  }
  if (loop == Loop::kFilter && value.isFalse()) return true;
  // The room for all items was taken when the loop began.
  const auto items = result.items();
  auto* const room = const_cast<Value*>(items.data());
  room[items.size()] = loop == Loop::kMap ? value : item;
  result = Value::list({room, items.size() + 1});
  return true;
}

Program::Program() : pool_(1024), arena_(pool_) {}

Value Program::evaluate(const Facts& facts, Arena& arena) const {
  Budget budget{arena};
  return evaluate(facts, budget);
}

Value Program::evaluate(const Facts& facts, Budget& budget) const {
  return Machine(*this, facts, budget).run(0);
}

}  // namespace weir::expr
