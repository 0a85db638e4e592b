#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/expr/value.h"
#include "core/filter/filter.h"
#include "core/filter/parts.h"
#include "core/http/field_set.h"
#include "gateway/auth/api_key/key_table.h"
#include "gateway/auth/api_key/settings.h"

namespace weir::gateway {

// Authenticates callers by keys whose digests are known.
class ApiKey final : public filter::Filter {
 public:
  using Config = api_key::Settings;
  static constexpr bool kAuthenticates = true;

  // Reads the file.
  class Shared {
   public:
    using Snapshot = api_key::KeyTable;
    Shared(const Config& config, const filter::SharedTools& tools);
    void start(filter::Publish<Snapshot> publish, std::function<void()> ready);

   private:
    std::unique_ptr<FileTable<Snapshot>> file_;  // null: the configuration contains the keys
  };

  class Local {
   public:
    Local(const Config& config, const filter::LocalTools& tools);
    void onSnapshot(std::shared_ptr<const api_key::KeyTable> keys) { keys_ = std::move(keys); }

    authn::Judge& judge() { return judge_; }
    const std::shared_ptr<const api_key::KeyTable>& keys() const { return keys_; }  // or null

   private:
    authn::Judge judge_;
    std::shared_ptr<const api_key::KeyTable> keys_;
  };

  ApiKey(const Config& config, Local& local, filter::Control& control)
      : config_(config), local_(local), control_(control) {}

  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics) {
    config.check(references, diagnostics);
  }
  static void addRequestFields(const Config& config, http::FieldSet& fields) {
    fields.add(config.consumer_header);
  }
  static bool presents(const Config& config, const http::Request& request, const filter::Control&) {
    return authn::findCredential(request, config.from).count > 0;
  }

  filter::Verdict onRequest(http::Request& request) override;

 private:
  // The labels of a key as the claims of its caller, and its id as `key_id`.
  class Labels final : public expr::Map {
   public:
    expr::Value find(std::string_view key, std::uint32_t hint, Arena& arena) const override;
    std::size_t size() const override;
    api_key::KeyFacts facts;
  };

  filter::Verdict accept(http::Request& request);

  const Config& config_;
  Local& local_;
  filter::Control& control_;
  std::shared_ptr<const api_key::KeyTable> keys_;  // which has the principal's texts
  Labels labels_;
};

}  // namespace weir::gateway
