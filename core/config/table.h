#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/codec.h"
#include "core/config/diagnostics.h"
#include "core/config/entry.h"
#include "core/config/rules.h"
#include "core/config/type.h"
#include "core/config/value.h"

namespace weir::config {

// A TOML table as a struct of settings sees it. One function declares the fields of the struct,
//
//   static void read(config::Table& table, Settings& out) {
//     table.read("attempts", out.attempts, "Tries per request.", {.min = 1, .max = 10});
//     table.read("timeout", out.timeout, "For all tries together.");
//   }
//
// and has three uses: it fills `out` from a document, it describes the fields for the schema and
// the reference (`out` holds their defaults), and it prints `out`. A key that no call names is a
// mistake. Reading continues after a mistake; the field keeps its default.
//
// Fields may be: bool, integers, double, std::string, Duration (std::chrono), Size, Rate, Percent,
// Address, Secret, File, WatchedFile, enumerations with Names, structs of settings (tables),
// Selected with VariantSet, types with a TextForm or Codec; and std::optional (absent: nullopt),
// ByRole, std::vector (arrays), std::map from std::string or std::vector of pairs with a
// std::string (tables with names of the user's choosing) of any of those.
//
// A struct of settings with `static constexpr std::string_view kShortKey = "address"` may also be
// written as that value alone: "10.0.0.1:80" instead of { address = "10.0.0.1:80" }.
class Table {
 public:
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // `key` outlives the table. `meaning` is a sentence of one line for the reference.
  template <typename T>
  void read(std::string_view key, T& out, std::string_view meaning, const Limits& limits = {}) {
    field(key, out, meaning, Rules<Leaf<T>>{limits});
  }
  template <typename T>
  requires std::is_enum_v<Leaf<T>>
  void read(std::string_view key, T& out, std::type_identity_t<Names<Leaf<T>>> names,
            std::string_view meaning, const Limits& limits = {}) {
    field(key, out, meaning, Rules<Leaf<T>>{limits, names});
  }
  // A Selected in any container: `{ dns = "..." }` or `[ { jwt = {...} }, ...]`.
  template <typename T>
  void read(std::string_view key, T& out, const VariantSet& kinds, std::string_view meaning,
            const Limits& limits = {}) {
    field(key, out, meaning, Rules<Leaf<T>>{limits, &kinds});
  }

  // A number of bytes, written as a Size.
  template <std::unsigned_integral T>
  void readBytes(std::string_view key, T& out, std::string_view meaning, const Limits& limits) {
    Size size{out};
    read(key, size, meaning, limits);
    out = static_cast<T>(size.bytes);
  }

  using Keys = std::vector<std::string_view>;
  // For keys that are also read: records a diagnostic if two of them are given; exactlyOneOf() also
  // if none is.
  void atMostOneOf(const Keys& keys) { exclude(keys, false); }
  void exactlyOneOf(const Keys& keys) { exclude(keys, true); }

  // `key` was called `old_key` before. The old name is a mistake; the suggestion is the new one.
  void renamed(std::string_view old_key, std::string_view key);

  // The kinds that the binary has registered in a family: "filter", "discovery" ...
  const VariantSet& kinds(std::string_view family) const;

  // For checks after reading. While describing or printing, no key is given and fail() does
  // nothing.
  bool has(std::string_view key) const;
  // The position of the value of `key`, or of the table if the key is empty or not given.
  Location location(std::string_view key = "") const;
  void fail(std::string_view key, std::string_view what, std::string_view suggestion = "");
  void failElement(std::string_view key, std::size_t index, std::string_view what,
                   std::string_view suggestion = "");
  // Like fail(), for settings that are allowed but probably not intended.
  void warn(std::string_view key, std::string_view what, std::string_view suggestion = "");
  // "listener[0]", or the path of a key: "listener[0].address".
  std::string path(std::string_view key = "") const;
  // No mistake has been found in this table so far. True while describing or printing.
  bool clean() const;
  // Stores the position of the value of `key`, or of the table; call it after the fields and their
  // checks. Does nothing while describing or printing.
  void locate(Origin& out, std::string_view key = "") const;

  // For codecs: run `read` on the table at `entry`; describe it; print it.
  using ReadFunction = std::function<void(Table&)>;
  static bool readAt(const Entry& entry, std::string_view short_key, const ReadFunction& read);
  // Suggests a table for a string in its place: `{ key = "..." }`.
  static std::string suggestionFor(const Entry& entry, const ReadFunction& read);
  static Type describe(const Scope& scope, std::string_view short_key, const ReadFunction& read);
  static Value show(const Scope& scope, const ReadFunction& read);
  // Sets fields that were not given to the defaults of the role.
  static void settle(Role role, const ReadFunction& read);

 private:
  struct Given {
    const Entry& entry;
    std::vector<std::string_view> known = {};
    std::vector<bool> used = {};
    std::vector<std::pair<std::string_view, std::string_view>> renamed = {};  // old key, key
    std::size_t mistakes_before = 0;

    // The known key that was probably meant by an unknown one; often empty.
    std::string_view meantBy(std::string_view key) const;
  };
  struct Described {
    TableType& type;
    const Scope& scope;
  };
  struct Shown {
    Value::Table& table;
    const Scope& scope;
  };
  struct Settled {
    Role role;
  };
  using Mode = std::variant<Given, Described, Shown, Settled>;

  explicit Table(Mode mode) : mode_(std::move(mode)) {}

  template <typename T>
  void field(std::string_view key, T& out, std::string_view meaning, const Rules<Leaf<T>>& rules) {
    if (std::holds_alternative<Given>(mode_)) {
      if (const Member* member = take(key, rules.limits)) {
        Codec<T>::read(std::get<Given>(mode_).entry.member(*member), out, rules);
      }
    } else if (const auto* described = std::get_if<Described>(&mode_)) {
      const Scope& scope = described->scope;
      FieldType type{std::string(key), std::string(meaning), Codec<T>::type(out, rules, scope),
                     Codec<T>::show(out, rules, scope), rules.limits.required};
      if constexpr (requires { Codec<T>::defaults(out, rules, scope); }) {
        type.by_role = Codec<T>::defaults(out, rules, scope);
      }
      add(std::move(type));
    } else if (const auto* shown = std::get_if<Shown>(&mode_)) {
      add(key, Codec<T>::show(out, rules, shown->scope), rules.limits.required);
    } else {
      settleField(std::get<Settled>(mode_).role, out);
    }
  }

  template <typename T>
  static void settleField(Role role, T& out);

  const Member* take(std::string_view key, const Limits& limits);
  void add(FieldType field);
  void add(std::string_view key, Value value, bool required);
  void exclude(const Keys& keys, bool required);
  void finish();  // reports unknown keys

  Mode mode_;
};

// A struct of settings: `static void read(config::Table& table, T& out)` names each field once.
template <typename T>
concept Settings = requires(Table& table, T& out) {
  T::read(table, out);
};

template <Settings T>
constexpr std::string_view shortKeyOf() {
  if constexpr (requires { T::kShortKey; }) return T::kShortKey;
  return {};
}

// For extensions without settings: `{ random = {} }`.
struct NoSettings {
  static void read(Table&, NoSettings&) {}
  friend bool operator==(const NoSettings&, const NoSettings&) = default;
};

template <typename T>
void Table::settleField(Role role, T& out) {
  if constexpr (requires { out.settle(role); }) {
    out.settle(role);
  } else if constexpr (Settings<T>) {
    settle(role, [&out](Table& table) { T::read(table, out); });
  } else if constexpr (requires { out.has_value(); }) {
    if (out) settleField(role, *out);
  }
}

template <Settings T>
struct Codec<T> {
  static bool read(const Entry& entry, T& out, const Rules<T>&) {
    return Table::readAt(entry, shortKeyOf<T>(), [&out](Table& table) { T::read(table, out); });
  }
  static Type type(const T& now, const Rules<T>&, const Scope& scope) {
    T copy = now;
    return Table::describe(scope, shortKeyOf<T>(), [&](Table& table) { T::read(table, copy); });
  }
  static Value show(const T& now, const Rules<T>&, const Scope& scope) {
    T copy = now;
    return Table::show(scope, [&copy](Table& table) { T::read(table, copy); });
  }
  static Value showElement(const T& now, const Rules<T>& rules, const Scope& scope) {
    Value value = show(now, rules, scope);
    if (!scope.changes_only) return value;
    return shortened(withoutDefaults(std::move(value), show(T{}, rules, scope)), shortKeyOf<T>());
  }
};

}  // namespace weir::config
