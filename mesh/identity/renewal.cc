#include "mesh/identity/renewal.h"

#include <algorithm>
#include <utility>

#include "core/base/plain_text.h"
#include "core/config/file_text.h"
#include "core/tls/authority.h"
#include "core/tls/certificate.h"

namespace weir::mesh {
namespace {

using Use = tls::Certificate::Use;

constexpr std::size_t kMostAnswer = 256 * 1024;
constexpr std::size_t kMostShownOfAnswer = 300;
constexpr Milliseconds kAnswerTimeout{10'000};

std::shared_ptr<const tls::Certificate> certificateIn(const std::string& path, std::string& why) {
  const config::FileText file = config::readFileText(path);
  if (!file.error.empty()) {
    why = path + ": " + file.error;
    return nullptr;
  }
  auto described = tls::Certificate::describe(file.text);
  if (described.ok()) return described.value();
  why = path + ": " + std::string(described.error().detail);
  return nullptr;
}

// Until a share of the certificate's life is over.
Milliseconds timeUntil(const tls::Certificate& certificate, double share) {
  const auto life = std::chrono::duration<double>(certificate.notAfter() - certificate.notBefore());
  const auto at = certificate.notBefore() + std::chrono::duration_cast<Nanoseconds>(life * share);
  return std::chrono::duration_cast<Milliseconds>(at - wallClockNow());
}

std::string_view faultOf(const tls::Certificate& certificate, std::string_view identity) {
  if (certificate.identity() != identity) return "is for another SPIFFE ID";
  if (!certificate.validAt(wallClockNow())) return "is not valid at this time";
  const std::string_view fault = certificate.faultFor(Use::kNodeServer);
  return fault.empty() ? certificate.faultFor(Use::kNodeClient) : fault;
}

}  // namespace

Renewal::Renewal(http::Client& client, Events events)
    : client_(client), events_(std::move(events)), time_(client.loop().wheel(), *this) {}

Renewal::~Renewal() = default;

void Renewal::follow(const std::optional<Settings>& settings) {
  if (settings != settings_) call_ = nullptr;
  settings_ = settings;
  if (call_ == nullptr) plan();
}

void Renewal::plan() {
  time_.disarm();
  if (!settings_) return;
  std::string why;
  const auto certificate = certificateIn(settings_->files.cert, why);
  if (certificate == nullptr) return time_.arm(kLatest);  // a reload reports it
  time_.arm(std::clamp(timeUntil(*certificate, kRenewAt), kSoonest, kLatest));
}

void Renewal::onTime() {
  std::string why;
  const auto certificate = certificateIn(settings_->files.cert, why);
  if (certificate == nullptr) return fail(why);
  if (timeUntil(*certificate, kRenewAt) > Milliseconds(0)) return plan();
  ask(std::string(certificate->identity()));
}

void Renewal::ask(const std::string& identity) {
  tls::SigningRequest made = tls::makeSigningRequest(identity);
  identity_ = identity;
  key_ = std::move(made.key);
  const std::string authority = settings_->authority.authority();
  const std::string target = settings_->authority.pathAndQuery();
  call_ = http::fetch(
      client_, settings_->upstream,
      {.method = "POST",
       .authority = authority,
       .target = target,
       .headers = {{"content-type", "application/x-pem-file"}},
       .body_kind = http::CallRequest::Body::kWhole,
       .body = asBytes(made.request)},
      {.timeout = kAnswerTimeout, .most_body = kMostAnswer, .purpose = "certificate renewal"},
      [this](const http::Fetched& fetched) { onAnswer(fetched); });
}

void Renewal::onAnswer(const http::Fetched& fetched) {
  call_ = nullptr;
  if (!fetched.reply.ok()) return fail(std::string(fetched.reply.error().detail));
  const http::Reply& reply = fetched.reply.value();
  if (reply.status != 200) {
    return fail("status " + std::to_string(reply.status) + ": " +
                printable(reply.body, kMostShownOfAnswer));
  }
  const std::string why = take(reply.body);
  if (!why.empty()) return fail(why);
  failures_ = 0;
  plan();
  events_.on_renewed();
}

// Empty on success.
std::string Renewal::take(const std::string& chain) {
  const auto parsed = tls::Certificate::parse(chain, key_);
  if (!parsed.ok()) return "the answer " + std::string(parsed.error().detail);
  const std::string_view fault = faultOf(*parsed.value(), identity_);
  if (!fault.empty()) return "the new certificate " + std::string(fault);
  return replacePair(settings_->files, chain, key_);
}

void Renewal::fail(const std::string& why) {
  const Milliseconds half = upstream::backoffLimit(kBackoff, failures_++) / 2;
  const auto more = random_.below(static_cast<std::uint64_t>(half.count()));
  time_.arm(half + Milliseconds(static_cast<std::int64_t>(more)));
  events_.on_failed(why);
}

}  // namespace weir::mesh
