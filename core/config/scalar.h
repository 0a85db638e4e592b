#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/entry.h"
#include "core/config/rules.h"
#include "core/config/secret.h"
#include "core/config/type.h"

// The parts of the codecs that many types share.
namespace weir::config {

// The range of a C++ integer type, as far as TOML can express it.
struct IntegerRange {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
};

// Writes an amount in the unit of its field: "5s", "64KiB", "17".
using AmountText = std::string (*)(double amount);

// Each records a diagnostic if the value has another type or is out of the limits.
bool readBoolean(const Entry& entry, bool& out);
std::optional<std::int64_t> readInteger(const Entry& entry, IntegerRange range,
                                        const Limits& limits);
bool readNumber(const Entry& entry, double& out, const Limits& limits);
bool readText(const Entry& entry, std::string& out, const Limits& limits);
bool readSecret(const Entry& entry, Secret& out);
bool readFile(const Entry& entry, File& out);
bool readWatchedFile(const Entry& entry, WatchedFile& out);
// The index of the word in `words`, the only valid values.
std::optional<std::size_t> readWord(const Entry& entry, const std::vector<std::string_view>& words);

bool checkAmount(const Entry& entry, double amount, const Limits& limits, AmountText text);
bool checkSize(const Entry& entry, std::size_t size, const Limits& limits, std::string_view unit);

Type integerType(IntegerRange range, const Limits& limits);
Type numberType(const Limits& limits);
Type textType(const Limits& limits);
Type secretType();
Type patternType(std::string_view name, std::string_view pattern);
// `text` or a plain number: any number from 0, or only 0.
Type amountType(Type text, std::string_view range, bool any_number);
Type wordType(const std::vector<std::string_view>& words);
// kArray or kMap, with elements of type `element`.
Type containerType(Type::Kind kind, Type element, const Limits& limits);
std::string rangeText(const Limits& limits, AmountText text);

Value secretValue(const Secret& secret);

// The word of Limits::none is an alternative to `type`.
Type orWord(Type type, std::string_view none);
bool isWord(const Value& value, std::string_view none);
std::optional<double> numberOf(const Value& value);  // an integer or a number
std::string plainText(const Value& value);           // a string or number as it was written

}  // namespace weir::config
