#pragma once

#include <functional>
#include <memory>

#include "core/event/loop.h"

struct evp_pkey_st;
struct ssl_private_key_method_st;
struct ssl_st;

namespace weir::tls {

// Makes the signature of one handshake on another thread, for keys that take long: a signature of
// RSA with 2048 bits would hold up everything else on the worker for about a millisecond.
//
// Owned by: the stream that shakes hands. What is under way when it goes is left to itself.
class AsyncSigner {
 public:
  // `on_done` is called on the loop's thread: the handshake is to go on.
  AsyncSigner(event::Loop& loop, std::function<void()> on_done);
  ~AsyncSigner();
  AsyncSigner(const AsyncSigner&) = delete;
  AsyncSigner& operator=(const AsyncSigner&) = delete;

  // The key for the handshake of `ssl`, which carries this signer as its app data.
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
