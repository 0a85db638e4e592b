#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/names.h"
#include "core/config/variant.h"
#include "core/filter/chain.h"

namespace weir::filter {

// The requirements on a filter: settings that read themselves, and an object for each exchange.
template <typename T>
concept FilterType = std::derived_from<T, Filter> &&
    requires(config::Table& table, typename T::Config& config) {
  T::Config::read(table, config);
} && std::constructible_from<T, const typename T::Config&, Control&>;

// The filters of this binary, each added by an explicit call, which makes its settings part of the
// configuration's schema.
class Registry {
 public:
  explicit Registry(config::Extensions& extensions) : kinds_(extensions.family("filter")) {}

  template <FilterType T>
  void add(std::string_view name, std::string_view meaning) {
    kinds_.add<typename T::Config>(name, meaning);
    makers_.emplace_back(name, &makeMaker<T>);
  }

  // The filter chain of a route's settings, which must have been read with the same extensions.
  Chain chain(const std::vector<config::Selected>& filters, NameTable& names) const;

 private:
  using MakeMaker = std::unique_ptr<const Maker> (*)(const config::Selected& chosen);

  template <FilterType T>
  class MakerOf final : public Maker {
   public:
    explicit MakerOf(const typename T::Config& config) : config_(config) {}
    Filter* make(Arena& arena, Control& control) const override {
      return new (arena.allocate(sizeof(T), alignof(T))) T(config_, control);
    }
    void destroy(Filter* filter) const override { static_cast<T*>(filter)->~T(); }

   private:
    const typename T::Config config_;
  };

  template <FilterType T>
  static std::unique_ptr<const Maker> makeMaker(const config::Selected& chosen) {
    return std::make_unique<MakerOf<T>>(*chosen.as<typename T::Config>());
  }

  config::VariantSet& kinds_;
  std::vector<std::pair<std::string, MakeMaker>> makers_;
};

}  // namespace weir::filter
