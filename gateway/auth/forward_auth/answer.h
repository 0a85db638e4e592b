#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/http/message.h"

namespace weir::gateway::forward_auth {

// A change to the header of a message.
struct FieldEdit {
  enum class Verb : std::uint8_t {
    kAppend,
    kAddIfAbsent,
    kOverwrite,
    kOverwriteIfPresent,
    kRemove,  // in every spelling that servers may take for the same
  };

  std::string name;
  std::string value;
  Verb verb = Verb::kAppend;

  bool operator==(const FieldEdit&) const = default;
};

// The decision of a service about a request, in any convention.
struct Answer {
  static constexpr std::size_t kMostFields = 100;
  static constexpr std::size_t kMostBody = std::size_t{64} * 1024;

  enum class Kind : std::uint8_t {
    kAllowed,
    kDenied,
    kFailed,      // no decision
    kBadRequest,  // the request cannot be sent to the service
  };

  Kind kind = Kind::kFailed;
  std::string_view detail = {};            // of a failure, for the log; static
  bool silent = false;                     // the failure is that the service did not respond
  std::vector<FieldEdit> request_fields;   // if allowed
  std::vector<FieldEdit> response_fields;  // for the client, in any case
  std::vector<std::pair<std::string, std::string>> query_set;
  std::vector<std::string> query_removed;
  // The client's response unless the request is allowed. 0: there is none.
  int status = 0;
  std::optional<int> grpc_status = {};
  std::string content_type;
  std::string body;
  // Time for which the answer may be kept, if the service says so. 0: not at all.
  std::optional<Milliseconds> fresh = {};

  static Answer failed(std::string_view detail) {
    Answer answer;
    answer.detail = detail;
    return answer;
  }
  static Answer silence() {
    Answer answer = failed("the auth service did not respond");
    answer.silent = true;
    return answer;
  }
  std::size_t bytes() const;  // of memory, about
};

// Copies names and values to the arena of the headers.
void applyEdits(const std::vector<FieldEdit>& edits, http::Headers& headers);
// Sets and removes parameters of the query.
void applyQuery(const Answer& answer, http::Request& request);

// Whether a service may set this field of the request, or of the response to the client. weir
// writes the others itself.
bool isForUpstream(std::string_view name);
bool isForClient(std::string_view name);

}  // namespace weir::gateway::forward_auth
