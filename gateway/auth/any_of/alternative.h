#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/base/arena.h"
#include "core/config/chosen.h"
#include "core/config/variant.h"
#include "core/filter/control.h"
#include "core/filter/filter.h"
#include "core/filter/maker_of.h"
#include "core/filter/parts.h"
#include "core/filter/references.h"
#include "core/http/field_set.h"
#include "core/http/message.h"
#include "gateway/auth/authn.h"

namespace weir::gateway {

// A configured authentication filter within `any_of`, and how its parts and its objects are made.
// Immutable.
class Alternative {
 public:
  virtual ~Alternative() = default;

  // Whether the request has credentials of this kind, good or bad.
  virtual bool presents(const http::Request& request, const filter::Control& control) const = 0;
  virtual filter::Filter* make(Arena& arena, filter::LocalPart& local,
                               filter::Control& control) const = 0;
  virtual const std::string& challenge(filter::LocalPart& local) const = 0;
  virtual void addRequestFields(http::FieldSet& fields) const = 0;
  // Null if the filter has no such part.
  virtual std::unique_ptr<filter::SharedPart> makeShared(
      const filter::SharedTools& tools) const = 0;
  virtual std::unique_ptr<filter::LocalPart> makeLocal(const filter::LocalTools& tools) const = 0;
};

// The authentication filter T: a filter with a T::Local, which has judge(), and
// T::presents(config, request, control).
template <typename T>
class AlternativeOf final : public Alternative {
 public:
  using Config = typename T::Config;

  explicit AlternativeOf(Config config) : config_(std::move(config)) {}

  // Records diagnostics if the settings do not go with the rest of the configuration.
  static std::shared_ptr<const Alternative> of(const config::Selected& selected,
                                               authn::Mode enforcement,
                                               filter::References& references,
                                               config::Diagnostics& diagnostics) {
    Config config = *selected.as<Config>();
    config.enforcement = enforcement;
    if constexpr (filter::HasCheck<T>) T::check(config, references, diagnostics);
    return std::make_shared<const AlternativeOf>(std::move(config));
  }

  bool presents(const http::Request& request, const filter::Control& control) const override {
    return T::presents(config_, request, control);
  }
  filter::Filter* make(Arena& arena, filter::LocalPart& local,
                       filter::Control& control) const override {
    void* const memory = arena.allocate(sizeof(T), alignof(T));
    return new (memory) T(config_, localOf(local), control);
  }
  const std::string& challenge(filter::LocalPart& local) const override {
    return localOf(local).judge().challenges().missing();
  }
  void addRequestFields(http::FieldSet& fields) const override {
    if constexpr (filter::HasRequestFields<T>) T::addRequestFields(config_, fields);
  }
  std::unique_ptr<filter::SharedPart> makeShared(const filter::SharedTools& tools) const override {
    if constexpr (filter::HasShared<T>) {
      return std::make_unique<filter::SharedPartOf<T>>(config_, tools);
    } else {
      return nullptr;
    }
  }
  std::unique_ptr<filter::LocalPart> makeLocal(const filter::LocalTools& tools) const override {
    return std::make_unique<filter::LocalPartOf<T>>(config_, tools);
  }

 private:
  static typename T::Local& localOf(filter::LocalPart& local) {
    return *static_cast<typename T::Local*>(local.object());
  }

  const Config config_;
};

}  // namespace weir::gateway
