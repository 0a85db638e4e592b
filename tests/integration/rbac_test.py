"""The filter rbac, and conditions of filters, in the real binary."""

import re
import unittest
from pathlib import Path

from integration_case import IntegrationCase, forward, gateway

ROOT = Path(__file__).resolve().parents[2]


class Rbac(IntegrationCase):
    def test_the_example_holds(self):
        text = (ROOT / "configs/rbac.toml").read_text(encoding="utf-8")
        upstream = self.upstream()
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        weir = self.weir(re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text))
        client = self.client(weir.address())
        team = [("x-team", "blue")]
        for method, path, headers, status in (
                ("GET", "/orders/7", [], 200), ("POST", "/orders", [], 403),
                ("POST", "/orders", team, 200), ("POST", "/orders", [*team, ("X-Team", "red")], 403),
                ("GET", "/admin/users", team, 403), ("GET", "/x/..//admin;v=1/users", team, 403),
                ("GET", "/administrator", [], 200), ("GET", "/orders/7/export", [], 200)):
            reply = client.request(path, method=method, headers=headers)
            self.assertEqual(reply.status, status, (method, path, headers))
            if status == 403:
                self.assertEqual(reply.header("x-weir-reason"), "authz_denied")
        self.assertIn(b"denied by the policy administration",
                      client.request("/admin", headers=team).body)
        for count, labels in ((3, {"policy": "administration", "decision": "deny"}),
                              (2, {"policy": "", "decision": "deny"}),
                              (3, {"policy": "read", "decision": "allow"}),
                              (1, {"policy": "team", "decision": "allow"})):
            self.assert_metric(weir, count, "weir_authz_decisions_total", mode="enforce", **labels)
        self.assert_metric(weir, 1, "weir_authz_decisions_total", mode="shadow", decision="deny",
                           policy="no-export")
        self.assert_metric(weir, 5, "weir_local_replies_total", filter="rbac",
                           reason="authz_denied")

    def test_a_filter_is_used_where_its_condition_holds(self):
        upstream = self.upstream()
        weir = self.weir(gateway(forward(upstream.address, route=(
            "filters = [{ rbac = { when = 'request.path.startsWith(\"/internal/\")', policies = "
            "[{ name = 'nobody', action = 'deny' }] } }]"))))
        client = self.client(weir.address())
        self.assertEqual(client.request("/").status, 200)
        self.assertEqual(client.request("/internal/x").status, 403)
        self.assertEqual(client.request("/a/../internal/x").status, 403)


if __name__ == "__main__":
    unittest.main()
