#include "gateway/auth/api_key/settings.h"

#include <utility>

#include "core/http/syntax.h"

namespace weir::gateway::api_key {

void KeySource::read(config::Table& table, KeySource& out) {
  table.read("file", out.file,
             "File of keys, with up to a million lines. A change is noticed while weir runs; if "
             "the new content has a mistake, the keys before it stay in use.");
  table.read("inline", out.lines,
             "Lines as in such a file: `ID sha256:DIGEST CONSUMER`, then optionally "
             "`scopes=A,B`, `expires=2027-01-31T00:00:00Z` and `label.NAME=VALUE`. `weir key new` "
             "prints one.",
             {.min_size = 1, .max_size = 1000});
  table.exactlyOneOf({"file", "inline"});
  KeyTableBuilder builder;
  for (std::size_t i = 0; i < out.lines.size(); ++i) {
    const std::string what = builder.add(out.lines[i]);
    if (!what.empty()) table.failElement("inline", i, what);
  }
}

std::shared_ptr<const KeyTable> tableOf(const std::vector<std::string>& lines) {
  KeyTableBuilder builder;
  for (const std::string& line : lines) static_cast<void>(builder.add(line));
  return builder.finish();
}

void Settings::read(config::Table& table, Settings& out) {
  table.read("from", out.from,
             "Places of the key in requests. A request with several keys is refused.",
             {.min_size = 1});
  table.read("keys", out.keys, "Digests of the keys.", {.required = true});
  table.read("require", out.require,
             "Scopes that the key must grant; otherwise the reply is 403 with the reason "
             "`authz_denied`.");
  table.read("consumer_header", out.consumer_header,
             "Request header for the upstream with the consumer of the key. The client's own "
             "headers of this name are removed.");
  table.read("forward", out.forward, "Whether the upstream receives the key.");
  authn::readMode(table, out.enforcement);
  authn::readRealm(table, out.realm);
  if (!http::isToken(out.consumer_header) ||
      http::headerId(out.consumer_header) != http::HeaderId::kOther) {
    table.fail("consumer_header", "this header cannot be set");
  }
  table.locate(out.origin, "keys");
}

void Settings::check(filter::References& references, config::Diagnostics& diagnostics) {
  if (keys.file.path.empty()) return;
  file_id = references.name(keys.file.path);
  if (origin.clean) {
    checkFile<KeyTable>(keys.file.path, origin.path + ".keys.file", diagnostics);
  }
}

}  // namespace weir::gateway::api_key
