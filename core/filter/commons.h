#pragma once

#include <map>
#include <memory>

namespace weir::filter {

// What the parts of differently configured filters have in common, such as limits found by name:
// one object of each type, made on first use. The shared parts have one, and the local parts of
// each worker have one. Outlives the parts.
//
// Thread: that of the parts.
class Commons {
 public:
  Commons() = default;
  Commons(const Commons&) = delete;
  Commons& operator=(const Commons&) = delete;

  template <typename T>
  T& get() {
    std::unique_ptr<Any>& any = objects_[&kTag<T>];
    if (any == nullptr) any = std::make_unique<Holder<T>>();
    return static_cast<Holder<T>&>(*any).object;
  }

 private:
  struct Any {
    virtual ~Any() = default;
  };
  template <typename T>
  struct Holder final : Any {
    T object;
  };
  template <typename T>
  static constexpr char kTag = 0;  // its address stands for the type

  std::map<const char*, std::unique_ptr<Any>> objects_;
};

}  // namespace weir::filter
