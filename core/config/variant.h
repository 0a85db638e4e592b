#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/chosen.h"
#include "core/config/table.h"

namespace weir::config {

struct Kind;

// The settings of one kind, of any type.
class Choice {
 public:
  virtual ~Choice() = default;
  // `table` contains the name of the kind as a key.
  virtual void read(Table& table, const Kind& kind) = 0;
  virtual void show(Table& table, const Kind& kind) const = 0;
  // Null: settings that were not given, which have their defaults.
  virtual bool equals(const Choice* other) const = 0;
};

// One way to fill a table with a single key: `{ dns = "orders:80" }`, `{ jwt = { ... } }`.
struct Kind {
  std::string name;
  std::string meaning;
  Limits limits;
  std::unique_ptr<Choice> (*make)() = nullptr;
};

template <typename T>
class ChoiceOf final : public Choice {
 public:
  void read(Table& table, const Kind& kind) override {
    table.read(kind.name, value_, kind.meaning, kind.limits);
  }
  void show(Table& table, const Kind& kind) const override {
    T copy = value_;
    table.read(kind.name, copy, kind.meaning, kind.limits);
  }
  bool equals(const Choice* other) const override {
    if constexpr (std::equality_comparable<T>) {
      if (other == nullptr) return value_ == T{};
      const auto* same = dynamic_cast<const ChoiceOf*>(other);
      return same != nullptr && value_ == same->value_;
    } else {
      return false;
    }
  }
  const T& value() const { return value_; }

 private:
  T value_{};
};

// The kinds of one family that are registered in this binary.
class VariantSet {
 public:
  // `name = <T>`: T is any type that Table::read() accepts.
  template <typename T>
  void add(std::string_view name, std::string_view meaning, Limits limits = {}) {
    limits.required = true;
    kinds_.push_back({std::string(name), std::string(meaning), limits,
                      [] { return std::unique_ptr<Choice>(std::make_unique<ChoiceOf<T>>()); }});
  }
  // A kind may also be written as its name alone, `balancer = "random"`; its settings then have
  // their defaults.
  void allowNames() { names_allowed_ = true; }
  bool namesAllowed() const { return names_allowed_; }
  const std::vector<Kind>& all() const { return kinds_; }
  const Kind* find(std::string_view name) const;
  std::vector<std::string_view> names() const;

 private:
  bool names_allowed_ = false;
  std::vector<Kind> kinds_;
};

template <typename T>
const T* Selected::as() const {
  const auto* choice = dynamic_cast<const ChoiceOf<T>*>(choice_.get());
  return choice == nullptr ? nullptr : &choice->value();
}

// The extensions of this binary: families of kinds ("filter", "discovery", "balancer").
class Extensions {
 public:
  VariantSet& family(std::string_view name) { return families_[std::string(name)]; }
  const VariantSet& family(std::string_view name) const;  // empty if nothing was registered

 private:
  std::map<std::string, VariantSet, std::less<>> families_;
};

template <>
struct Codec<Selected> {
  static bool read(const Entry& entry, Selected& out, const Rules<Selected>& rules);
  static Type type(const Selected& now, const Rules<Selected>& rules, const Scope& scope);
  static Value show(const Selected& now, const Rules<Selected>& rules, const Scope& scope);
};

}  // namespace weir::config
