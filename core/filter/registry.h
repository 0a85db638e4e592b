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
#include "core/filter/maker_of.h"
#include "core/filter/references.h"

namespace weir::filter {

// T::kAuthenticates: the filter fills the principal. T::kBeforeAuthentication: it is for requests
// without credentials as well. T::readsPrincipal(config): it is about the principal.
template <typename T>
concept Authenticates = requires {
  requires T::kAuthenticates;
};
template <typename T>
concept BeforeAuthentication = requires {
  requires T::kBeforeAuthentication;
};

// Whether an expression has a variable of the principal, such as `auth.subject`.
bool namesPrincipal(std::string_view expression);

// The settings of a filter: its own, and those that all filters have.
template <FilterType T>
struct Settings {
  static constexpr std::string_view kShortKey = config::shortKeyOf<typename T::Config>();

  typename T::Config config;
  http::RequestCondition when;

  bool operator==(const Settings&) const = default;
  static void read(config::Table& table, Settings& out) {
    T::Config::read(table, out.config);
    table.read("when", out.when,
               "Condition of the requests for which the filter is used, an expression; evaluated "
               "after the filters before it. Default: all requests.");
  }
};

// The filters of this binary, each added by an explicit call, which makes its settings part of the
// configuration's schema.
class Registry {
 public:
  explicit Registry(config::Extensions& extensions)
      : extensions_(extensions), variants_(extensions.family("filter")) {}

  template <FilterType T>
  void add(std::string_view name, std::string_view meaning) {
    variants_.add<Settings<T>>(name, meaning);
    kinds_.push_back({std::string(name), HasShared<T> || HasLocal<T>, Authenticates<T>,
                      BeforeAuthentication<T>, &readsPrincipal<T>, &makeMaker<T>, checkOf<T>()});
  }

  // Another family of extensions, for settings of filters.
  config::VariantSet& family(std::string_view name) { return extensions_.family(name); }

  // How the filters of one kind are configured.
  struct Kind {
    std::string name;
    bool has_parts;      // that outlive exchanges
    bool authenticates;  // fills the principal
    bool before_authentication;
    // Whether the settings are about the principal.
    bool (*reads_principal)(const config::Selected& selected);
    std::shared_ptr<const Maker> (*make)(const config::Selected& selected, MakerId id,
                                         References& references, config::Diagnostics& diagnostics);
    // Null if every combination of settings is valid.
    void (*check)(const config::Selected& selected, References& references,
                  config::Diagnostics& diagnostics);
  };
  // The kind of settings that were read with the same extensions.
  const Kind& kindOf(const config::Selected& selected) const;
  // Equal for equal settings, however they are written. Costs as much as printing them.
  std::size_t hashOf(const config::Selected& selected) const;

 private:
  template <FilterType T>
  static bool readsPrincipal(const config::Selected& selected) {
    const Settings<T>& settings = *selected.as<Settings<T>>();
    if (namesPrincipal(settings.when.text())) return true;
    if constexpr (requires { T::readsPrincipal(settings.config); }) {
      return T::readsPrincipal(settings.config);
    }
    return false;
  }

  template <FilterType T>
  static typename T::Config checkedConfig(const config::Selected& selected, References& references,
                                          config::Diagnostics& diagnostics) {
    typename T::Config config = selected.as<Settings<T>>()->config;
    if constexpr (HasCheck<T>) T::check(config, references, diagnostics);
    return config;
  }

  template <FilterType T>
  static std::shared_ptr<const Maker> makeMaker(const config::Selected& selected, MakerId id,
                                                References& references,
                                                config::Diagnostics& diagnostics) {
    return std::make_shared<MakerOf<T>>(id, selected.as<Settings<T>>()->when,
                                        checkedConfig<T>(selected, references, diagnostics));
  }

  template <FilterType T>
  static constexpr decltype(Kind::check) checkOf() {
    if constexpr (!HasCheck<T>) return nullptr;
    return [](const config::Selected& selected, References& references,
              config::Diagnostics& diagnostics) {
      checkedConfig<T>(selected, references, diagnostics);
    };
  }

  config::Extensions& extensions_;
  config::VariantSet& variants_;
  std::vector<Kind> kinds_;
};

}  // namespace weir::filter
