#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/assembler.h"
#include "core/expr/function_table.h"
#include "core/expr/lexer.h"
#include "core/expr/mistake.h"
#include "core/expr/schema.h"

namespace weir::expr {

// Parses an expression, checks its types and writes its program, in one pass: no tree is built, and
// the recursion is as deep as the brackets of the expression.
class Compiler {
 public:
  Compiler(std::string_view text, Schema schema, Mistake& mistake);

  std::unique_ptr<const Program> compile(std::optional<Type> result);

 private:
  // A part of the expression whose instructions are written.
  struct Operand {
    Type type;
    std::size_t offset = 0;  // in the expression
    std::size_t start = 0;   // its first instruction
    bool constant = false;
    bool selection = false;  // its last instruction reads a variable or member
  };
  using Parsed = std::optional<Operand>;  // nothing if there is a mistake

  struct Local {
    std::string name;
    Type type;
    std::size_t place = 0;  // on the stack
  };

  Parsed parseExpression();
  Parsed parseChoice(const Operand& condition);
  Parsed parseLogical(bool conjunction);
  Parsed parseBinary(std::size_t level);
  Parsed parseUnary();
  Parsed parseNegative(std::size_t offset);
  Parsed parseMember();
  Parsed parseSelection(const Operand& object);
  Parsed parsePrimary();
  Parsed parseLiteral();
  static Type commonType(const std::vector<Operand>& operands);
  static bool areConstant(const std::vector<Operand>& operands);
  Parsed parseList();
  Parsed parseMap();
  bool parseMapMember(std::vector<Operand>& keys, std::vector<Operand>& values);
  Parsed parseName();
  Parsed parseVariable(Token name);
  Parsed parseHas(std::size_t offset);
  Parsed parseMethod(const Operand& object, const Token& name);
  Parsed parseLoop(const Operand& list, const Token& name, Loop loop);
  Parsed parseIndex(const Operand& object);

  Parsed variable(std::size_t index, std::size_t offset);
  Parsed unknownName(const Token& name, const std::string& path);
  Parsed select(const Operand& object, const Token& name);
  Parsed keyed(const Operand& object, std::string_view key);
  Parsed constant(const Value& value, Type type, std::size_t offset);
  Parsed unary(const Token& symbol, bool odd, Operand operand);
  Parsed binary(const Token& symbol, Op op, const Operand& left, const Operand& right);
  Parsed call(const Token& name, bool method, std::vector<Operand> arguments);
  Parsed emitCall(const Function& function, const Operand& first, const Operand& last);
  Parsed emitWithLiteral(Op op, const Operand& first, const Operand& literal);
  Parsed finishOperation(const Operand& from, bool constant, const Type& type);
  bool knowsFunction(const Token& name, bool method);
  bool parseArguments(std::vector<Operand>& arguments);
  bool requireBool(const Operand& operand, std::string_view user);

  bool advance();
  bool accept(std::string_view symbol);  // false also if the next token has a mistake
  bool expect(std::string_view symbol, std::string_view other = {});  // `other` for the message
  const Local* findLocal(std::string_view name) const;
  Parsed fail(std::size_t offset, std::string what, std::string_view suggestion = {});

  Schema schema_;
  Mistake& mistake_;
  Lexer lexer_;
  Token token_;  // the next one
  bool failed_ = false;
  std::size_t nesting_ = 0;
  std::vector<Local> locals_;
  Assembler assembler_;
};

}  // namespace weir::expr
