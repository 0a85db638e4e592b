#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <tuple>

#include "core/config/toml_writer.h"
#include "core/proxy/listener_options.h"
#include "core/route/settings.h"
#include "tests/core/server/fixture.h"
#include "tests/support/test_certificates.h"

// Changes every key of the schema in turn; a reload must create a different plan. New keys are
// included automatically.
namespace weir::server {
namespace {

using config::FieldType;
using config::Type;
using config::Value;
using Path = std::vector<std::string>;
using Kind = Type::Kind;

// Not in the plan: the process applies it, or reports that it requires a restart
// (tests/integration/reload_test.py).
const std::set<std::string> kOfTheProcess = {"workers", "drain_timeout", "state_directory"};
// Files that must match the certificates (tests/integration/tls_test.py), and the identity in place
// of certificates (tests/integration/workload_test.py).
const std::set<std::string> kElsewhere = {"listener.tls.certificates.ocsp",
                                          "listener.tls.client_crl", "upstream.db.tls.crl",
                                          "listener.tls.workload_identity"};

// A key is tried in each of these until one accepts it: some keys require what others exclude.
// CERTS is the folder of the certificates.
constexpr std::string_view kDocuments[] = {R"(
[[listener]]
name = "a"
address = "127.0.0.1:1"
upstream = "db"
proxy_protocol = "optional"
proxy_protocol_from = ["10.0.0.0/8"]
[[listener.tls_rule]]
action = "passthrough"
upstream = "db"
[[listener]]
name = "mail"
address = "127.0.0.1:9"
[[authorize]]
name = "p"
action = "allow"
listeners = ["a", "mail"]
[upstream.db]
discovery = { list = ["10.0.0.1:80"] }
[upstream.mail]
discovery = { list = ["10.0.0.2:80"] }
[upstream.pay]
discovery = { list = ["10.0.0.3:80"] }
[filter.mail]
nothing = {}
[[route]]
upstream = "pay"
match.headers.x = "1"
match.query.x = "1"
mirror = [{ upstream = "pay" }]
session_persistence = { header = "x-s" }
)",
                                           R"(
[[listener]]
name = "a"
address = "127.0.0.1:1"
[listener.tls]
certificates = [{ cert = "CERTS/cert.pem", key = "CERTS/key.pem" }]
client_certificate = "optional"
client_ca = "CERTS/root.pem"
ticket_secrets = ["0123456789abcdef0123456789abcdef"]
[[listener.tls_rule]]
action = "terminate"
[upstream.db]
discovery = { list = ["10.0.0.1:80"] }
tls = { server_name = "db.test", cert = "CERTS/cert.pem", key = "CERTS/key.pem" }
[upstream.mail]
discovery = { list = ["10.0.0.2:80"] }
[upstream.pay]
discovery = { list = ["10.0.0.3:80"] }
[[route]]
split = [{ upstream = "pay" }]
rewrite = { regex = "a", with = "b" }
match.headers.x = { prefix = "1" }
match.query.x = { prefix = "1" }
[route.session_persistence]
cookie = { name = "s" }
absolute_timeout = "1h"
secrets = ["0123456789abcdef0123456789abcdef"]
)",
                                           R"(
[[listener]]
name = "a"
address = "127.0.0.1:1"
[upstream.db]
discovery = { list = ["10.0.0.1:80"] }
health_check = { http = {} }
[[route]]
redirect = { status = 302 }
match = { path_prefix = "/a" }
)",
                                           R"(
[[listener]]
name = "a"
address = "127.0.0.1:1"
[upstream.db]
discovery = { list = ["10.0.0.1:80"] }
protocol = "http2"
health_check = { grpc = {} }
[[route]]
redirect = { regex = "a", with = "b" }
)",
                                           R"(
[[listener]]
name = "a"
address = "unix:/run/weir.sock"
[upstream.db]
discovery = { list = ["10.0.0.1:80"] }
tls = { insecure = false, server_name = "db.test" }
health_check = { tcp = {} }
[[route]]
respond = {}
)",
                                           R"(
[[listener]]
name = "a"
address = "127.0.0.1:1"
tls = { workload_identity = true }
[upstream.db]
discovery = { list = ["10.0.0.1:80"] }
[[route]]
respond = {}
)"};

const std::string kSecret(40, 's');

struct NoFilter final : filter::Filter {
  using Config = config::NoSettings;
  NoFilter(const Config&, filter::Control&) {}
};

struct Key {
  Path path;
  const FieldType* field;

  std::string text() const {
    std::string text;
    for (const std::string& part : path) text += (text.empty() ? "" : ".") + part;
    return text;
  }
};

// The keys of a type and of the tables in it. In tables with names chosen by the user, "db"
// or "x" is visited.
void addKeys(const Type& type, const Path& path, std::vector<Key>& keys) {
  if (type.kind == Kind::kTable) {
    for (const FieldType& field : type.table->fields) {
      Path inner = path;
      inner.push_back(field.key);
      keys.push_back({inner, &field});
      addKeys(field.type, inner, keys);
    }
    return;
  }
  Path inner = path;
  if (type.kind == Kind::kMap) inner.emplace_back(path.back() == "upstream" ? "db" : "x");
  for (const Type& each : type.of) addKeys(each, inner, keys);
}

class EveryOptionTest : public PlanTest {
 protected:
  EveryOptionTest() {
    std::string path = testing::TempDir() + "weir-XXXXXX";
    folder_ = mkdtemp(path.data());
    registry.filters().add<NoFilter>("nothing", "Of tests.");
    const test::TestAuthority authority;
    const tls::KeyPair own = authority.issue({"db.test"});
    for (const char* copy : {"", "2"}) {  // copies with other file names
      write(std::string("cert.pem") + copy, own.certificate);
      write(std::string("key.pem") + copy, own.key);
      write(std::string("root.pem") + copy, authority.root().certificate);
    }
    write("secret", kSecret);
    ::setenv("WEIR_TEST_SECRET", kSecret.c_str(), 1);
  }
  ~EveryOptionTest() override {
    std::filesystem::remove_all(folder_);
    ::unsetenv("WEIR_TEST_SECRET");
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }

  Value documentOf(std::string_view text) const {
    std::string filled(text);
    for (auto at = filled.find("CERTS"); at != std::string::npos; at = filled.find("CERTS")) {
      filled.replace(at, 5, folder_);
    }
    config::Diagnostics none;
    return config::Document::parse(filled, "test.toml", none).root();
  }

  std::vector<Value> candidates(const Key& key) const {
    const std::string text = key.text();
    if (text.ends_with("secrets.file")) return {Value(folder_ + "/secret")};
    if (text == "authorize.when") return {Value(std::string("true"))};
    if (text.ends_with("secrets.env")) return {Value(std::string("WEIR_TEST_SECRET"))};
    if (text == "upstream.db.addresses") {
      return {Value(Value::Array{Value(std::string("10.96.0.9"))})};
    }
    if (text.ends_with(".discovery.list")) {
      return {Value(Value::Array{Value(std::string("10.0.0.9:80"))})};
    }
    return candidates(key.field->type);
  }
  // Possible values of a type; trials show which of them are different and valid.
  std::vector<Value> candidates(const Type& type) const {
    switch (type.kind) {
      case Kind::kBoolean:
        return {Value(true), Value(false)};
      case Kind::kInteger:
        return {Value(std::int64_t{7}), Value(std::int64_t{303}), Value(std::int64_t{9'000})};
      case Kind::kNumber:
        return {Value(0.5)};
      case Kind::kText:
        return texts(type);
      case Kind::kArray:
        return wrapped(type, [](Value value) { return Value(Value::Array{std::move(value)}); });
      case Kind::kMap:
        return wrapped(type, [](Value value) {
          return Value(Value::Table{{"x", std::move(value), {}}});
        });
      case Kind::kTable:
        return {};  // each of its keys is changed separately
      case Kind::kAnyOf:
        break;
    }
    return wrapped(type, [](Value value) { return value; });
  }
  template <typename Wrap>
  std::vector<Value> wrapped(const Type& type, const Wrap& wrap) const {
    std::vector<Value> values;
    for (const Type& each : type.of) {
      for (Value& value : candidates(each)) values.push_back(wrap(std::move(value)));
    }
    return values;
  }
  std::vector<Value> texts(const Type& type) const {
    std::vector<std::string> found = type.words;
    const auto add = [&](std::string_view name, std::vector<std::string> more) {
      if (type.name == name) found.insert(found.end(), more.begin(), more.end());
    };
    add("duration", {"7s", "70s"});
    add("size", {"7KiB", "70KiB"});
    add("percentage", {"7%", "170%"});
    add("address", {"127.0.0.2:2"});
    add("address range", {"10.9.0.0/16"});
    add("host", {"x.test"});
    add("segment pattern", {"/x"});
    add("file mode", {"0660", "0600"});
    add("secret", {kSecret});
    add("string", {"mail", "other", "spiffe://a.test/b", "/x", "x.test", "https", "503", "a",
                   std::string(64, 'a')});
    for (const char* file : {"cert.pem2", "key.pem2", "root.pem2"}) {
      add("file", {folder_ + "/" + file});
    }
    std::vector<Value> values;
    for (std::string& text : found) values.emplace_back(std::move(text));
    return values;
  }

  static void set(Value& table, std::span<const std::string> path, const Value& value) {
    if (auto* array = table.as<Value::Array>()) {
      if (array->empty()) array->emplace_back(Value::Table());
      return set(array->front(), path, value);
    }
    auto* members = table.as<Value::Table>();
    if (members == nullptr) {
      table = Value(Value::Table());
      members = table.as<Value::Table>();
    }
    auto found = std::ranges::find(*members, path.front(), &config::Member::key);
    if (found == members->end()) {
      members->push_back({path.front(), Value(Value::Table()), {}});
      found = members->end() - 1;
    }
    if (path.size() > 1) return set(found->value, path.subspan(1), value);
    found->value = value;
  }

  struct Reload {
    Settings settings;
    std::shared_ptr<const proxy::Plan> plan;
    Value shown;
  };
  // Empty if the document has diagnostics.
  std::optional<Reload> reload(const Value& document, const proxy::Plan* previous) {
    config::Diagnostics found;
    Reload made;
    auto text = config::Document::parse(config::tomlText(document), "test.toml", found);
    config::readSettings(text, registry.extensions(), made.settings, found);
    if (found.empty()) made.plan = builder.build(made.settings, previous, found);
    diagnostics = found.text();
    if (made.plan == nullptr) return std::nullopt;
    made.shown = config::showSettings(made.settings, registry.extensions());
    return made;
  }

  static bool differs(const std::string& part, const proxy::Plan& before, const proxy::Plan& now) {
    if (part == "listener") {
      const proxy::ListenerOptions& was = *before.listeners[0];
      const proxy::ListenerOptions& is = *now.listeners[0];
      return was != is;
    }
    if (part == "authorize") {
      return !std::ranges::equal(
          before.listeners, now.listeners,
          [](const auto& was, const auto& is) { return was->authorize == is->authorize; });
    }
    if (part == "upstream") return before.clusters != now.clusters;
    if (part == "route") return true;  // compiled again for every plan
    const auto whole = [](const proxy::Plan& plan) {
      return std::tie(plan.role, plan.max_connections, plan.refuse_connections_at,
                      plan.reset_streams_at);
    };
    return whole(before) != whole(now);
  }

  // True if some document accepts another value of the key; the plan must then show it.
  bool change(const Key& key, const std::vector<Value>& values) {
    bool changed = false;
    for (const std::string_view text : kDocuments) {
      const Value document = documentOf(text);
      const auto before = reload(document, nullptr);
      if (!before) ADD_FAILURE() << diagnostics;
      for (const Value& value : values) {
        Value other = document;
        set(other, key.path, value);
        const auto after = reload(other, before->plan.get());
        if (!after || isSame(*after, *before)) continue;
        changed = true;
        if (kOfTheProcess.contains(key.text())) continue;
        EXPECT_TRUE(differs(key.path.front(), *before->plan, *after->plan)) << key.text();
        // And vice versa: an unchanged document causes no change.
        const auto again = reload(other, after->plan.get());
        EXPECT_TRUE(again->settings.listeners == after->settings.listeners) << key.text();
        if (other.find("upstream") != nullptr && !usesTls(*after->plan)) {
          EXPECT_EQ(again->plan->clusters, after->plan->clusters) << key.text();
        }
      }
      if (changed) return true;
    }
    return changed;
  }
  // Secrets are not printed.
  static bool isSame(const Reload& left, const Reload& right) {
    return left.shown == right.shown && left.settings.listeners == right.settings.listeners &&
           sessionSecrets(left.settings) == sessionSecrets(right.settings);
  }
  static std::vector<config::Secret> sessionSecrets(const Settings& settings) {
    std::vector<config::Secret> secrets;
    for (const route::RouteSettings& route : settings.routes) {
      if (!route.session_persistence) continue;
      const auto& own = route.session_persistence->secrets;
      secrets.insert(secrets.end(), own.begin(), own.end());
    }
    return secrets;
  }
  static bool usesTls(const proxy::Plan& plan) {
    return std::ranges::any_of(plan.clusters,
                               [](const auto& each) { return each->tls != nullptr; });
  }

 private:
  std::string folder_;
};

TEST_F(EveryOptionTest, IsAppliedByAReload) {
  const Type schema = config::describeSettings<Settings>(registry.extensions());
  std::vector<Key> keys;
  addKeys(schema, {}, keys);
  std::size_t tried = 0;
  for (const Key& key : keys) {
    const std::vector<Value> values = candidates(key);
    if (values.empty() || kElsewhere.contains(key.text())) continue;
    EXPECT_TRUE(change(key, values)) << "no document and value found for " << key.text();
    ++tried;
  }
  EXPECT_GT(tried, 120U);
}

}  // namespace
}  // namespace weir::server
