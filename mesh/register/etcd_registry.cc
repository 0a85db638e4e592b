#include <utility>

#include "mesh/discovery/etcd_messages.h"
#include "mesh/discovery/etcd_session.h"
#include "mesh/register/instance_json.h"
#include "mesh/register/registry_client.h"

namespace weir::mesh::registering {
namespace {

using http::GrpcCode;
using http::GrpcReply;

constexpr std::string_view kRange = "/etcdserverpb.KV/Range";
constexpr std::string_view kPut = "/etcdserverpb.KV/Put";
constexpr std::string_view kGrant = "/etcdserverpb.Lease/LeaseGrant";
constexpr std::string_view kKeepAlive = "/etcdserverpb.Lease/LeaseKeepAlive";
constexpr std::string_view kRevoke = "/etcdserverpb.Lease/LeaseRevoke";

// A key with a lease. A key of another address is not ours and stays; one of our address was left
// by an earlier process of this node.
class EtcdRegistry final : public RegistryClient {
 public:
  EtcdRegistry(http::Client& client, etcd::Session::Options options,
               const EtcdRegistrySettings& settings, const Instance& instance)
      : session_(client, std::move(options)),
        key_(settings.prefix + instance.id),
        value_(endpointJson(instance)),
        address_(instance.address.text()),
        wanted_(std::chrono::ceil<std::chrono::seconds>(settings.ttl).count()),
        ttl_(settings.ttl) {}

  void add(Done done) override {
    done_ = std::move(done);
    findKey([this](const std::string* value) {
      const std::string owner = value == nullptr ? address_ : addressInEndpointJson(*value);
      if (owner == address_) return grant();
      fail("the key " + key_ + " belongs to another instance, at " +
           (owner.empty() ? "an unknown address" : owner));
    });
  }

  void renew(Done done) override {
    done_ = std::move(done);
    call(kKeepAlive, etcd::leaseKeepAliveRequest(lease_), [this](const GrpcReply& reply) {
      if (reply.status.code == GrpcCode::kNotFound) return finish({State::kLost});
      const auto lease = readLease(reply);
      if (!lease) return;
      if (lease->seconds <= 0) return finish({State::kLost});
      noteTtl(*lease);
      // The key may have been removed although the lease is in force.
      findKey([this](const std::string* value) {
        finish({value == nullptr ? State::kLost : State::kDone});
      });
    });
  }

  void remove(Done done) override {
    done_ = std::move(done);
    if (lease_ == 0) return call(kRange, keyRequest(), [this](const GrpcReply&) { finish({}); });
    call(kRevoke, etcd::leaseRevokeRequest(lease_), [this](const GrpcReply& reply) {
      const bool gone = reply.status.ok() || reply.status.code == GrpcCode::kNotFound;
      gone ? finish({}) : fail(etcd::Session::textOf(reply.status));
    });
  }

  Milliseconds ttl() const override { return ttl_; }

 private:
  using Take = std::function<void(const std::string* value)>;

  void call(std::string_view method, std::string message, etcd::Session::Done done) {
    session_.call(method, std::move(message), std::move(done));
  }
  std::string keyRequest() const { return etcd::rangeRequest({key_, {}, 1, 0}); }

  // `take` gets the value of the key; null: there is none.
  void findKey(Take take) {
    call(kRange, keyRequest(), [this, take = std::move(take)](const GrpcReply& reply) {
      if (!reply.status.ok()) return fail(etcd::Session::textOf(reply.status));
      const auto range = etcd::readRangeResponse(reply.message);
      if (!range) return fail("the answer is malformed");
      take(range->values.empty() ? nullptr : &range->values.front().value);
    });
  }

  void grant() {
    call(kGrant, etcd::leaseGrantRequest(wanted_), [this](const GrpcReply& reply) {
      const auto lease = readLease(reply);
      if (!lease) return;
      if (lease->id == 0 || lease->seconds <= 0) return fail("the answer has no lease");
      lease_ = lease->id;
      noteTtl(*lease);
      put();
    });
  }

  void put() {
    call(kPut, etcd::putRequest(key_, value_, lease_), [this](const GrpcReply& reply) {
      reply.status.ok() ? finish({}) : fail(etcd::Session::textOf(reply.status));
    });
  }

  // Fails if there is none.
  std::optional<etcd::LeaseResponse> readLease(const GrpcReply& reply) {
    if (!reply.status.ok()) {
      fail(etcd::Session::textOf(reply.status));
      return std::nullopt;
    }
    const auto lease = etcd::readLeaseResponse(reply.message);
    if (!lease) fail("the answer is malformed");
    return lease;
  }

  void noteTtl(const etcd::LeaseResponse& lease) { ttl_ = std::chrono::seconds(lease.seconds); }
  void fail(std::string why) { finish({State::kFailed, std::move(why)}); }
  void finish(const Answer& answer) {
    const Done done = std::exchange(done_, nullptr);
    done(answer);
  }

  etcd::Session session_;
  const std::string key_;
  const std::string value_;
  const std::string address_;
  const std::int64_t wanted_;  // seconds
  Milliseconds ttl_;
  std::int64_t lease_ = 0;
  Done done_;
};

}  // namespace

std::unique_ptr<RegistryClient> makeEtcdRegistry(http::Client& client, NameId upstream,
                                                 const EtcdRegistrySettings& settings,
                                                 const Instance& instance) {
  return std::make_unique<EtcdRegistry>(client, sessionOptions(settings, upstream), settings,
                                        instance);
}

}  // namespace weir::mesh::registering
