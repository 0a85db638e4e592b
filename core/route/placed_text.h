#pragma once

#include <string>

#include "core/config/diagnostics.h"

namespace weir::route {

// A text that is checked later, with its location.
struct PlacedText {
  std::string text;
  config::Location location = {};

  friend bool operator==(const PlacedText& left, const PlacedText& right) {
    return left.text == right.text;  // regardless of location
  }
};

}  // namespace weir::route
