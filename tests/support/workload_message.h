#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/protobuf.h"
#include "tests/support/pem.h"
#include "tests/support/test_certificates.h"

namespace weir::test {

// Builds messages of a SPIFFE Workload API.
class WorkloadMessage {
 public:
  struct Svid {
    std::string id;
    std::string chain;
    std::string key;
    std::string bundle;
    std::string hint;
  };

  static Svid svid(const TestAuthority& authority, std::string_view id, std::string hint = {}) {
    tls::CertificateRequest request;
    request.name = "workload";
    request.identity = id;
    const tls::KeyPair pair = authority.issueFor(std::move(request));
    return {std::string(id), derOf(pair.certificate), derOf(pair.key),
            derOf(authority.root().certificate), std::move(hint)};
  }

  WorkloadMessage& add(const Svid& svid) {
    ProtoWriter fields;
    fields.text(1, svid.id).text(2, svid.chain).text(3, svid.key);
    fields.text(4, svid.bundle).text(5, svid.hint);
    message_.message(1, fields);
    return *this;
  }
  WorkloadMessage& revoke(std::string_view list) {
    message_.text(2, list);
    return *this;
  }
  WorkloadMessage& federate(std::string_view domain, std::string_view bundle) {
    message_.message(3, ProtoWriter().text(1, domain).text(2, bundle));
    return *this;
  }
  const std::string& bytes() const { return message_.bytes(); }

 private:
  ProtoWriter message_;
};

}  // namespace weir::test
