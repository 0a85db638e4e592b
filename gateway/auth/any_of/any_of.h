#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/config/table.h"
#include "core/config/variant.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/http/field_set.h"
#include "gateway/auth/any_of/alternative.h"
#include "gateway/auth/authn.h"

namespace weir::gateway {

// Authenticates callers in one of several ways: the first filter whose credentials the request has
// decides.
class AnyOf final : public filter::Filter {
 public:
  // Follows from the settings.
  struct Alternatives {
    std::vector<std::shared_ptr<const Alternative>> all;
    friend bool operator==(const Alternatives&, const Alternatives&) { return true; }
  };
  struct Config {
    static constexpr std::string_view kShortKey = "filters";

    std::vector<config::Selected> filters;
    authn::Mode enforcement = authn::Mode::kRequired;
    Alternatives alternatives;

    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out);
  };
  static constexpr bool kAuthenticates = true;
  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics);
  static void addRequestFields(const Config& config, http::FieldSet& fields);
  // The filters among which any_of can choose.
  static void addKinds(config::VariantSet& kinds);

  // The shared parts of all alternatives. Their snapshots are published together.
  class Shared {
   public:
    using Snapshot = std::vector<filter::AnySnapshot>;
    Shared(const Config& config, const filter::SharedTools& tools);
    void start(filter::Publish<Snapshot> publish, std::function<void()> ready);

   private:
    // A Shared as long as it lives.
    struct Living {
      Shared& shared;
    };
    void onSnapshot(std::size_t index, filter::AnySnapshot snapshot);
    void onReady();

    std::vector<std::unique_ptr<filter::SharedPart>> parts_;  // null: the filter has none
    Snapshot latest_;
    std::size_t awaited_ = 1;  // start() and the parts that are not ready yet
    filter::Publish<Snapshot> publish_;
    std::function<void()> ready_;
    const std::shared_ptr<const Living> living_;
  };

  class Local {
   public:
    Local(const Config& config, const filter::LocalTools& tools);
    void onSnapshot(const std::shared_ptr<const Shared::Snapshot>& snapshot);

    filter::LocalPart& part(std::size_t index) { return *parts_[index]; }
    void countMissing() { missing_.add(); }

   private:
    std::vector<std::unique_ptr<filter::LocalPart>> parts_;
    Shared::Snapshot seen_;
    const Counter missing_;
  };

  AnyOf(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}
  ~AnyOf() override;

  filter::Verdict onRequest(http::Request& request) override;
  filter::Verdict onWaitExpired(filter::Side side, Reason then) override;

 private:
  filter::Verdict refuse(const http::Request& request);

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  filter::Filter* chosen_ = nullptr;  // in the arena
};

}  // namespace weir::gateway
