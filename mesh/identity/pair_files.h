#pragma once

#include <string>
#include <string_view>

namespace weir::mesh {

// The files of a certificate and its key.
struct PairFiles {
  std::string cert;
  std::string key;
  friend bool operator==(const PairFiles&, const PairFiles&) = default;
};

// Replaces the pair so that its files fit together at every moment, also after a crash: the file of
// the key has both keys until the certificate is replaced. Files keep their mode. Returns the
// reason of a failure; empty on success. Waits for the disk.
std::string replacePair(const PairFiles& files, std::string_view cert, std::string_view key);

}  // namespace weir::mesh
