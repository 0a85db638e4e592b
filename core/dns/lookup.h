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

// The search for one name: the names that it may stand for are asked for one after the other.
//
// The first of them that has an answer wins. One that fails, or that keeps silent beyond its share
// of the time, does not keep the following ones from being asked.
class Lookup : public Query {
 public:
  Lookup(Resolver& resolver, std::string_view name);
  ~Lookup() override;
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  void begin();          // asks
  void restart();        // forgets what was asked: begin() follows again
  void tell();           // calls back with what there is to tell
  void leaveResolver();  // it goes; nothing will be told
  bool begun() const { return begun_; }
  bool done() const { return done_; }
  virtual void fail(const Error& error) = 0;

 protected:
  enum class State {
    kOpen,     // no answer that helps yet
    kPart,     // an answer that helps, and more may follow
    kFound,    // the whole answer
    kNothing,  // a failure, or no such name
  };

  // Asks for the candidate; what is told to reply() may come at once.
  virtual void ask(std::size_t candidate) = 0;
  virtual State state(std::size_t candidate) const = 0;
  // Of a candidate in state kNothing.
  virtual Error failure(std::size_t candidate) const = 0;
  virtual void take(std::size_t candidate) = 0;  // its answer is the lookup's
  virtual void callBack(bool last) = 0;
  virtual bool askHosts() { return false; }  // true: found there
  virtual void reset(std::size_t candidates) = 0;
  virtual void timeOut() = 0;  // what is open has failed

  // Wraps what is done with an answer: it is not called after restart() or destruction.
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
  std::size_t asked_ = 0;      // so many candidates
  std::size_t impatient_ = 0;  // so many of them hold up nobody any more
  std::shared_ptr<const bool> alive_;
  event::Alarm<Lookup, &Lookup::onDeadline> deadline_;
  event::Alarm<Lookup, &Lookup::onPatienceOver> patience_;
  event::Alarm<Lookup, &Lookup::onPartDue> part_;
  bool begun_ = false;
  bool advancing_ = false;
  bool done_ = false;       // the answer is there
  bool part_due_ = false;   // half of it is to be told
  bool part_told_ = false;  // half of it was told
  bool told_ = false;       // all of it was told
};

std::unique_ptr<Lookup> makeAddressLookup(Resolver& resolver, std::string_view host, Family family,
                                          Resolver::OnAddresses on_done);
std::unique_ptr<Lookup> makeSrvLookup(Resolver& resolver, std::string_view name,
                                      Resolver::OnServices on_done);

}  // namespace weir::dns
