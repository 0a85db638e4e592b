#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/tls/certificate.h"

namespace weir::tls {

// The result of rereading certificate files.
struct Refreshes {
  unsigned renewed = 0;
  std::vector<std::string> troubles;  // of pairs that were rejected: the old ones stay in use
};

// The certificates in use, by their files: a pair that is unusable for its purpose does not replace
// a usable one.
//
// Thread: the control thread.
class CertificateStore {
 public:
  // Returns the pair in the files if it is usable, else the one in use; null, with `why` set, if
  // there is neither. Takes effect with commit().
  struct Pair {
    const std::string& cert;
    const std::string& key;
    Certificate::Use use;
  };
  std::shared_ptr<const Certificate> load(const Pair& pair, std::string& why);
  // The plan made from the loaded certificates is accepted, or rejected.
  void commit();
  void rollBack() { pending_.clear(); }

  Refreshes takeRefreshes() { return std::exchange(refreshes_, {}); }

 private:
  // Each use is a separate entry: a pair may be suitable for one and not for another.
  using Files = std::tuple<std::string, std::string, Certificate::Use>;
  struct Entry {
    std::weak_ptr<const Certificate> certificate;  // owned by the plans that use it
    std::string digest;                            // of both texts
    std::string trouble;                           // why a later version of the files was rejected
  };
  std::map<Files, Entry> entries_;
  std::map<Files, Entry> pending_;
  Refreshes refreshes_;
};

}  // namespace weir::tls
