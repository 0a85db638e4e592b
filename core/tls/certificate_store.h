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

// What became of certificates when their files were read anew.
struct Refreshes {
  unsigned renewed = 0;
  std::vector<std::string> troubles;  // of pairs that were not taken: the old ones stay in use
};

// The certificates in use, by their files: a pair that cannot be used for what it is loaded for
// does not take the place of one that can.
//
// Thread: the control thread.
class CertificateStore {
 public:
  // The pair as the files have it now, else the one that is in use. Null, and `why` filled, when
  // there is neither. Holds from commit() on.
  struct Pair {
    const std::string& cert;
    const std::string& key;
    Certificate::Use use;
  };
  std::shared_ptr<const Certificate> load(const Pair& pair, std::string& why);
  // The plan that was made of what was loaded is good, or not.
  void commit();
  void rollBack() { pending_.clear(); }

  Refreshes takeRefreshes() { return std::exchange(refreshes_, {}); }

 private:
  // Each use on its own: a pair may be good for one and not for another.
  using Files = std::tuple<std::string, std::string, Certificate::Use>;
  struct Entry {
    std::weak_ptr<const Certificate> certificate;  // of the plans that use it
    std::string digest;                            // of both texts
    std::string trouble;                           // with what came after
  };
  std::map<Files, Entry> entries_;
  std::map<Files, Entry> pending_;
  Refreshes refreshes_;
};

}  // namespace weir::tls
