#include "gateway/auth/address_list.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "core/base/arena.h"
#include "core/config/document.h"
#include "core/config/settings.h"
#include "core/filter/registry.h"
#include "gateway/filters.h"
#include "tests/support/filter_chain.h"

namespace weir::gateway {
namespace {

// Provides the address of the client and keeps the local reply.
class Client final : public filter::Control {
 public:
  explicit Client(std::string_view address) : address_(address) {}
  const std::optional<filter::LocalReply>& answer() const { return answer_; }

 private:
  void respond(const filter::LocalReply& reply) override { answer_ = reply; }
  void resume() override {}
  std::string_view clientAddress() override { return address_; }

  const std::string address_;
  std::optional<filter::LocalReply> answer_;
};

struct Settings {
  std::vector<config::Selected> filters;
  static void read(config::Table& table, Settings& out) {
    table.read("filters", out.filters, table.kinds("filter"), "Filters.");
  }
};

class AddressListTest : public ::testing::Test {
 protected:
  AddressListTest() { addFilters(registry); }

  // "admitted", or the status and reason of the local reply.
  std::string ask(std::string_view list, std::string_view client) {
    config::Diagnostics diagnostics;
    Settings settings;
    const std::string toml = "filters = [{ address_list = { " + std::string(list) + " } }]";
    auto document = config::Document::parse(toml, "test", diagnostics);
    config::readSettings(document, extensions, settings, diagnostics);
    if (!diagnostics.empty()) return diagnostics.text();
    const filter::Chain chain = test::chainOf(registry, settings.filters, names);
    Client control(client);
    filter::Filters filters(chain, arena, control);
    http::Request request(arena);
    if (filters.onRequest(request) == filter::Verdict::kContinue) return "admitted";
    return std::to_string(control.answer()->status) + " " +
           std::string(toString(control.answer()->reason));
  }

  BlockPool pool{4096};
  Arena arena{pool};
  NameTable names;
  config::Extensions extensions;
  filter::Registry registry{extensions};
};

TEST_F(AddressListTest, AnEmptyListAdmitsAll) {
  EXPECT_EQ(ask("", "203.0.113.7"), "admitted");
  EXPECT_EQ(ask("", ""), "admitted");
}

TEST_F(AddressListTest, AdmitsWhoIsOnTheList) {
  EXPECT_EQ(ask("allow = ['10.0.0.0/8', '2001:db8::/32']", "10.1.2.3"), "admitted");
  EXPECT_EQ(ask("allow = ['10.0.0.0/8', '2001:db8::/32']", "2001:db8::1"), "admitted");
  EXPECT_EQ(ask("allow = ['10.0.0.0/8']", "11.1.2.3"), "403 authz_denied");
}

TEST_F(AddressListTest, RefusesWhoIsDenied) {
  EXPECT_EQ(ask("deny = ['10.0.0.0/8']", "10.1.2.3"), "403 authz_denied");
  EXPECT_EQ(ask("deny = ['10.0.0.0/8']", "11.1.2.3"), "admitted");
  EXPECT_EQ(ask("allow = ['10.0.0.0/8'], deny = ['10.1.0.0/16']", "10.1.2.3"), "403 authz_denied");
}

TEST_F(AddressListTest, WhoHasNoAddressIsOnNoList) {
  for (const std::string_view client : {"", "unknown"}) {
    EXPECT_EQ(ask("allow = ['0.0.0.0/0']", client), "403 authz_denied");
    EXPECT_EQ(ask("allow = ['10.0.0.0/8', '2001:db8::/32']", client), "403 authz_denied");
    EXPECT_EQ(ask("deny = ['10.0.0.0/8']", client), "admitted");
    EXPECT_EQ(ask("deny = ['0.0.0.0/0', '::/0']", client), "403 authz_denied");
  }
}

}  // namespace
}  // namespace weir::gateway
