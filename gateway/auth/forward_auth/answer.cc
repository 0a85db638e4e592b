#include "gateway/auth/forward_auth/answer.h"

#include <algorithm>

#include "core/base/arena_string.h"
#include "core/http/escapes.h"
#include "core/http/field_set.h"
#include "core/http/query.h"
#include "core/http/reserved_fields.h"
#include "core/http/syntax.h"
#include "core/route/header_rules.h"

namespace weir::gateway::forward_auth {
namespace {

using http::HeaderId;

void applyEdit(const FieldEdit& edit, http::Headers& headers) {
  using Verb = FieldEdit::Verb;
  if (edit.verb == Verb::kRemove) {
    headers.removeIf(
        [&](const http::Header& field) { return http::isSameField(field.name, edit.name); });
    return;
  }
  const bool present = headers.find(edit.name) != nullptr;
  if (edit.verb == Verb::kAddIfAbsent && present) return;
  if (edit.verb == Verb::kOverwriteIfPresent && !present) return;
  if (edit.verb != Verb::kAppend) headers.remove(edit.name);
  Arena& arena = headers.arena();
  headers.add(arena.copy(edit.name), arena.copy(edit.value));
}

bool isChanged(const Answer& answer, std::string_view name) {
  return std::ranges::any_of(answer.query_set,
                             [&](const auto& each) { return each.first == name; }) ||
         std::ranges::find(answer.query_removed, name) != answer.query_removed.end();
}

}  // namespace

std::size_t Answer::bytes() const {
  std::size_t total = sizeof *this + content_type.size() + body.size();
  for (const auto* list : {&request_fields, &response_fields}) {
    for (const FieldEdit& each : *list) total += sizeof each + each.name.size() + each.value.size();
  }
  for (const auto& [name, value] : query_set) total += name.size() + value.size() + 64;
  for (const std::string& name : query_removed) total += name.size() + 32;
  return total;
}

void applyEdits(const std::vector<FieldEdit>& edits, http::Headers& headers) {
  for (const FieldEdit& each : edits) applyEdit(each, headers);
}

void applyQuery(const Answer& answer, http::Request& request) {
  if (answer.query_set.empty() && answer.query_removed.empty()) return;
  Arena& arena = request.headers.arena();
  std::string text;
  for (std::string_view rest = request.query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::string_view name = pair.substr(0, pair.find('='));
    if (isChanged(answer, http::decodeQueryText(name, arena))) continue;
    text += (text.empty() ? "" : "&") + std::string(pair);
  }
  for (const auto& [name, value] : answer.query_set) {
    if (!text.empty()) text += '&';
    http::appendEscaped(name, text);
    text += '=';
    http::appendEscaped(value, text);
  }
  request.query = arena.copy(text);
  request.has_query = !text.empty();
}

bool isForUpstream(std::string_view name) {
  std::string why;
  return route::isChangeableHeader(name, why) &&
         http::reservedFor(http::headerId(name), name) != http::Reserved::kWeir;
}

bool isForClient(std::string_view name) {
  const HeaderId id = http::headerId(name);
  const bool weirs_own = id == HeaderId::kServer || id == HeaderId::kDate ||
                         id == HeaderId::kContentType || id == HeaderId::kTrailer;
  return !weirs_own && !http::isFramingField(id) &&
         http::reservedFor(id, name) != http::Reserved::kWeir;
}

}  // namespace weir::gateway::forward_auth
