#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/resolver.h"

namespace weir::dns {

// The lookup of one name: the candidates for its full name are queried one after the other.
//
// The first candidate that has an answer is used. One that fails, or does not answer within its
// share of the time, does not prevent the following ones from being queried.
class Lookup : public Query {
 public:
  Lookup(Resolver& resolver, std::string_view name);
  ~Lookup() override;
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  void begin();          // sends the first queries
  void restart();        // discards all queries; begin() is called again
  void tell();           // calls back with the answer, or its first half
  void leaveResolver();  // the resolver is destroyed; no callback follows
  bool begun() const { return begun_; }
  bool done() const { return done_; }
  virtual void fail(const Error& error) = 0;

 protected:
  enum class State {
    kOpen,     // no usable answer yet
    kPart,     // a usable answer; more may follow
    kFound,    // the complete answer
    kNothing,  // a failure, or no such name
  };

  // Queries the candidate; reply() may be called within the call.
  virtual void ask(std::size_t candidate) = 0;
  virtual State state(std::size_t candidate) const = 0;
  // The candidate is in state kNothing.
  virtual Error failure(std::size_t candidate) const = 0;
  virtual void take(std::size_t candidate) = 0;  // its answer becomes that of the lookup
  virtual void callBack(bool last) = 0;
  virtual bool askHosts() { return false; }  // true: found in the hosts file
  virtual void reset(std::size_t candidates) = 0;
  virtual void timeOut() = 0;  // open queries have failed

  // Wraps a handler of an answer, so that it is not called after restart() or destruction.
  template <typename Answer, typename Take>
  auto reply(Take take_answer) {
    return [this, alive = std::weak_ptr<const bool>(alive_), take_answer](const Answer& answer) {
      if (alive.expired()) return;
      take_answer(answer);
      advance();
    };
  }
  void finish();
  Channel& channel() const { return *resolver_->channel_; }
  Channel& hosts() const { return *resolver_->hosts_; }
  const std::string& name() const { return name_; }
  std::string fullName(std::size_t candidate) const { return candidates_[candidate] + "."; }

 private:
  void advance();
  void askNext();
  void onDeadline();
  void onPatienceOver();
  void onPartDue();
  void conclude();  // no candidate has an answer

  Resolver* resolver_;
  const std::string name_;
  std::vector<std::string> candidates_;
  std::size_t asked_ = 0;      // number of candidates queried
  std::size_t impatient_ = 0;  // number of those that the following ones do not wait for any more
  std::shared_ptr<const bool> alive_;
  event::Alarm<Lookup, &Lookup::onDeadline> deadline_;
  event::Alarm<Lookup, &Lookup::onPatienceOver> patience_;
  event::Alarm<Lookup, &Lookup::onPartDue> part_;
  bool begun_ = false;
  bool advancing_ = false;
  bool done_ = false;       // the answer is known
  bool part_due_ = false;   // the callback for half of it is due
  bool part_told_ = false;  // the callback for half of it was called
  bool told_ = false;       // the callback for all of it was called
};

std::unique_ptr<Lookup> makeAddressLookup(Resolver& resolver, std::string_view host, Family family,
                                          Resolver::OnAddresses on_done);
std::unique_ptr<Lookup> makeSrvLookup(Resolver& resolver, std::string_view name,
                                      Resolver::OnServices on_done);

}  // namespace weir::dns
