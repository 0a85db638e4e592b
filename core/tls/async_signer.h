#pragma once

#include <functional>
#include <memory>

#include "core/event/loop.h"

struct evp_pkey_st;
struct ssl_private_key_method_st;
struct ssl_st;

namespace weir::tls {

// Computes the signature of one handshake on another thread, for slow keys: an RSA signature with
// 2048 bits would block everything else on the worker for about a millisecond.
//
// Owned by: the stream that performs the handshake. A signature in progress is abandoned when the
// signer is destroyed.
class AsyncSigner {
 public:
  // `on_done` is called on the loop's thread to continue the handshake.
  AsyncSigner(event::Loop& loop, std::function<void()> on_done);
  ~AsyncSigner();
  AsyncSigner(const AsyncSigner&) = delete;
  AsyncSigner& operator=(const AsyncSigner&) = delete;

  // Sets the key for the handshake of `ssl`, whose app data is this signer.
  void use(evp_pkey_st* key);
  static const ssl_private_key_method_st& method();

 private:
  struct Job;
  struct Method;

  event::Loop& loop_;
  const std::function<void()> on_done_;
  std::unique_ptr<Job> job_;
};

}  // namespace weir::tls
