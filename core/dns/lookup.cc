#include "core/dns/lookup.h"

#include <algorithm>
#include <utility>

#include "core/dns/channel.h"

namespace weir::dns {
namespace {

constexpr std::size_t kMaxName = 254;  // with a final dot
constexpr Error kBadName = {ErrorCode::kInvalid, Origin::kLocal, "not a host name"};
constexpr Error kNoTime = {ErrorCode::kTimeout, Origin::kUpstream, "no answer in time"};

bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// True if another attempt may succeed, unlike for a name that does not exist.
bool isTemporary(const Error& error) {
  return error.code != ErrorCode::kNotFound && error.code != ErrorCode::kInvalid;
}

}  // namespace

Lookup::Lookup(Resolver& resolver, std::string_view name)
    : resolver_(&resolver),
      name_(name),
      deadline_(resolver.loop_.wheel(), *this),
      patience_(resolver.loop_.wheel(), *this),
      part_(resolver.loop_.wheel(), *this) {}

Lookup::~Lookup() {
  if (resolver_ != nullptr) resolver_->forget(*this);
}

void Lookup::leaveResolver() {
  resolver_ = nullptr;
  alive_.reset();
  deadline_.disarm();
  patience_.disarm();
  part_.disarm();
}

void Lookup::restart() {
  alive_.reset();
  begun_ = false;
  patience_.disarm();
  part_.disarm();
}

void Lookup::begin() {
  begun_ = true;
  alive_ = std::make_shared<const bool>(true);
  if (!isName(name_)) return fail(kBadName);
  if (askHosts()) return finish();
  candidates_ = candidateNames(name_, resolver_->system_);
  asked_ = 0;
  impatient_ = 0;
  reset(candidates_.size());
  deadline_.arm(resolver_->options_.deadline);
  advance();
}

void Lookup::askNext() {
  const std::size_t candidate = asked_++;
  const auto shares = static_cast<int>(candidates_.size()) + 1;
  if (asked_ < candidates_.size()) {
    const Milliseconds share = resolver_->options_.deadline / shares;
    patience_.arm(std::min(share, resolver_->options_.attempt_timeout));
  }
  ask(candidate);
}

// Takes the answer of the best candidate, and queries as many candidates as necessary.
void Lookup::advance() {
  if (done_ || advancing_) return;
  advancing_ = true;
  bool waits = false;
  for (std::size_t i = 0; i < candidates_.size() && !waits && !done_; ++i) {
    if (i == asked_) askNext();
    switch (state(i)) {
      case State::kFound:
        take(i);
        finish();
        break;
      case State::kPart:
        waits = true;
        take(i);
        if (!part_.armed() && !part_told_) part_.arm(Resolver::kFamilyDelay);
        break;
      case State::kOpen:
        waits = i >= impatient_;
        break;
      case State::kNothing:
        break;
    }
  }
  advancing_ = false;
  if (!waits && !done_) conclude();
}

void Lookup::conclude() {
  std::optional<Error> worst;
  for (std::size_t i = 0; i < asked_; ++i) {
    if (state(i) == State::kOpen) return;  // it may still answer
    const Error error = failure(i);
    if (!worst || (isTemporary(error) && !isTemporary(*worst))) worst = error;
  }
  fail(worst.value_or(kNoTime));
}

void Lookup::finish() {
  if (done_) return;
  done_ = true;
  deadline_.disarm();
  patience_.disarm();
  part_.disarm();
  resolver_->settle(*this);
}

void Lookup::onDeadline() {
  asked_ = candidates_.size();
  timeOut();
  advance();
}

void Lookup::onPatienceOver() {
  impatient_ = asked_;
  advance();
}

void Lookup::onPartDue() {
  part_due_ = true;
  resolver_->settle(*this);
}

void Lookup::tell() {
  if (told_ || (!done_ && (!part_due_ || part_told_))) return;
  part_told_ = true;
  told_ = done_;
  callBack(done_);
}

namespace {

class AddressLookup final : public Lookup {
 public:
  AddressLookup(Resolver& resolver, std::string_view host, Family family,
                Resolver::OnAddresses on_done)
      : Lookup(resolver, host), family_(family), on_done_(std::move(on_done)) {}

  void fail(const Error& error) override {
    answer_ = error;
    finish();
  }
  void succeed(Addresses addresses) {
    answer_ = std::move(addresses);
    finish();
  }

 private:
  using Half = std::optional<Result<Addresses>>;
  using Halves = std::array<Half, 2>;  // IPv4, IPv6

  bool wants(std::size_t half) const {
    return family_ == Family::kAll || (family_ == Family::kIpv4) == (half == kIpv4);
  }
  bool askHosts() override {
    bool found = false;
    hosts().askAddresses(name(), family_, [&](const Result<Addresses>& answer) {
      found = answer.ok();
      if (found) answer_ = answer;
    });
    return found;
  }
  void reset(std::size_t candidates) override { replies_.assign(candidates, {}); }
  void ask(std::size_t candidate) override {
    for (const std::size_t half : {kIpv4, kIpv6}) {
      if (!wants(half)) continue;
      const auto on_answer = reply<Result<Addresses>>(
          [this, candidate, half](const auto& answer) { replies_[candidate][half] = answer; });
      channel().askAddresses(fullName(candidate), half == kIpv4 ? Family::kIpv4 : Family::kIpv6,
                             on_answer);
    }
  }
  State state(std::size_t candidate) const override {
    bool open = false;
    bool found = false;
    for (const std::size_t half : {kIpv4, kIpv6}) {
      const Half& known = replies_[candidate][half];
      open = open || (wants(half) && !known);
      found = found || (known && known->ok());
    }
    if (found) return open ? State::kPart : State::kFound;
    return open ? State::kOpen : State::kNothing;
  }
  Error failure(std::size_t candidate) const override {
    const Halves& halves = replies_[candidate];
    const auto failed = [](const Half& half) { return half && isTemporary(half->error()); };
    const bool v4 = failed(halves[kIpv4]) || !failed(halves[kIpv6]);
    const Half& blamed = halves[v4 && halves[kIpv4] ? kIpv4 : kIpv6];
    return blamed ? blamed->error() : kNoTime;
  }
  void timeOut() override {
    for (Halves& halves : replies_) {
      for (const std::size_t half : {kIpv4, kIpv6}) {
        if (wants(half) && !halves[half]) halves[half] = Result<Addresses>(kNoTime);
      }
    }
  }
  void take(std::size_t candidate) override {
    Addresses all;
    for (const std::size_t half : {kIpv4, kIpv6}) {
      const Half& known = replies_[candidate][half];
      if (!wants(half)) continue;
      if (!known) {
        all.failures[half] = kNoTime;
      } else if (known->ok()) {
        add(known->value(), all);
      } else if (isTemporary(known->error())) {
        all.failures[half] = known->error();
      }
    }
    answer_ = std::move(all);
  }
  static void add(const Addresses& some, Addresses& all) {
    const bool first = all.ips.empty();
    all.ips.insert(all.ips.end(), some.ips.begin(), some.ips.end());
    if (first || !some.ttl || !all.ttl) {
      all.ttl = first ? some.ttl : std::nullopt;
    } else {
      all.ttl = std::min(*all.ttl, *some.ttl);
    }
  }
  // The callback may destroy this.
  void callBack(bool last) override {
    if (answer_.ok()) answer_.value().last = last;
    const Result<Addresses> answer = answer_;
    const auto on_done = last ? std::exchange(on_done_, nullptr) : on_done_;
    on_done(answer);
  }

  const Family family_;
  Resolver::OnAddresses on_done_;
  std::vector<Halves> replies_;  // by candidate
  Result<Addresses> answer_{kNoTime};
};

class SrvLookup final : public Lookup {
 public:
  SrvLookup(Resolver& resolver, std::string_view name, Resolver::OnServices on_done)
      : Lookup(resolver, name), on_done_(std::move(on_done)) {}

  void fail(const Error& error) override {
    answer_ = error;
    finish();
  }

 private:
  void reset(std::size_t candidates) override { replies_.assign(candidates, std::nullopt); }
  void ask(std::size_t candidate) override {
    channel().askServices(fullName(candidate),
                          reply<Result<Services>>([this, candidate](const auto& answer) {
                            replies_[candidate] = answer;
                          }));
  }
  State state(std::size_t candidate) const override {
    const auto& known = replies_[candidate];
    if (!known) return State::kOpen;
    return known->ok() ? State::kFound : State::kNothing;
  }
  Error failure(std::size_t candidate) const override { return replies_[candidate]->error(); }
  void timeOut() override {
    for (auto& known : replies_) {
      if (!known) known = Result<Services>(kNoTime);
    }
  }
  void take(std::size_t candidate) override { answer_ = *replies_[candidate]; }
  void callBack(bool) override {
    const Result<Services> answer = std::move(answer_);
    std::exchange(on_done_, nullptr)(answer);
  }

  Resolver::OnServices on_done_;
  std::vector<std::optional<Result<Services>>> replies_;  // by candidate
  Result<Services> answer_{kNoTime};
};

}  // namespace

std::unique_ptr<Lookup> makeAddressLookup(Resolver& resolver, std::string_view host, Family family,
                                          Resolver::OnAddresses on_done) {
  auto lookup = std::make_unique<AddressLookup>(resolver, host, family, std::move(on_done));
  if (const auto literal = IpAddress::parse(host); literal.ok()) {
    lookup->succeed({{literal.value()}});
  }
  return lookup;
}

std::unique_ptr<Lookup> makeSrvLookup(Resolver& resolver, std::string_view name,
                                      Resolver::OnServices on_done) {
  return std::make_unique<SrvLookup>(resolver, name, std::move(on_done));
}

}  // namespace weir::dns
