#include "gateway/auth/basic/basic.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/tls/digest.h"
#include "gateway/auth/basic/password_hash.h"

namespace weir::gateway {
namespace {

using authn::Result;

constexpr std::size_t kLongestText = 1024;     // of a pair in base64
constexpr std::size_t kLongestPassword = 511;  // as libxcrypt's

const std::vector<authn::CredentialPlace>& basicPlaces() {
  static const std::vector<authn::CredentialPlace> places = {
      authn::headerPlace("authorization", "Basic")};
  return places;
}

std::string basicChallenge(const std::string& realm) {
  return "Basic realm=\"" + realm + R"(", charset="UTF-8")";
}

std::string_view secondsOf(Nanoseconds time, Arena& arena) {
  constexpr std::size_t kDigits = 20;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return ArenaWriter(arena, kDigits)
      .number(static_cast<std::uint64_t>(std::max<std::int64_t>(1, seconds)))
      .text();
}

}  // namespace

// A password that is being verified, once for all requests that have it.
struct Basic::Local::Job {
  const basic::PairDigest digest;
  const std::shared_ptr<const basic::UserTable> users;
  std::vector<Basic*> waiting = {};
  bool good = false;
};

Basic::Shared::Shared(const Config& config, const filter::SharedTools& tools)
    : guard_(std::make_shared<const basic::Guard>(tools.commons.get<basic::HashQueue>().queue(),
                                                  config.max_failures)) {
  if (!config.users.file.path.empty()) {
    file_ = std::make_unique<FileTable<basic::UserTable>>(config.users.file.path, config.file_id,
                                                          tools);
    return;
  }
  auto users = std::make_unique<basic::UserTable>();
  for (const std::string& line : config.users.lines) static_cast<void>(users->add(line));
  fixed_ = std::move(users);
}

void Basic::Shared::start(const filter::Publish<Snapshot>& publish, std::function<void()> ready) {
  const auto publish_users = [publish,
                              guard = guard_](std::shared_ptr<const basic::UserTable> users) {
    publish(std::make_shared<const Snapshot>(Snapshot{std::move(users), guard}));
  };
  if (file_ != nullptr) return file_->start(publish_users, std::move(ready));
  publish_users(fixed_);
  ready();
}

Basic::Local::Local(const Config& config, const filter::LocalTools& tools)
    : loop_(tools.loop),
      remember_(config.remember),
      judge_(authn::Method::kBasic, config.enforcement,
             authn::Challenges(basicChallenge(config.realm)), tools.metrics),
      living_(std::make_shared<const Living>(Living{*this})) {}

Basic::Local::~Local() {
  if (now_.guard != nullptr) now_.guard->queue()->cancel(this);
}

void Basic::Local::onSnapshot(const std::shared_ptr<const Snapshot>& snapshot) {
  now_ = *snapshot;
  verified_.clear();
}

bool Basic::Local::verify(Basic& filter) {
  const auto same = std::ranges::find_if(jobs_, [&](const auto& job) {
    return job->digest == filter.digest_ && job->users == now_.users;
  });
  if (same != jobs_.end()) {
    (*same)->waiting.push_back(&filter);
    return true;
  }
  auto job = std::make_unique<Job>(Job{filter.digest_, now_.users});
  job->waiting.push_back(&filter);
  const auto good = std::make_shared<bool>(false);
  const auto task = [good, password = std::string(filter.password_),
                     hash = std::string(now_.users->hashFor(filter.name_))] {
    *good = basic::isPassword(password, hash);
  };
  const auto done = [good, at = job.get(), living = std::weak_ptr<const Living>(living_)] {
    const auto alive = living.lock();
    if (alive == nullptr) return;
    at->good = *good;
    alive->local.onDone(*at);
  };
  jobs_.push_back(std::move(job));
  if (event::WorkQueue::add(now_.guard->queue(), {loop_, this, task, done})) return true;
  jobs_.pop_back();
  return false;
}

void Basic::Local::onDone(Job& job) {
  if (job.good && job.users == now_.users) verified_.add(job.digest, loop_.now() + remember_);
  // One filter may end others, which then stop waiting.
  while (!job.waiting.empty()) {
    Basic* const filter = job.waiting.back();
    job.waiting.pop_back();
    filter->onVerified(job.good);
  }
  std::erase_if(jobs_, [&job](const auto& each) { return each.get() == &job; });
}

void Basic::Local::stopWaiting(Basic& filter) {
  for (const auto& job : jobs_) std::erase(job->waiting, &filter);
}

Basic::~Basic() {
  if (waits_) local_.stopWaiting(*this);
}

bool Basic::presents(const Config&, const http::Request& request, const filter::Control&) {
  return authn::findCredential(request, basicPlaces()).count > 0;
}

filter::Verdict Basic::onRequest(http::Request& request) {
  request_ = &request;
  const authn::Credential found = authn::findCredential(request, basicPlaces());
  if (found.count == 0) return refuse(Result::kMissing, "the request has no password");
  if (found.count > 1) return refuse(Result::kAmbiguous, "the request has several passwords");
  if (!readPair(found.text)) return refuse(Result::kInvalid, "the credentials are malformed");
  if (local_.now().users == nullptr) {
    return refuse(Result::kError, "the users have not been read yet");
  }
  digest_ = local_.now().guard->digestOf(name_, password_);
  if (local_.isVerified(digest_)) return accept();
  return ask();
}

bool Basic::readPair(std::string_view text) {
  if (text.size() > kLongestText) return false;
  const auto pair = tls::fromBase64(text, control_.arena());
  if (!pair) return false;
  const std::size_t colon = pair->find(':');
  if (colon == std::string_view::npos) return false;
  name_ = pair->substr(0, colon);
  password_ = pair->substr(colon + 1);
  return basic::isUserName(name_) && password_.size() <= kLongestPassword &&
         password_.find('\0') == std::string_view::npos;
}

filter::Verdict Basic::ask() {
  const basic::Guard& guard = *local_.now().guard;
  const Decision decision = guard.look(control_.clientIp());
  if (!decision.allowed) {
    return refuse(Result::kThrottled, "too many wrong passwords from this address",
                  secondsOf(decision.retry_after, control_.arena()));
  }
  if (!local_.verify(*this)) {
    return refuse(Result::kError, "too many passwords are being verified");
  }
  waits_ = true;
  return filter::Verdict::wait(kLongestWait, Reason::kExtAuthError);
}

void Basic::onVerified(bool good) {
  waits_ = false;
  if (good) return control_.resumeRequest(accept());
  local_.now().guard->noteFailure(control_.clientIp());
  control_.resumeRequest(refuse(Result::kInvalid, "the name or the password is wrong"));
}

filter::Verdict Basic::onWaitExpired(filter::Side, Reason) {
  if (std::exchange(waits_, false)) local_.stopWaiting(*this);
  return refuse(Result::kError, "the password was not verified in time");
}

filter::Verdict Basic::refuse(Result result, std::string_view detail,
                              std::string_view retry_after) {
  return local_.judge().refuse(result, detail, *request_, retry_after);
}

filter::Verdict Basic::accept() {
  local_.judge().accept();
  http::Principal& principal = control_.principal();
  principal = {};
  principal.method = authn::kMethodWords[static_cast<unsigned>(authn::Method::kBasic)];
  principal.subject = name_;
  request_->headers.set(config_.user_header, name_);
  if (!config_.forward) authn::removeCredentials(*request_, basicPlaces());
  return filter::Verdict::proceed();
}

}  // namespace weir::gateway
