#include "gateway/auth/address_list.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"
#include "tests/support/temporary_directory.h"

namespace weir::gateway {
namespace {

// "200", or the status and reason of the local reply.
std::string ask(std::string_view list, std::string_view client) {
  test::FilterBench bench("address_list", list);
  bench.from(client);
  const test::BenchMessage reply = bench.get();
  EXPECT_EQ(bench.seen().size(), reply.status == 200 ? 1U : 0U);
  EXPECT_EQ(bench.replies("address_list", 403, Reason::kAuthzDenied),
            reply.status == 403 ? 1U : 0U);
  return std::to_string(reply.status) + (reply.reason.empty() ? "" : " " + reply.reason);
}

TEST(AddressList, AnEmptyListAdmitsAll) {
  EXPECT_EQ(ask("", "203.0.113.7"), "200");
  EXPECT_EQ(ask("", "unix:/run/client"), "200");
}

TEST(AddressList, AdmitsWhoIsOnTheList) {
  EXPECT_EQ(ask("allow = ['10.0.0.0/8', '2001:db8::/32']", "10.1.2.3"), "200");
  EXPECT_EQ(ask("allow = ['10.0.0.0/8', '2001:db8::/32']", "2001:db8::1"), "200");
  EXPECT_EQ(ask("allow = ['10.0.0.0/8']", "11.1.2.3"), "403 authz_denied");
}

TEST(AddressList, RefusesWhoIsDenied) {
  EXPECT_EQ(ask("deny = ['10.0.0.0/8']", "10.1.2.3"), "403 authz_denied");
  EXPECT_EQ(ask("deny = ['10.0.0.0/8']", "11.1.2.3"), "200");
  EXPECT_EQ(ask("allow = ['10.0.0.0/8'], deny = ['10.1.0.0/16']", "10.1.2.3"), "403 authz_denied");
}

TEST(AddressList, AClientWithoutAddressIsOnNoList) {
  constexpr std::string_view kClient = "unix:/run/client";
  EXPECT_EQ(ask("allow = ['0.0.0.0/0']", kClient), "403 authz_denied");
  EXPECT_EQ(ask("allow = ['10.0.0.0/8', '2001:db8::/32']", kClient), "403 authz_denied");
  EXPECT_EQ(ask("deny = ['10.0.0.0/8']", kClient), "200");
  EXPECT_EQ(ask("deny = ['0.0.0.0/0', '::/0']", kClient), "403 authz_denied");
}

TEST(AddressList, ReadsFiles) {
  const test::TemporaryDirectory directory;
  test::writeFile(directory.path() + "/allow.txt", "# us\n10.0.0.0/8\n2001:db8::/32\n");
  test::writeFile(directory.path() + "/deny.txt", "10.1.0.0/16\n");
  const std::string lists = "allow = ['192.0.2.0/24'], allow_file = '" + directory.path() +
                            "/allow.txt', deny_file = '" + directory.path() + "/deny.txt'";
  EXPECT_EQ(ask(lists, "10.2.0.1"), "200");
  EXPECT_EQ(ask(lists, "192.0.2.7"), "200");
  EXPECT_EQ(ask(lists, "2001:db8::1"), "200");
  EXPECT_EQ(ask(lists, "10.1.2.3"), "403 authz_denied");
  EXPECT_EQ(ask(lists, "203.0.113.7"), "403 authz_denied");
  EXPECT_EQ(ask(lists, "unix:/run/client"), "403 authz_denied");
}

}  // namespace
}  // namespace weir::gateway
