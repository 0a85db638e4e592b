#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/config/entry.h"
#include "core/config/rules.h"
#include "core/config/scalar.h"
#include "core/config/secret.h"
#include "core/config/text_form.h"
#include "core/config/type.h"
#include "core/config/value.h"

namespace weir::config {

// Context for describing and printing a value.
struct Scope {
  const Extensions& extensions;
  bool changes_only = false;  // leave out members that have their default
};

// How values of a type are read, described and printed. Table::read() takes every type that has
// one. A type of your own that is written as a string gets one by a TextForm.
//
//   static bool read(const Entry& entry, T& out, const Rules<Leaf<T>>& rules);
//       Records diagnostics and returns false; `out` then keeps its value.
//   static Type type(const T& now, const Rules<Leaf<T>>& rules, const Scope& scope);
//   static Value show(const T& now, const Rules<Leaf<T>>& rules, const Scope& scope);
//       Reading the result gives `now`.
template <typename T>
struct Codec;

template <>
struct Codec<bool> {
  static bool read(const Entry& entry, bool& out, const Rules<bool>&) {
    return readBoolean(entry, out);
  }
  static Type type(bool, const Rules<bool>&, const Scope&) {
    return {.kind = Type::Kind::kBoolean, .name = "boolean"};
  }
  static Value show(bool now, const Rules<bool>&, const Scope&) { return Value(now); }
};

template <std::integral T>
struct Codec<T> {
  static constexpr std::int64_t saturated(T value) {
    return std::in_range<std::int64_t>(value) ? static_cast<std::int64_t>(value)
                                              : std::numeric_limits<std::int64_t>::max();
  }
  static constexpr IntegerRange kRange = {saturated(std::numeric_limits<T>::min()),
                                          saturated(std::numeric_limits<T>::max())};

  static bool read(const Entry& entry, T& out, const Rules<T>& rules) {
    const std::optional<std::int64_t> value = readInteger(entry, kRange, rules.limits);
    if (value) out = static_cast<T>(*value);
    return value.has_value();
  }
  static Type type(T, const Rules<T>& rules, const Scope&) {
    return integerType(kRange, rules.limits);
  }
  static Value show(T now, const Rules<T>&, const Scope&) { return Value(saturated(now)); }
};

template <>
struct Codec<double> {
  static bool read(const Entry& entry, double& out, const Rules<double>& rules) {
    return readNumber(entry, out, rules.limits);
  }
  static Type type(double, const Rules<double>& rules, const Scope&) {
    return numberType(rules.limits);
  }
  static Value show(double now, const Rules<double>&, const Scope&) { return Value(now); }
};

template <>
struct Codec<std::string> {
  static bool read(const Entry& entry, std::string& out, const Rules<std::string>& rules) {
    return readText(entry, out, rules.limits);
  }
  static Type type(const std::string&, const Rules<std::string>& rules, const Scope&) {
    return textType(rules.limits);
  }
  static Value show(const std::string& now, const Rules<std::string>&, const Scope&) {
    return Value(now);
  }
};

template <>
struct Codec<Secret> {
  static bool read(const Entry& entry, Secret& out, const Rules<Secret>&) {
    return readSecret(entry, out);
  }
  static Type type(const Secret&, const Rules<Secret>&, const Scope&) { return secretType(); }
  static Value show(const Secret& now, const Rules<Secret>&, const Scope&) {
    return secretValue(now);
  }
};

template <>
struct Codec<File> {
  static bool read(const Entry& entry, File& out, const Rules<File>&) {
    return readFile(entry, out);
  }
  static Type type(const File&, const Rules<File>&, const Scope&) {
    return {.kind = Type::Kind::kText, .name = "file"};
  }
  static Value show(const File& now, const Rules<File>&, const Scope&) {
    return now.path.empty() ? Value() : Value(now.path);
  }
};

template <>
struct Codec<WatchedFile> {
  static bool read(const Entry& entry, WatchedFile& out, const Rules<WatchedFile>&) {
    return readWatchedFile(entry, out);
  }
  static Type type(const WatchedFile&, const Rules<WatchedFile>&, const Scope&) {
    return {.kind = Type::Kind::kText, .name = "file"};
  }
  static Value show(const WatchedFile& now, const Rules<WatchedFile>&, const Scope&) {
    return now.path.empty() ? Value() : Value(now.path);
  }
};

template <typename T>
requires std::is_enum_v<T>
struct Codec<T> {
  static bool read(const Entry& entry, T& out, const Rules<T>& rules) {
    const std::optional<std::size_t> index = readWord(entry, words(rules));
    if (index) out = rules.names[*index].second;
    return index.has_value();
  }
  static Type type(T, const Rules<T>& rules, const Scope&) { return wordType(words(rules)); }
  static Value show(T now, const Rules<T>& rules, const Scope&) {
    for (const auto& [word, value] : rules.names) {
      if (value == now) return Value(std::string{word});
    }
    return {};
  }

 private:
  static std::vector<std::string_view> words(const Rules<T>& rules) {
    std::vector<std::string_view> words;
    for (const auto& [word, value] : rules.names) words.push_back(word);
    return words;
  }
};

// Types that are written as strings of a certain form, including numbers with a unit.
template <HasTextForm T>
struct Codec<T> {
  using Form = TextForm<T>;

  static bool read(const Entry& entry, T& out, const Rules<T>& rules) {
    std::optional<T> value = parse(entry.value());
    if (!value) return entry.failKind(Form::kExpected, suggestion(entry.value()));
    if constexpr (HasAmount<T>) {
      const double amount = Form::amount(*value);
      if (!checkAmount(entry, amount, limits(rules), Form::amountText)) return false;
    }
    out = *std::move(value);
    return true;
  }
  static Type type(const T&, const Rules<T>& rules, const Scope&) {
    if constexpr (HasAmount<T>) {
      const std::string range = rangeText(limits(rules), Form::amountText);
      return amountType(patternType(Form::kName, Form::kPattern), range, Form::kAnyNumber);
    } else {
      return patternType(Form::kName, Form::kPattern);
    }
  }
  static Value show(const T& now, const Rules<T>&, const Scope&) { return Value(Form::text(now)); }

 private:
  static std::optional<T> parse(const Value& value) {
    if (const auto* text = value.as<std::string>()) return Form::parse(*text);
    if constexpr (HasAmount<T>) {
      if (const std::optional<double> number = numberOf(value)) return Form::fromNumber(*number);
    }
    return std::nullopt;
  }
  static Limits limits(const Rules<T>& rules) {
    Limits limits = rules.limits;
    if constexpr (requires { Form::kDefaultMax; }) {
      if (!limits.max) limits.max = Form::kDefaultMax;
    }
    return limits;
  }
  static std::string suggestion(const Value& value) {
    if constexpr (HasAmount<T>) {
      std::string likely = likelyAmount(plainText(value), Form::kUnits, Form::kUnits[0]);
      if (Form::parse(likely)) return likely;
    }
    return {};
  }
};

// An element of a container starts from T{}, so that only its differences from T{} are shown.
template <typename T>
struct ElementCodec {
  using TypeRules = Rules<Leaf<T>>;

  static bool read(const Entry& entry, T& out, const TypeRules& rules) {
    return Codec<T>::read(entry, out, inner(rules));
  }
  static Type type(const TypeRules& rules, const Scope& scope) {
    return Codec<T>::type(T{}, inner(rules), scope);
  }
  static Value show(const T& now, const TypeRules& rules, const Scope& scope) {
    if constexpr (requires { Codec<T>::showElement(now, inner(rules), scope); }) {
      return Codec<T>::showElement(now, inner(rules), scope);
    } else {
      return Codec<T>::show(now, inner(rules), scope);
    }
  }
};

template <typename T>
struct Codec<std::optional<T>> {
  using TypeRules = Rules<Leaf<T>>;

  static bool read(const Entry& entry, std::optional<T>& out, const TypeRules& rules) {
    if (isWord(entry.value(), rules.limits.none)) {
      out.reset();
      return true;
    }
    T value{};
    if (!Codec<T>::read(entry, value, rules)) return false;
    out = std::move(value);
    return true;
  }
  static Type type(const std::optional<T>& now, const TypeRules& rules, const Scope& scope) {
    return orWord(Codec<T>::type(now.value_or(T{}), rules, scope), rules.limits.none);
  }
  static Value show(const std::optional<T>& now, const TypeRules& rules, const Scope& scope) {
    if (now) return whole(ElementCodec<T>::show(*now, rules, scope));
    return rules.limits.none.empty() ? Value() : Value(std::string{rules.limits.none});
  }
};

// Shown only if it was given: a default that depends on the role is not printed.
template <typename T>
struct Codec<ByRole<T>> {
  using TypeRules = Rules<Leaf<T>>;

  static bool read(const Entry& entry, ByRole<T>& out, const TypeRules& rules) {
    T value = out.value();
    if (!Codec<T>::read(entry, value, rules)) return false;
    out = std::move(value);
    return true;
  }
  static Type type(const ByRole<T>& now, const TypeRules& rules, const Scope& scope) {
    return Codec<T>::type(now.value(), rules, scope);
  }
  static Value show(const ByRole<T>& now, const TypeRules& rules, const Scope& scope) {
    return now.given() ? Codec<T>::show(now.value(), rules, scope) : Value();
  }
  static std::vector<Value> defaults(const ByRole<T>& now, const TypeRules& rules,
                                     const Scope& scope) {
    return {Codec<T>::show(now.byDefault(Role::kGateway), rules, scope),
            Codec<T>::show(now.byDefault(Role::kSidecar), rules, scope)};
  }
};

template <typename T>
struct Codec<std::vector<T>> {
  using TypeRules = Rules<Leaf<T>>;

  static bool read(const Entry& entry, std::vector<T>& out, const TypeRules& rules) {
    const auto* array = entry.value().as<Value::Array>();
    if (array == nullptr) return entry.failKind("an array", arrayAround(entry));
    std::vector<T> values;
    values.reserve(array->size());
    bool good = checkSize(entry, array->size(), rules.limits, "elements");
    for (std::size_t index = 0; index < array->size(); ++index) {
      // In place: settings are large.
      good = ElementCodec<T>::read(entry.element(index), values.emplace_back(), rules) && good;
    }
    out = std::move(values);
    return good;
  }
  static Type type(const std::vector<T>&, const TypeRules& rules, const Scope& scope) {
    return containerType(Type::Kind::kArray, ElementCodec<T>::type(rules, scope), rules.limits);
  }
  static Value show(const std::vector<T>& now, const TypeRules& rules, const Scope& scope) {
    Value::Array array;
    for (const T& value : now) array.push_back(ElementCodec<T>::show(value, rules, scope));
    return Value(std::move(array));
  }
};

// Tables whose keys are names of the user's choosing. A vector of pairs keeps their order.
template <typename Map, typename T>
struct MapCodec {
  using TypeRules = Rules<Leaf<T>>;

  static bool read(const Entry& entry, Map& out, const TypeRules& rules) {
    const auto* table = entry.value().as<Value::Table>();
    if (table == nullptr) return entry.failKind("a table");
    Map values;
    bool good = checkSize(entry, table->size(), rules.limits, "keys");
    for (const Member& member : *table) {
      T value{};
      good = ElementCodec<T>::read(entry.member(member), value, rules) && good;
      values.insert(values.end(), typename Map::value_type(member.key, std::move(value)));
    }
    out = std::move(values);
    return good;
  }
  static Type type(const Map&, const TypeRules& rules, const Scope& scope) {
    return containerType(Type::Kind::kMap, ElementCodec<T>::type(rules, scope), rules.limits);
  }
  static Value show(const Map& now, const TypeRules& rules, const Scope& scope) {
    Value::Table table;
    for (const auto& [name, value] : now) {
      table.push_back({name, ElementCodec<T>::show(value, rules, scope), {}, true});
    }
    return Value(std::move(table));
  }
};

template <typename T>
struct Codec<std::vector<std::pair<std::string, T>>>
    : MapCodec<std::vector<std::pair<std::string, T>>, T> {};

template <typename T, typename Less, typename Allocator>
struct Codec<std::map<std::string, T, Less, Allocator>>
    : MapCodec<std::map<std::string, T, Less, Allocator>, T> {};

}  // namespace weir::config
