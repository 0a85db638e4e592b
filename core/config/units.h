#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/clock.h"

// Values that are written as text with a unit. Each has parse(), which is strict, and text(), whose
// result parse() reads as the same value.
namespace weir::config {

// "250ms", "1.5s", "2m", "1h", "7d", also "0". nullopt if it exceeds the range of Nanoseconds or is
// not a whole number of nanoseconds.
std::optional<Nanoseconds> parseDuration(std::string_view text);
std::string durationText(Nanoseconds duration);

// The shortest decimal that reads back as `number`, without an exponent.
std::string decimalText(double number);

// For a number whose unit is missing or wrong ("5", "64kb", "5 sec"): the probably intended text,
// or empty. `usual` is the unit of a bare number.
std::string likelyAmount(std::string_view text, std::span<const std::string_view> units,
                         std::string_view usual);

// "512B", "64KiB", "1MiB", "2GiB", "1TiB".
struct Size {
  std::uint64_t bytes = 0;

  static std::optional<Size> parse(std::string_view text);
  std::string text() const;
  friend auto operator<=>(const Size&, const Size&) = default;
};

// "100/s", "10/m", "0.5/s", "1000/h", "5/d".
struct Rate {
  double per_second = 0;

  static std::optional<Rate> parse(std::string_view text);
  std::string text() const;
  friend auto operator<=>(const Rate&, const Rate&) = default;
};

// "20%", "0.5%", or the plain number 20.
struct Percent {
  double value = 0;

  double fraction() const { return value / 100; }
  static std::optional<Percent> parse(std::string_view text);
  std::string text() const;
  friend auto operator<=>(const Percent&, const Percent&) = default;
};

// "0660": the permissions of a file, in octal.
struct FileMode {
  std::uint32_t bits = 0;  // at most 0777

  static std::optional<FileMode> parse(std::string_view text);
  std::string text() const;  // four digits
  friend bool operator==(const FileMode&, const FileMode&) = default;
};

// "host:80", "10.0.0.1:80", "[::1]:80", ":80" (every address of the machine), "unix:/run/x.sock".
// Only the form is checked here; names are resolved elsewhere.
struct Address {
  std::string host;  // without brackets; empty: every address
  std::uint16_t port = 0;
  std::string unix_path;  // if not empty: a socket in the file system; host and port are unused

  bool isUnix() const { return !unix_path.empty(); }
  static std::optional<Address> parse(std::string_view text);
  std::string text() const;
  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace weir::config
