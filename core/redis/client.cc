#include "core/redis/client.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/log.h"

namespace weir::redis {
namespace {

// Without a connection, or with one whose handshake takes longer, a new one is tried.
constexpr Milliseconds kHandshake{3'000};
// So long may a server be silent before its connection is closed.
constexpr Milliseconds kSilence{1'000};
// Replies are overdue so often in a row before the connection is closed.
constexpr unsigned kMostLate = 3;

// Short enough that the server is used again within 5 s.
constexpr Milliseconds kFirstPause{100};
constexpr Milliseconds kLongestPause{4'000};

// Whether the server cannot be used for now, such as a former primary: another connection may lead
// to its successor.
bool isUseless(const Reply& reply) {
  constexpr std::string_view kCodes[] = {"READONLY", "LOADING", "MASTERDOWN", "NOAUTH"};
  if (reply.kind() != Reply::Kind::kError) return false;
  return std::any_of(std::begin(kCodes), std::end(kCodes),
                     [&](std::string_view code) { return reply.isError(code); });
}

}  // namespace

Client::Client(Options options, const Tools& tools, std::optional<net::Address> to)
    : options_(std::move(options)),
      tools_(tools),
      to_(std::move(to)),
      retry_(tools.loop.wheel(), *this),
      overdue_(tools.loop.wheel(), *this),
      patience_(tools.loop.wheel(), *this) {
  connect();
}

Client::~Client() {
  if (connection_ != nullptr) connection_->drop();
}

void Client::connect() {
  auto stream =
      to_ ? tools_.dialer.dial(options_.upstream, *to_) : tools_.dialer.dial(options_.upstream);
  if (!stream.ok()) return fail(stream.error().detail);
  state_ = State::kConnecting;
  ConnectionEvents& events = *this;
  connection_ = std::make_unique<Connection>(tools_.loop, std::move(stream.value()), events);
  patience_.arm(kHandshake);
  shakeHands();
}

void Client::shakeHands() {
  digest_.clear();
  if (!options_.password.empty()) {
    std::vector<std::string_view> words{"AUTH"};
    if (!options_.user.empty()) words.push_back(options_.user);
    words.push_back(options_.password);
    push(words, {&authenticated_, tools_.loop.now(), true});
  }
  const std::string_view ping[] = {"PING"};
  const std::string_view load[] = {"SCRIPT", "LOAD", options_.script};
  push(options_.script.empty() ? Words(ping) : Words(load), {&loaded_, tools_.loop.now(), true});
}

void Client::evaluate(Words words, Waiter& waiter) {
  if (digest_.empty()) return evaluateText(options_.script, words, waiter);
  run("EVALSHA", digest_, words, waiter);
}

void Client::evaluateText(std::string_view script, Words words, Waiter& waiter) {
  run("EVAL", script, words, waiter);
}

void Client::run(std::string_view command, std::string_view script, Words words, Waiter& waiter) {
  words_.clear();
  words_.push_back(command);
  words_.push_back(script);
  words_.insert(words_.end(), words.begin(), words.end());
  send(words_, waiter);
}

void Client::push(Words words, const Pending::Command& command) {
  const std::uint64_t number = pending_.push(command);
  if (command.waiter != nullptr) command.waiter->number_ = number;
  connection_->send(words);
  if (!command.patient && !overdue_.armed()) overdue_.arm(options_.timeout);
}

void Client::cancel(Waiter& waiter) {
  if (waiter.number_ == Waiter::kNone) return;
  pending_[waiter.number_].waiter = nullptr;
  waiter.number_ = Waiter::kNone;
}

void Client::onAuthenticated(const Reply& reply) {
  if (reply.kind() == Reply::Kind::kError) fail(reply.text());
}

void Client::onLoaded(const Reply& reply) {
  const auto expected = options_.script.empty() ? Reply::Kind::kStatus : Reply::Kind::kText;
  if (reply.kind() != expected) return fail(reply.text());
  if (!options_.script.empty()) digest_ = reply.text();
  state_ = State::kReady;
  if (slow_) {
    patience_.arm(kSilence);
  } else {
    patience_.disarm();
  }
  if (failures_ > 0) log::info("redis " + options_.name + ": connected");
}

void Client::onReply(const Reply& reply) {
  if (pending_.empty()) return fail("a reply without a command");
  const Pending::Command command = pending_.pop();
  if (!command.patient) noteReply(command);
  const bool useless = isUseless(reply);
  const std::string detail(useless ? reply.text() : std::string_view());
  const Connection* const connection = connection_.get();
  if (command.waiter != nullptr) {
    command.waiter->number_ = Waiter::kNone;
    command.waiter->onReply(reply);
  }
  if (useless && connection == connection_.get()) fail(detail);
}

void Client::noteReply(const Pending::Command& command) {
  checked_ = std::max(checked_, pending_.first());
  if (tools_.loop.now() - command.sent <= options_.timeout) {
    late_ = 0;
    if (state_ == State::kReady) failures_ = 0;
  }
  if (!slow_ || pending_.first() < slow_until_) return;
  slow_ = false;
  if (state_ == State::kReady) patience_.disarm();
}

void Client::giveUp(Pending::Command& command) {
  Waiter* const waiter = std::exchange(command.waiter, nullptr);
  if (waiter == nullptr) return;
  waiter->number_ = Waiter::kNone;
  waiter->onNoReply();
}

void Client::onOverdue() {
  // If the loop itself was late, the replies may have arrived in the meantime.
  due_ = !due_;
  if (due_) return overdue_.arm(event::Wheel::kTick);
  if (giveUpOverdue()) {
    if (++late_ >= kMostLate) return fail("replies are overdue");
    slow_ = true;
    slow_until_ = checked_;
    if (state_ == State::kReady) patience_.arm(kSilence);
  }
  if (checked_ == pending_.end()) return;
  const Milliseconds age = tools_.loop.now() - pending_[checked_].sent;
  overdue_.arm(std::max(Milliseconds(0), options_.timeout - age));
}

// Gives up the commands whose replies are overdue. False if there are none.
bool Client::giveUpOverdue() {
  const Milliseconds latest = tools_.loop.now() - options_.timeout;
  bool any = false;
  checked_ = std::max(checked_, pending_.first());
  // A slow server gets no more commands while the waiters are told.
  const bool slow = std::exchange(slow_, true);
  while (checked_ < pending_.end()) {
    Pending::Command& command = pending_[checked_];
    if (!command.patient && command.sent > latest) break;
    ++checked_;
    if (command.patient) continue;
    any = true;
    giveUp(command);
  }
  slow_ = slow;
  return any;
}

void Client::fail(std::string_view detail) {
  state_ = State::kDown;
  first_ = false;
  ++failures_;
  const Milliseconds pause = pauseAfterFailure();
  if (const auto held_back = log_limit_.admit(tools_.loop.eventTime())) {
    log::warning("redis " + options_.name + ": " + std::string(detail) +
                 std::string(options_.meanwhile) + event::LogLimit::text(*held_back));
  }
  retry_.arm(pause);
  disconnect();
}

void Client::moveOn() {
  state_ = State::kDown;
  failures_ = 0;
  disconnect();
  retry_.disarm();
  first_ = true;
  connect();
}

// Ends the connection, and gives up the commands without a reply.
void Client::disconnect() {
  overdue_.disarm();
  patience_.disarm();
  slow_ = due_ = false;
  late_ = 0;
  if (connection_ != nullptr) {
    connection_->drop();
    tools_.loop.destroyLater(std::move(connection_));
  }
  while (!pending_.empty()) {
    Pending::Command command = pending_.pop();
    if (command.waiter != nullptr) giveUp(command);
  }
  checked_ = pending_.end();
}

Milliseconds Client::pauseAfterFailure() {
  constexpr unsigned kDoublings = 6;
  const Milliseconds longest =
      std::min(kLongestPause, kFirstPause * (1U << std::min(failures_ - 1, kDoublings)));
  const auto half = static_cast<std::uint64_t>(longest.count()) / 2;
  return Milliseconds(static_cast<std::int64_t>(half + tools_.random.below(half)));
}

}  // namespace weir::redis
