#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/config/codec.h"
#include "core/expr/compile.h"

namespace weir::expr {

// An expression in the configuration, of a type that its user needs. `Owner` declares the
// variables:
//   static Schema schema();
// and optionally the expression to suggest for a value that is not a string, an older form of the
// setting:
//   static std::string replacement(const config::Value& older);
template <typename Owner, Kind kResult = Kind::kBool>
class Expression {
 public:
  static constexpr Kind kType = kResult;

  Expression() = default;  // none
  // Nothing, with `mistake` set, if the text is not acceptable.
  static std::optional<Expression> parse(std::string_view text, Mistake& mistake) {
    auto program = compile(text, Owner::schema(), kResult, mistake);
    if (program == nullptr) return std::nullopt;
    Expression expression;
    expression.text_ = text;
    expression.program_ = std::move(program);
    return expression;
  }

  bool given() const { return program_ != nullptr; }
  const std::string& text() const { return text_; }
  const Program& program() const { return *program_; }  // if given

  friend bool operator==(const Expression& left, const Expression& right) {
    return left.text_ == right.text_;
  }

 private:
  std::string text_;
  std::shared_ptr<const Program> program_;
};

}  // namespace weir::expr

namespace weir::config {

template <typename Owner, expr::Kind kResult>
struct Codec<expr::Expression<Owner, kResult>> {
  using Expression = expr::Expression<Owner, kResult>;

  static bool read(const Entry& entry, Expression& out, const Rules<Expression>&) {
    const auto* const text = entry.value().template as<std::string>();
    if (text == nullptr) return entry.failKind("an expression", replacementOf(entry.value()));
    expr::Mistake mistake;
    auto expression = Expression::parse(*text, mistake);
    if (!expression) return entry.failInside(mistake.offset, mistake.what, mistake.suggestion);
    out = *std::move(expression);
    return true;
  }
  static Type type(const Expression&, const Rules<Expression>&, const Scope&) {
    return {.kind = Type::Kind::kText, .name = "expression", .min_size = 1};
  }
  static Value show(const Expression& now, const Rules<Expression>&, const Scope&) {
    return now.given() ? Value(now.text()) : Value();
  }

 private:
  static std::string replacementOf(const Value& value) {
    if constexpr (requires { Owner::replacement(value); }) return Owner::replacement(value);
    return {};
  }
};

}  // namespace weir::config
