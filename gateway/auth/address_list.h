#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/ip_range.h"
#include "core/base/names.h"
#include "core/config/secret.h"
#include "core/config/table.h"
#include "core/filter/filter.h"
#include "core/filter/finding.h"
#include "core/filter/parts.h"
#include "core/filter/references.h"
#include "gateway/auth/network_set.h"

namespace weir::gateway {

// Admits or refuses a request by the address of its client after the trusted-hop rules. A client on
// both lists is refused.
class AddressList final : public filter::Filter {
 public:
  struct Config {
    std::vector<IpRange> allow;
    std::vector<IpRange> deny;
    std::optional<config::WatchedFile> allow_file;
    std::optional<config::WatchedFile> deny_file;

    config::Origin origin;
    NameId allow_id = 0;  // of the files' paths, for metrics
    NameId deny_id = 0;

    static void read(config::Table& table, Config& out);
    bool allowsAll() const { return allow.empty() && !allow_file; }
    bool operator==(const Config&) const = default;
  };
  static void check(Config& config, filter::References& references,
                    config::Diagnostics& diagnostics);

  // The content of the files.
  struct Files {
    std::shared_ptr<const NetworkSet> allow;  // null: none, or not read yet; as is the next
    std::shared_ptr<const NetworkSet> deny;
  };
  class Shared {
   public:
    using Snapshot = Files;
    Shared(const Config& config, const filter::SharedTools& tools);
    void start(filter::Publish<Files> publish, std::function<void()> ready);

   private:
    using Table = FileTable<NetworkSet>;
    void follow(Table& table, std::shared_ptr<const NetworkSet> Files::*file);
    void onReady();

    std::unique_ptr<Table> allow_;  // null: there is no such file
    std::unique_ptr<Table> deny_;
    Files latest_;
    int awaited_ = 1;  // start() and the files that have not been read yet
    filter::Publish<Files> publish_;
    std::function<void()> ready_;
  };
  struct Local {
    Local(const Config&, const filter::LocalTools&) {}
    void onSnapshot(const std::shared_ptr<const Files>& snapshot) { files = *snapshot; }

    Files files;
  };

  AddressList(const Config& config, Local& local, filter::Control& control)
      : config_(config), files_(local.files), control_(control) {}

  filter::Verdict onRequest(http::Request& request) override;
  // Without the content of files.
  static filter::Finding explain(const Config& config, const http::Request& request,
                                 const http::ExchangeView& view);

 private:
  const Config& config_;
  const Files& files_;
  filter::Control& control_;
};

}  // namespace weir::gateway
