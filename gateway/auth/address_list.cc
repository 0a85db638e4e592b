#include "gateway/auth/address_list.h"

#include <algorithm>
#include <utility>

#include "core/route/settings.h"

namespace weir::gateway {
namespace {

bool isIn(const std::vector<IpRange>& ranges, const std::shared_ptr<const NetworkSet>& file,
          const IpAddress& address) {
  const bool listed =
      std::ranges::any_of(ranges, [&](const IpRange& range) { return range.contains(address); });
  return listed || (file != nullptr && file->contains(address));
}

}  // namespace

void AddressList::Config::read(config::Table& table, Config& out) {
  table.read("allow", out.allow,
             "Address ranges of the allowed clients. Without them and `allow_file`: all.");
  table.read("deny", out.deny,
             "Address ranges of the denied clients; takes precedence over the allowed ones.");
  table.read("allow_file", out.allow_file,
             "File with more allowed address ranges, one in each line, up to a million. A change "
             "is noticed while weir runs; if the new content has a mistake, the ranges before it "
             "stay in use.");
  table.read("deny_file", out.deny_file, "File with more denied address ranges, likewise.");
  table.locate(out.origin);
}

void AddressList::check(Config& config, filter::References& references,
                        config::Diagnostics& diagnostics) {
  const auto check_one = [&](const std::optional<config::WatchedFile>& file, NameId& id,
                             const char* key) {
    if (!file) return;
    id = references.name(file->path);
    if (config.origin.clean) {
      checkFile<NetworkSet>(file->path, config.origin.path + "." + key, diagnostics);
    }
  };
  check_one(config.allow_file, config.allow_id, "allow_file");
  check_one(config.deny_file, config.deny_id, "deny_file");
}

AddressList::Shared::Shared(const Config& config, const filter::SharedTools& tools) {
  if (config.allow_file) {
    allow_ = std::make_unique<Table>(config.allow_file->path, config.allow_id, tools);
  }
  if (config.deny_file) {
    deny_ = std::make_unique<Table>(config.deny_file->path, config.deny_id, tools);
  }
}

void AddressList::Shared::start(filter::Publish<Files> publish, std::function<void()> ready) {
  publish_ = std::move(publish);
  ready_ = std::move(ready);
  if (allow_ != nullptr) follow(*allow_, &Files::allow);
  if (deny_ != nullptr) follow(*deny_, &Files::deny);
  onReady();
}

// The tables, which call these functions, are parts of this object.
void AddressList::Shared::follow(Table& table, std::shared_ptr<const NetworkSet> Files::*file) {
  ++awaited_;
  table.start(
      [this, file](std::shared_ptr<const NetworkSet> set) {
        latest_.*file = std::move(set);
        publish_(std::make_shared<const Files>(latest_));
      },
      [this] { onReady(); });
}

void AddressList::Shared::onReady() {
  if (--awaited_ == 0) ready_();
}

filter::Verdict AddressList::onRequest(http::Request&) {
  // A client without an address (Unix socket) counts as ::, which only all-address ranges contain.
  const IpAddress client = control_.clientIp();
  if (config_.deny_file && files_.deny == nullptr) {
    return filter::Verdict::reply({.status = 503,
                                   .reason = Reason::kExtAuthError,
                                   .detail = "the denied addresses have not been read yet"});
  }
  const bool admitted = (config_.allowsAll() || isIn(config_.allow, files_.allow, client)) &&
                        !isIn(config_.deny, files_.deny, client);
  if (admitted) return filter::Verdict::proceed();
  return filter::Verdict::reply({.status = 403,
                                 .reason = Reason::kAuthzDenied,
                                 .detail = "the client's address is not allowed"});
}

filter::Finding AddressList::explain(const Config& config, const http::Request&,
                                     const http::ExchangeView& view) {
  using Outcome = filter::Finding::Outcome;
  const IpAddress client = IpAddress::parseOrUnknown(view.record.client_address);
  const auto refused = [](std::string why) {
    return filter::Finding{Outcome::kReplies, 403, Reason::kAuthzDenied, std::move(why), {}};
  };
  if (isIn(config.deny, nullptr, client)) return refused("the client's address is denied");
  const bool allowed = config.allowsAll() || isIn(config.allow, nullptr, client);
  if (!allowed && !config.allow_file) return refused("the client's address is not allowed");
  if (!allowed) return {.why = "depends on the file of allowed addresses"};
  if (config.deny_file) return {.why = "depends on the file of denied addresses"};
  return {.outcome = Outcome::kProceeds, .why = "the client's address is allowed"};
}

}  // namespace weir::gateway
