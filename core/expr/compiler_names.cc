#include <algorithm>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/config/suggestion.h"
#include "core/expr/compile.h"
#include "core/expr/compiler.h"

// The part of the compiler that resolves names: literals, variables, functions and macros.
namespace weir::expr {
namespace {

constexpr std::pair<std::string_view, Loop> kLoops[] = {
    {"exists", Loop::kExists}, {"all", Loop::kAll}, {"filter", Loop::kFilter}, {"map", Loop::kMap}};
// Words that CEL reserves.
constexpr std::string_view kReserved[] = {
    "as", "break", "const", "continue", "else",      "for",    "function", "if",   "import",
    "in", "let",   "loop",  "package",  "namespace", "return", "var",      "void", "while"};

std::string inQuotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::optional<Loop> loopNamed(std::string_view name) {
  for (const auto& [known, loop] : kLoops) {
    if (known == name) return loop;
  }
  return std::nullopt;
}

std::vector<std::string_view> functionNames(bool methods) {
  std::vector<std::string_view> names;
  for (const Function& function : functions()) {
    if (function.method == methods) names.push_back(function.name);
  }
  if (!methods) names.push_back("has");
  for (const auto& [name, loop] : kLoops) {
    if (methods) names.push_back(name);
  }
  return names;
}

Type resultOf(Loop loop, const Type& list, const Type& body) {
  if (loop == Loop::kExists || loop == Loop::kAll) return Kind::kBool;
  return loop == Loop::kFilter ? list : Type::listOf(body);
}

bool accepts(const Function& function, const Type& first, const Type& last) {
  return function.first.has(first.kind()) &&
         (function.parameters == 1 || function.second.has(last.kind()));
}

bool isPartOfVariable(Schema schema, std::string_view path) {
  return std::any_of(schema.begin(), schema.end(), [path](const Variable& variable) {
    return variable.name.size() > path.size() && variable.name.starts_with(path) &&
           variable.name[path.size()] == '.';
  });
}

std::optional<std::size_t> variableNamed(Schema schema, std::string_view path) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema[i].name == path) return i;
  }
  return std::nullopt;
}

// The first name that differs only in its first word: "client.address" for "source.address".
std::string_view inAnotherGroup(std::string_view name, const std::vector<std::string_view>& names) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {};
  const auto found = std::ranges::find_if(
      names, [rest = name.substr(dot)](std::string_view each) { return each.ends_with(rest); });
  return found == names.end() ? std::string_view() : *found;
}

}  // namespace

// The type of all of them; dyn if they differ.
Type Compiler::commonType(const std::vector<Operand>& operands) {
  const auto same = [&](const Operand& each) { return each.type == operands.front().type; };
  const bool uniform = !operands.empty() && std::all_of(operands.begin(), operands.end(), same);
  return uniform ? operands.front().type : Type(Kind::kDyn);
}

bool Compiler::areConstant(const std::vector<Operand>& operands) {
  return std::all_of(operands.begin(), operands.end(),
                     [](const Operand& each) { return each.constant; });
}

Compiler::Parsed Compiler::parsePrimary() {
  Parsed parsed;
  if (token_.kind == Token::Kind::kName) {
    parsed = parseName();
  } else if (token_.is("[")) {
    parsed = parseList();
  } else if (token_.is("{")) {
    parsed = parseMap();
  } else if (accept("(")) {
    parsed = parseExpression();
    if (!parsed || !expect(")")) return std::nullopt;
    parsed->selection = false;
  } else {
    parsed = parseLiteral();
  }
  if (parsed && assembler_.tooLarge()) {
    return fail(parsed->offset, "the expression is too large");
  }
  return parsed;
}

Compiler::Parsed Compiler::parseLiteral() {
  const Token token = token_;
  switch (token.kind) {
    case Token::Kind::kInteger:
      if (token.integer >> 63U != 0) return fail(token.offset, "an integer out of range");
      if (!advance()) return std::nullopt;
      return constant(Value::integer(static_cast<std::int64_t>(token.integer)), Kind::kInt,
                      token.offset);
    case Token::Kind::kNumber:
      if (!advance()) return std::nullopt;
      return constant(Value::number(token.number), Kind::kDouble, token.offset);
    case Token::Kind::kString:
      if (!advance()) return std::nullopt;
      return constant(Value::string(assembler_.keep(token.decoded)), Kind::kString, token.offset);
    case Token::Kind::kBytes:
      if (!advance()) return std::nullopt;
      return constant(Value::bytes(assembler_.keep(token.decoded)), Kind::kBytes, token.offset);
    case Token::Kind::kEnd:
      return fail(token.offset, "the expression ends where a value is expected");
    default:
      return fail(token.offset, "expected a value, found " + inQuotes(token.text));
  }
}

Compiler::Parsed Compiler::constant(const Value& value, Type type, std::size_t offset) {
  const std::size_t start = assembler_.here();
  assembler_.constant(value);
  return Operand{type, offset, start, true};
}

Compiler::Parsed Compiler::parseList() {
  const std::size_t offset = token_.offset;
  const std::size_t start = assembler_.here();
  if (!expect("[")) return std::nullopt;
  std::vector<Operand> elements;
  while (!accept("]")) {
    if (failed_) return std::nullopt;
    if (elements.size() == kMaxListElements) {
      return fail(token_.offset,
                  "a list may have at most " + std::to_string(kMaxListElements) + " elements");
    }
    const Parsed element = parseExpression();
    if (!element) return std::nullopt;
    elements.push_back(*element);
    if (!token_.is("]") && !expect(",", "]")) return std::nullopt;
  }
  assembler_.makeList(elements.size());
  return finishOperation(Operand{{}, offset, start}, areConstant(elements),
                         Type::listOf(commonType(elements)));
}

Compiler::Parsed Compiler::parseMap() {
  const std::size_t offset = token_.offset;
  const std::size_t start = assembler_.here();
  if (!expect("{")) return std::nullopt;
  std::vector<Operand> keys;
  std::vector<Operand> values;
  while (!accept("}")) {
    if (failed_ || !parseMapMember(keys, values)) return std::nullopt;
    if (!token_.is("}") && !expect(",", "}")) return std::nullopt;
  }
  assembler_.makeMap(keys.size());
  return finishOperation(Operand{{}, offset, start}, areConstant(keys) && areConstant(values),
                         Type::mapOf(commonType(values)));
}

bool Compiler::parseMapMember(std::vector<Operand>& keys, std::vector<Operand>& values) {
  if (keys.size() == kMaxMapMembers) {
    fail(token_.offset, "a map may have at most " + std::to_string(kMaxMapMembers) + " members");
    return false;
  }
  const Parsed key = parseExpression();
  if (!key) return false;
  if (!fits(key->type, Kind::kString)) {
    fail(key->offset, "the keys of a map must be strings, not " + key->type.text());
    return false;
  }
  if (!expect(":")) return false;
  const Parsed value = parseExpression();
  if (!value) return false;
  keys.push_back(*key);
  values.push_back(*value);
  return true;
}

Compiler::Parsed Compiler::parseName() {
  const Token name = token_;
  if (std::find(std::begin(kReserved), std::end(kReserved), name.text) != std::end(kReserved)) {
    return fail(name.offset, inQuotes(name.text) + " is a reserved word");
  }
  if (!advance()) return std::nullopt;
  if (name.text == "true" || name.text == "false") {
    return constant(Value::boolean(name.text == "true"), Kind::kBool, name.offset);
  }
  if (name.text == "null") return constant(Value::null(), Kind::kNull, name.offset);
  if (const Local* const local = findLocal(name.text)) {
    const std::size_t start = assembler_.here();
    assembler_.local(local->place);
    return Operand{local->type, name.offset, start};
  }
  if (!token_.is("(") || variableNamed(schema_, name.text)) return parseVariable(name);
  if (!advance()) return std::nullopt;
  if (name.text == "has") return parseHas(name.offset);
  if (!knowsFunction(name, false)) return std::nullopt;
  std::vector<Operand> arguments;
  if (!parseArguments(arguments)) return std::nullopt;
  return call(name, false, std::move(arguments));
}

// "request.headers": the names that belong to the variable. Members of its value follow.
Compiler::Parsed Compiler::parseVariable(Token name) {
  const std::size_t offset = name.offset;
  std::string path(name.text);
  while (true) {
    if (const auto index = variableNamed(schema_, path)) return variable(*index, offset);
    if (!isPartOfVariable(schema_, path)) return unknownName(name, path);
    if (!accept(".")) {
      return fail(offset, inQuotes(path) + " is not a value, but the beginning of names");
    }
    name = token_;
    if (name.kind != Token::Kind::kName) return fail(name.offset, "expected a name after \".\"");
    if (!advance()) return std::nullopt;
    path += "." + std::string(name.text);
  }
}

Compiler::Parsed Compiler::variable(std::size_t index, std::size_t offset) {
  const Variable& variable = schema_[index];
  const std::size_t start = assembler_.here();
  assembler_.variable(index);
  Operand operand{variable.type, offset, start, false, true};
  if (!variable.function) return operand;
  if (!expect("(")) return std::nullopt;
  const Parsed key = parseExpression();
  if (!key || !expect(")")) return std::nullopt;
  if (!fits(key->type, Kind::kString)) {
    return fail(key->offset, inQuotes(variable.name) + " needs a string, not " + key->type.text());
  }
  if (key->constant) {
    const std::string text(assembler_.constantAt(key->start).text());
    assembler_.dropConstant();
    Parsed found = keyed(operand, text);
    found->selection = false;
    return found;
  }
  assembler_.operate(Op::kIndex);
  return finishOperation(operand, false, variable.type.element());
}

Compiler::Parsed Compiler::unknownName(const Token& name, const std::string& path) {
  std::string whole = path;
  // The suggestion depends on the complete name.
  while (accept(".") && token_.kind == Token::Kind::kName) {
    whole += "." + std::string(token_.text);
    if (!advance()) break;
  }
  failed_ = false;
  std::vector<std::string_view> names;
  for (const Variable& variable : schema_) names.push_back(variable.name);
  std::string_view likely = config::closestWord(path, names);
  if (likely.empty()) likely = config::closestWord(whole, names);
  if (likely.empty()) likely = inAnotherGroup(whole, names);
  return fail(name.offset - (path.size() - name.text.size()),
              "there is no variable " + inQuotes(path), likely);
}

Compiler::Parsed Compiler::parseHas(std::size_t offset) {
  Parsed operand = parseExpression();
  if (!operand || !expect(")")) return std::nullopt;
  if (!operand->selection) {
    return fail(operand->offset,
                "has() needs a variable or a member such as a.b; write \"b\" in a for a[\"b\"]");
  }
  assembler_.testInstead();
  return Operand{Kind::kBool, offset, operand->start};
}

// After "object.name(".
Compiler::Parsed Compiler::parseMethod(const Operand& object, const Token& name) {
  if (const auto loop = loopNamed(name.text)) return parseLoop(object, name, *loop);
  if (!knowsFunction(name, true)) return std::nullopt;
  std::vector<Operand> arguments = {object};
  if (!parseArguments(arguments)) return std::nullopt;
  return call(name, true, std::move(arguments));
}

// After "list.exists(".
Compiler::Parsed Compiler::parseLoop(const Operand& list, const Token& name, Loop loop) {
  if (!fits(list.type, Kind::kList)) {
    return fail(name.offset, inQuotes(name.text) + " needs a list, not " + list.type.text());
  }
  const Token item = token_;
  if (item.kind != Token::Kind::kName) return fail(item.offset, "expected a name for the element");
  if (!advance() || !expect(",")) return std::nullopt;
  const std::size_t begin = assembler_.beginLoop(loop);
  const Type element = list.type.isDyn() ? Type(Kind::kDyn) : list.type.element();
  locals_.push_back({std::string(item.text), element, assembler_.depth() - 1});
  const Parsed body = parseExpression();
  locals_.pop_back();
  if (!body || !expect(")")) return std::nullopt;
  if (loop != Loop::kMap && !requireBool(*body, name.text)) return std::nullopt;
  assembler_.nextItem(begin);
  return Operand{resultOf(loop, list.type, body->type), list.offset, list.start};
}

// Up to the closing bracket.
bool Compiler::parseArguments(std::vector<Operand>& arguments) {
  while (!accept(")")) {
    const Parsed argument = failed_ ? std::nullopt : parseExpression();
    if (!argument) return false;
    arguments.push_back(*argument);
    if (!token_.is(")") && !expect(",", ")")) return false;
  }
  return true;
}

bool Compiler::knowsFunction(const Token& name, bool method) {
  const std::vector<std::string_view> names = functionNames(method);
  if (std::find(names.begin(), names.end(), name.text) != names.end()) return true;
  fail(name.offset, "there is no function " + inQuotes(name.text),
       config::closestWord(name.text, names));
  return false;
}

Compiler::Parsed Compiler::call(const Token& name, bool method, std::vector<Operand> arguments) {
  const Function* named = nullptr;
  for (const Function& function : functions()) {
    if (function.name != name.text || function.method != method) continue;
    if (named == nullptr) named = &function;
    const Type last = arguments.empty() ? Type() : arguments.back().type;
    if (function.parameters == arguments.size() &&
        accepts(function, arguments.front().type, last)) {
      return emitCall(function, arguments.front(), arguments.back());
    }
  }
  WEIR_CHECK(named != nullptr);  // the name has been found
  std::string types;
  for (const Operand& argument : arguments) {
    types += (types.empty() ? "" : ", ") + argument.type.text();
  }
  return fail(name.offset, "expected " + std::string(named->form) + ", found types " +
                               (types.empty() ? "none" : types));
}

Compiler::Parsed Compiler::emitCall(const Function& function, const Operand& first,
                                    const Operand& last) {
  if (function.op == Op::kMatches || function.op == Op::kCidr) {
    return emitWithLiteral(function.op, first, last);
  }
  assembler_.operate(function.op);
  return finishOperation(first, first.constant && last.constant, function.result);
}

// A function whose second argument is read now.
Compiler::Parsed Compiler::emitWithLiteral(Op op, const Operand& first, const Operand& literal) {
  if (!literal.constant) return fail(literal.offset, "must be a literal, which is read only once");
  const std::string text(assembler_.constantAt(literal.start).text());
  assembler_.dropConstant();
  if (op == Op::kMatches) {
    std::string why;
    auto regex = Regex::compile(text, why);
    if (!regex) return fail(literal.offset, why);
    assembler_.matches(*std::move(regex));
  } else {
    const auto network = IpRange::parse(text);
    if (!network) return fail(literal.offset, "expected a network such as \"10.0.0.0/8\"");
    assembler_.cidr(*network);
  }
  return finishOperation(first, first.constant, Kind::kBool);
}

const Compiler::Local* Compiler::findLocal(std::string_view name) const {
  const auto found = std::find_if(locals_.rbegin(), locals_.rend(),
                                  [name](const Local& local) { return local.name == name; });
  return found == locals_.rend() ? nullptr : &*found;
}

}  // namespace weir::expr
