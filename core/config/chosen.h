#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "core/config/diagnostics.h"

namespace weir::config {

class Choice;

// The kind that was chosen of a family (variant.h), with its settings. Copies share them.
class Selected {
 public:
  Selected() = default;
  Selected(std::string kind, std::shared_ptr<const Choice> choice, Location location,
           std::size_t hash = 0)
      : kind_(std::move(kind)),
        choice_(std::move(choice)),
        location_(std::move(location)),
        hash_(hash) {}

  bool made() const { return choice_ != nullptr; }
  const std::string& kind() const { return kind_; }
  const Location& location() const { return location_; }  // of the table, for later diagnostics
  const Choice* choice() const { return choice_.get(); }
  // Of the settings as written: equal if they are written in the same way.
  std::size_t hash() const { return hash_; }
  // Null if the kind was registered with another type. Defined in variant.h.
  template <typename T>
  const T* as() const;

  // Equal: the same kind with the same settings. Settings of a type without == are never equal.
  friend bool operator==(const Selected& left, const Selected& right);

 private:
  std::string kind_;
  std::shared_ptr<const Choice> choice_;
  Location location_;
  std::size_t hash_ = 0;
};

}  // namespace weir::config
