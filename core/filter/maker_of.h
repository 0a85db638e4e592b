#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "core/config/table.h"
#include "core/filter/maker.h"
#include "core/filter/references.h"
#include "core/filter/worker_parts.h"

namespace weir::filter {

// T::check(config, references, diagnostics): looks at the settings together with the rest of the
// configuration, records diagnostics, and may complete `config`, for example by the number of an
// upstream. Called each time a plan is built.
template <typename T>
concept HasCheck = requires(typename T::Config& config, References& references,
                            config::Diagnostics& diagnostics) {
  T::check(config, references, diagnostics);
};

// T::addRequestFields(config, fields): adds the names of the request fields that the filter may
// set. They are removed from every request before routing, whatever filters its route has, so that
// a client cannot set them.
template <typename T>
concept HasRequestFields = requires(const typename T::Config& config, http::FieldSet& fields) {
  T::addRequestFields(config, fields);
};

// T::explain(config, request, view): what the filter does with a request, for /explain. Without it,
// the outcome is Finding::Outcome::kDepends.
template <typename T>
concept HasExplain = requires(const typename T::Config& config, const http::Request& request,
                              const http::ExchangeView& view) {
  T::explain(config, request, view);
};

// T::Shared: the part on the control thread, one per process for equal settings.
//   Shared(const Config&, const SharedTools&);
//   using Snapshot = ...;
//   void start(Publish<Snapshot> publish, std::function<void()> ready);
// start() is called once. `ready` is called when the first answer is there, or known to fail: a
// plan with the filter goes live only then, or after a time limit.
template <typename T>
concept HasShared = requires {
  typename T::Shared;
};

// T::Local: the part on a worker, one for equal settings, made on first use.
//   Local(const Config&, const LocalTools&);
//   void onSnapshot(std::shared_ptr<const Shared::Snapshot>);  // if there is a T::Shared
template <typename T>
concept HasLocal = requires {
  typename T::Local;
};

template <typename T>
concept SharedIsValid =
    !HasShared<T> ||
    (std::constructible_from<typename T::Shared, const typename T::Config&, const SharedTools&> &&
     requires(typename T::Shared & shared, Publish<typename T::Shared::Snapshot> publish,
              std::function<void()> ready) { shared.start(publish, ready); });

template <typename T>
concept LocalIsValid =
    !HasLocal<T> ||
    std::constructible_from<typename T::Local, const typename T::Config&, const LocalTools&>;

// The object for an exchange: T(config, control), T(config, local, control), or, without a
// T::Local, T(config, snapshot, control) with a pointer that is null before the first snapshot.
template <typename T>
concept ExchangeIsValid = (HasLocal<T> &&
                           requires(const typename T::Config& config, typename T::Local& local,
                                    Control& control) { T(config, local, control); }) ||
                          (!HasLocal<T> && HasShared<T> &&
                           requires(const typename T::Config& config,
                                    std::shared_ptr<const typename T::Shared::Snapshot> snapshot,
                                    Control& control) { T(config, snapshot, control); }) ||
                          (!HasLocal<T> && !HasShared<T> &&
                           std::constructible_from<T, const typename T::Config&, Control&>);

// The requirements on a filter: settings that read themselves and can be compared, an object for
// each exchange, and the optional parts above.
template <typename T>
concept FilterType = std::derived_from<T, Filter> &&
    requires(config::Table& table, typename T::Config& config) {
  T::Config::read(table, config);
} && std::equality_comparable<typename T::Config> && SharedIsValid<T> && LocalIsValid<T> &&
    ExchangeIsValid<T>;

template <typename T>
class SharedPartOf final : public SharedPart {
 public:
  using Snapshot = typename T::Shared::Snapshot;
  SharedPartOf(const typename T::Config& config, const SharedTools& tools)
      : shared_(config, tools) {}
  void start(std::function<void(AnySnapshot)> publish, std::function<void()> ready) override {
    shared_.start(Publish<Snapshot>(std::move(publish)), std::move(ready));
  }

 private:
  typename T::Shared shared_;
};

template <typename T>
class LocalPartOf final : public LocalPart {
 public:
  LocalPartOf(const typename T::Config& config, const LocalTools& tools) : local_(config, tools) {}
  void* object() override { return &local_; }
  void onSnapshot(const AnySnapshot& snapshot) override {
    if constexpr (HasShared<T>) {
      local_.onSnapshot(std::static_pointer_cast<const typename T::Shared::Snapshot>(snapshot));
    }
  }

 private:
  typename T::Local local_;
};

// The configured filter T.
template <typename T>
class MakerOf final : public Maker {
 public:
  // A filter that inherits onResponse names it as a member of Filter.
  MakerOf(MakerId id, http::RequestCondition when, typename T::Config config)
      : Maker(id, std::move(when),
              !std::is_same_v<decltype(&T::onResponse), decltype(&Filter::onResponse)>),
        config_(std::move(config)) {}

  Filter* make(Arena& arena, Control& control) const override {
    void* const memory = arena.allocate(sizeof(T), alignof(T));
    if constexpr (HasLocal<T>) {
      void* const local = control.parts()->local(*this).object();
      return new (memory) T(config_, *static_cast<typename T::Local*>(local), control);
    } else if constexpr (HasShared<T>) {
      return new (memory) T(config_,
                            std::static_pointer_cast<const typename T::Shared::Snapshot>(
                                control.parts()->snapshot(*this)),
                            control);
    } else {
      return new (memory) T(config_, control);
    }
  }
  void destroy(Filter* filter) const override { static_cast<T*>(filter)->~T(); }

  void addRequestFields(http::FieldSet& fields) const override {
    if constexpr (HasRequestFields<T>) T::addRequestFields(config_, fields);
  }
  Finding explain(const http::Request& request, const http::ExchangeView& view) const override {
    if constexpr (HasExplain<T>) return T::explain(config_, request, view);
    return Maker::explain(request, view);
  }
  bool hasParts() const override { return HasShared<T> || HasLocal<T>; }
  std::unique_ptr<SharedPart> makeShared(const SharedTools& tools) const override {
    if constexpr (HasShared<T>) return std::make_unique<SharedPartOf<T>>(config_, tools);
    return Maker::makeShared(tools);
  }
  std::unique_ptr<LocalPart> makeLocal(const LocalTools& tools) const override {
    if constexpr (HasLocal<T>) return std::make_unique<LocalPartOf<T>>(config_, tools);
    return Maker::makeLocal(tools);
  }

 private:
  const typename T::Config config_;
};

}  // namespace weir::filter
