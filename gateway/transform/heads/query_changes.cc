#include "gateway/transform/heads/query_changes.h"

#include <algorithm>

#include "core/base/arena_writer.h"
#include "core/http/escapes.h"
#include "core/http/query.h"

namespace weir::gateway {
namespace {

constexpr std::size_t kEscapeBytes = 3;

struct SetParameter {
  std::string_view name;
  std::string_view value;
};

void putQueryText(ArenaWriter& to, std::string_view text) {
  to.with([text](char* at) { return http::writeEscaped(text, at); });
}

}  // namespace

void QueryChanges::read(config::Table& table, QueryChanges& out) {
  table.read("remove", out.remove, "Names of query parameters that are removed.");
  table.read("set", out.set,
             "Query parameters that replace those of the same name. Values are encoded.");
  compileValues(table, "set", out.set, {});
}

bool QueryChanges::drops(std::string_view name) const {
  return std::find(remove.begin(), remove.end(), name) != remove.end() ||
         std::any_of(set.begin(), set.end(), [&](const auto& each) { return each.first == name; });
}

void QueryChanges::apply(http::Request& request, const HeadFacts& facts) const {
  auto* const added = facts.arena.array<SetParameter>(set.size());
  std::size_t count = 0;
  std::size_t room = request.query.size() + 1;
  for (const auto& [name, value] : set) {
    const auto text = value.evaluate(facts);
    if (!text) continue;
    added[count++] = {name, *text};
    room += (name.size() + text->size()) * kEscapeBytes + 2;
  }
  ArenaWriter query(facts.arena, room);
  std::size_t parts = 0;
  for (std::string_view rest = request.query; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // Its copy would lie behind the text that is being written.
    const bool dropped = drops(http::decodeQueryText(pair.substr(0, pair.find('=')), facts.arena));
    if (dropped) continue;
    if (parts++ > 0) query.put('&');
    query.put(pair);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (parts++ > 0) query.put('&');
    putQueryText(query, added[i].name);
    query.put('=');
    putQueryText(query, added[i].value);
  }
  request.query = query.text();
  request.has_query = parts > 0;
}

}  // namespace weir::gateway
