#include "core/tls/async_signer.h"

#include <algorithm>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <utility>
#include <vector>

namespace weir::tls {

// Used by a thread of the pool while the job runs, by the loop's thread before and after.
struct AsyncSigner::Job {
  bssl::UniquePtr<EVP_PKEY> key;
  std::uint16_t algorithm = 0;
  std::vector<std::uint8_t> input;
  std::vector<std::uint8_t> signature;
  enum class State : std::uint8_t { kIdle, kUnderWay, kDone };
  State state = State::kIdle;
  AsyncSigner* signer = nullptr;  // null: the signer was destroyed

  void run() {
    bssl::ScopedEVP_MD_CTX context;
    EVP_PKEY_CTX* options = nullptr;
    const EVP_MD* digest = SSL_get_signature_algorithm_digest(algorithm);
    bool good = EVP_DigestSignInit(context.get(), &options, digest, nullptr, key.get()) == 1;
    if (good && SSL_is_signature_algorithm_rsa_pss(algorithm) == 1) {
      // RFC 8446, 4.2.3: the salt is as long as the digest.
      good = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(options, -1) == 1;
    }
    std::size_t size = 0;
    good = good && EVP_DigestSign(context.get(), nullptr, &size, input.data(), input.size()) == 1;
    signature.resize(size);
    good = good &&
           EVP_DigestSign(context.get(), signature.data(), &size, input.data(), input.size()) == 1;
    signature.resize(good ? size : 0);
    ERR_clear_error();
  }
};

struct AsyncSigner::Method {
  static AsyncSigner& of(const SSL* ssl) {
    return *static_cast<AsyncSigner*>(SSL_get_app_data(ssl));
  }

  // NOLINTNEXTLINE(readability-function-size): the signature is BoringSSL's
  static ssl_private_key_result_t sign(SSL* ssl, std::uint8_t*, std::size_t*, std::size_t,
                                       std::uint16_t algorithm, const std::uint8_t* in,
                                       std::size_t size) {
    AsyncSigner& signer = of(ssl);
    Job* const job = signer.job_.get();
    job->algorithm = algorithm;
    job->input.assign(in, in + size);
    job->state = Job::State::kUnderWay;
    signer.loop_.work([job] { job->run(); }, [job] { finish(job); });
    return ssl_private_key_retry;
  }

  static void finish(Job* job) {
    job->state = Job::State::kDone;
    if (job->signer == nullptr) {
      const std::unique_ptr<Job> forgotten(job);
      return;
    }
    const auto on_done = job->signer->on_done_;  // which may destroy the signer
    on_done();
  }

  // Only for key exchanges without forward secrecy, which weir does not offer.
  // NOLINTNEXTLINE(readability-function-size): the signature is BoringSSL's
  static ssl_private_key_result_t decrypt(SSL*, std::uint8_t*, std::size_t*, std::size_t,
                                          const std::uint8_t*, std::size_t) {
    return ssl_private_key_failure;
  }

  static ssl_private_key_result_t complete(SSL* ssl, std::uint8_t* out, std::size_t* out_size,
                                           std::size_t room) {
    const Job& job = *of(ssl).job_;
    if (job.state != Job::State::kDone) return ssl_private_key_retry;
    if (job.signature.empty() || job.signature.size() > room) return ssl_private_key_failure;
    std::copy(job.signature.begin(), job.signature.end(), out);
    *out_size = job.signature.size();
    return ssl_private_key_success;
  }
};

AsyncSigner::AsyncSigner(event::Loop& loop, std::function<void()> on_done)
    : loop_(loop), on_done_(std::move(on_done)), job_(std::make_unique<Job>()) {
  job_->signer = this;
}

AsyncSigner::~AsyncSigner() {
  if (job_->state != Job::State::kUnderWay) return;
  job_->signer = nullptr;
  [[maybe_unused]] Job* const left_to_itself = job_.release();
}

void AsyncSigner::use(evp_pkey_st* key) { job_->key = bssl::UpRef(key); }

const ssl_private_key_method_st& AsyncSigner::method() {
  static constexpr SSL_PRIVATE_KEY_METHOD kMethod = {Method::sign, Method::decrypt,
                                                     Method::complete};
  return kMethod;
}

}  // namespace weir::tls
