#include "core/expr/compiler.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/expr/compile.h"

namespace weir::expr {
namespace {

struct Operator {
  std::string_view symbol;
  Op op;
};
// From the weakest to the strongest.
constexpr std::array<std::array<Operator, 7>, 3> kLevels = {
    {{{{"==", Op::kEqual},
       {"!=", Op::kNotEqual},
       {"<=", Op::kLessEqual},
       {">=", Op::kGreaterEqual},
       {"<", Op::kLess},
       {">", Op::kGreater},
       {"in", Op::kIn}}},
     {{{"+", Op::kAdd}, {"-", Op::kSubtract}}},
     {{{"*", Op::kMultiply}, {"/", Op::kDivide}, {"%", Op::kModulo}}}}};

std::optional<Op> operatorOf(const Token& token, std::size_t level) {
  const bool possible = token.kind == Token::Kind::kSymbol || token.text == "in";
  for (const Operator& each : kLevels[level]) {
    if (possible && !each.symbol.empty() && token.text == each.symbol) return each.op;
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

Compiler::Compiler(std::string_view text, Schema schema, Mistake& mistake)
    : schema_(schema), mistake_(mistake), lexer_(text) {}

std::unique_ptr<const Program> Compiler::compile(std::optional<Type> result) {
  if (!advance()) return nullptr;
  const Parsed whole = parseExpression();
  if (!whole) return nullptr;
  if (token_.kind != Token::Kind::kEnd) {
    fail(token_.offset, "unexpected " + quoted(token_.text));
    return nullptr;
  }
  if (result && !fits(whole->type, *result)) {
    fail(whole->offset,
         "the expression must have the type " + result->text() + ", not " + whole->type.text());
    return nullptr;
  }
  return assembler_.finish(whole->type);
}

Compiler::Parsed Compiler::parseExpression() {
  if (++nesting_ > kMaxExpressionNesting) {
    return fail(token_.offset,
                "nested more than " + std::to_string(kMaxExpressionNesting) + " levels deep");
  }
  Parsed parsed = parseLogical(false);
  if (parsed && accept("?")) parsed = parseChoice(*parsed);
  --nesting_;
  return failed_ ? std::nullopt : parsed;
}

Compiler::Parsed Compiler::parseChoice(const Operand& condition) {
  if (!requireBool(condition, "?")) return std::nullopt;
  const std::size_t branch = assembler_.branch();
  const Parsed left = parseLogical(false);
  if (!left || !expect(":")) return std::nullopt;
  const std::size_t jump = assembler_.jump();
  assembler_.land(branch);
  assembler_.forget();
  const Parsed right = parseExpression();
  if (!right) return std::nullopt;
  assembler_.land(jump);
  assembler_.landFault(branch);
  if (!fits(left->type, right->type)) {
    return fail(right->offset, "both results of a choice must have the same type, not " +
                                   left->type.text() + " and " + right->type.text());
  }
  const Type type = left->type == right->type ? left->type : Type(Kind::kDyn);
  return Operand{type, condition.offset, condition.start};
}

// Operands of && if `conjunction`, else of ||.
Compiler::Parsed Compiler::parseLogical(bool conjunction) {
  const std::string_view symbol = conjunction ? "&&" : "||";
  const auto operand = [&] { return conjunction ? parseBinary(0) : parseLogical(true); };
  Parsed left = operand();
  while (left && accept(symbol)) {
    if (!requireBool(*left, symbol)) return std::nullopt;
    const std::size_t jump = assembler_.jumpIf(!conjunction);
    const Parsed right = operand();
    if (!right || !requireBool(*right, symbol)) return std::nullopt;
    assembler_.joinLogical(conjunction ? Op::kAnd : Op::kOr);
    assembler_.land(jump);
    left = Operand{Kind::kBool, left->offset, left->start};
  }
  return left;
}

Compiler::Parsed Compiler::parseBinary(std::size_t level) {
  const auto operand = [&] {
    return level + 1 < kLevels.size() ? parseBinary(level + 1) : parseUnary();
  };
  Parsed left = operand();
  while (left) {
    const Token symbol = token_;
    const std::optional<Op> op = operatorOf(symbol, level);
    if (!op) return left;
    if (!advance()) return std::nullopt;
    const Parsed right = operand();
    if (!right) return std::nullopt;
    left = binary(symbol, *op, *left, *right);
  }
  return std::nullopt;
}

Compiler::Parsed Compiler::binary(const Token& symbol, Op op, const Operand& left,
                                  const Operand& right) {
  Type type;
  if (!typeOfBinary(op, left.type, right.type, type)) {
    return fail(symbol.offset, "no operator " + quoted(symbol.text) + " for " + left.type.text() +
                                   " and " + right.type.text());
  }
  assembler_.operate(op);
  return finishOperation(left, left.constant && right.constant, type);
}

// After the last instruction of an operation whose first operand is `from`.
Compiler::Parsed Compiler::finishOperation(const Operand& from, bool constant, const Type& type) {
  Operand operand{type, from.offset, from.start, constant};
  if (assembler_.tooLarge()) return fail(from.offset, "the expression is too large");
  if (!constant) return operand;
  const Value value = assembler_.fold(from.start);
  if (value.isFault()) return fail(from.offset, std::string(textOf(value.fault())));
  return operand;
}

// CEL has chains of one operator: "!!a" and "--a", but not "-!a".
Compiler::Parsed Compiler::parseUnary() {
  const Token symbol = token_;
  if (!symbol.is("!") && !symbol.is("-")) return parseMember();
  std::size_t count = 0;
  for (; token_.is(symbol.text); ++count) {
    if (!advance()) return std::nullopt;
  }
  const bool odd = count % 2 == 1;
  const bool number = token_.kind == Token::Kind::kInteger || token_.kind == Token::Kind::kNumber;
  if (number && odd && symbol.is("-")) return parseNegative(symbol.offset);
  const Parsed operand = parseMember();
  return operand ? unary(symbol, odd, *operand) : std::nullopt;
}

Compiler::Parsed Compiler::unary(const Token& symbol, bool odd, Operand operand) {
  const Op op = symbol.is("!") ? Op::kNot : Op::kNegate;
  Type type;
  if (!typeOfUnary(op, operand.type, type)) {
    return fail(symbol.offset,
                "no operator " + quoted(symbol.text) + " for " + operand.type.text());
  }
  operand.offset = symbol.offset;
  // An even chain still checks the type of a value that is only known at evaluation.
  for (int i = odd ? 1 : 2; i > 0; --i) assembler_.operate(op);
  return finishOperation(operand, operand.constant, type);
}

// The number after a minus sign. The lowest integer has no positive counterpart.
Compiler::Parsed Compiler::parseNegative(std::size_t offset) {
  const Token number = token_;
  if (!advance()) return std::nullopt;
  if (number.kind == Token::Kind::kNumber) {
    return constant(Value::number(-number.number), Kind::kDouble, offset);
  }
  constexpr std::uint64_t kMost = std::uint64_t{1} << 63U;
  if (number.integer > kMost) return fail(offset, "an integer out of range");
  const auto value = static_cast<std::int64_t>(0 - number.integer);
  return constant(Value::integer(value), Kind::kInt, offset);
}

Compiler::Parsed Compiler::parseMember() {
  Parsed object = parsePrimary();
  while (object && (token_.is("[") || token_.is("."))) {
    const bool index = token_.is("[");
    if (!advance()) return std::nullopt;
    object = index ? parseIndex(*object) : parseSelection(*object);
  }
  return failed_ ? std::nullopt : object;
}

// After "object.".
Compiler::Parsed Compiler::parseSelection(const Operand& object) {
  const Token name = token_;
  if (name.kind != Token::Kind::kName) return fail(name.offset, "expected a name after \".\"");
  if (!advance()) return std::nullopt;
  return accept("(") ? parseMethod(object, name) : select(object, name);
}

Compiler::Parsed Compiler::select(const Operand& object, const Token& name) {
  if (!object.type.isDyn() && object.type.kind() != Kind::kMap) {
    return fail(name.offset, object.type.text() + " has no member " + quoted(name.text));
  }
  return keyed(object, name.text);
}

// A member whose name is written in the expression.
Compiler::Parsed Compiler::keyed(const Operand& object, std::string_view key) {
  std::uint32_t hint = 0;
  if (object.selection) hint = assembler_.hintOf(schema_, key);
  assembler_.member(key, hint);
  const Type type = object.type.isDyn() ? Type(Kind::kDyn) : object.type.element();
  return Operand{type, object.offset, object.start, false, true};
}

Compiler::Parsed Compiler::parseIndex(const Operand& object) {
  const Parsed index = parseExpression();
  if (!index || !expect("]")) return std::nullopt;
  const Kind wanted = object.type.kind() == Kind::kList ? Kind::kInt : Kind::kString;
  const bool container =
      object.type.isDyn() || object.type.kind() == Kind::kList || object.type.kind() == Kind::kMap;
  if (!container) return fail(index->offset, object.type.text() + " has no elements");
  if (!object.type.isDyn() && !fits(index->type, wanted)) {
    return fail(index->offset, "the index of " + object.type.text() + " must be " +
                                   std::string(nameOf(wanted)) + ", not " + index->type.text());
  }
  if (index->constant && index->type == Type(Kind::kString) && !object.constant) {
    const std::string key(assembler_.constantAt(index->start).text());
    assembler_.dropConstant();
    Parsed member = keyed(object, key);
    member->selection = false;  // has() takes a.b only
    return member;
  }
  assembler_.operate(Op::kIndex);
  const Type type = object.type.isDyn() ? Type(Kind::kDyn) : object.type.element();
  return finishOperation(object, object.constant && index->constant, type);
}

bool Compiler::requireBool(const Operand& operand, std::string_view user) {
  if (fits(operand.type, Kind::kBool)) return true;
  fail(operand.offset, quoted(user) + " needs a bool, not " + operand.type.text());
  return false;
}

bool Compiler::advance() {
  if (!lexer_.next(token_, mistake_)) failed_ = true;
  return !failed_;
}

bool Compiler::accept(std::string_view symbol) {
  return !failed_ && token_.is(symbol) && advance();
}

bool Compiler::expect(std::string_view symbol, std::string_view other) {
  if (accept(symbol)) return true;
  if (failed_) return false;
  std::string what = "expected " + quoted(symbol);
  if (!other.empty()) what += " or " + quoted(other);
  if (token_.kind != Token::Kind::kEnd) what += ", found " + quoted(token_.text);
  fail(token_.offset, what);
  return false;
}

Compiler::Parsed Compiler::fail(std::size_t offset, std::string what, std::string_view suggestion) {
  if (!failed_) mistake_ = {offset, std::move(what), std::string(suggestion)};
  failed_ = true;
  return std::nullopt;
}

std::shared_ptr<const Program> compile(std::string_view text, Schema schema,
                                       std::optional<Type> result, Mistake& mistake) {
  if (text.size() > kMaxExpressionBytes) {
    mistake = {
        0, "an expression may have at most " + std::to_string(kMaxExpressionBytes) + " bytes", {}};
    return nullptr;
  }
  return Compiler(text, schema, mistake).compile(result);
}

}  // namespace weir::expr
