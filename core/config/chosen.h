#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/config/mistakes.h"

namespace weir::config {

class Choice;

// What was chosen of a family of kinds (choice.h). Copies share it.
class Chosen {
 public:
  Chosen() = default;
  Chosen(std::string kind, std::shared_ptr<const Choice> choice, Place place)
      : kind_(std::move(kind)), choice_(std::move(choice)), place_(std::move(place)) {}

  bool made() const { return choice_ != nullptr; }
  const std::string& kind() const { return kind_; }
  const Place& place() const { return place_; }  // of the table, for later mistakes
  const Choice* choice() const { return choice_.get(); }
  // Null when the kind was registered with another type. Defined in choice.h.
  template <typename T>
  const T* as() const;

  // The same kind with the same settings. Settings of a type without == are never the same twice.
  friend bool operator==(const Chosen& left, const Chosen& right);

 private:
  std::string kind_;
  std::shared_ptr<const Choice> choice_;
  Place place_;
};

}  // namespace weir::config
