"""The filter rbac, and conditions of filters, in the real binary."""

import re
import unittest
from pathlib import Path

from integration_case import LOG, IntegrationCase, forward, gateway

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

    def test_the_log_names_what_policies_in_shadow_would_decide(self):
        upstream = self.upstream()
        weir = self.weir(gateway(forward(upstream.address, route=(
            "filters = [{ rbac = { policies = ["
            "{ name = 'read', action = 'allow', to = { methods = ['GET'] } },"
            "{ name = 'no-export', action = 'deny', mode = 'shadow', to = { paths = ['/export'] } },"
            "{ name = 'write', action = 'allow', mode = 'shadow', to = { methods = ['PUT'] } }"
            "] } }]")) + LOG))
        client = self.client(weir.address())
        for method, path, status in (("GET", "/", 200), ("GET", "/export", 200), ("PUT", "/", 403),
                                     ("PUT", "/export", 403), ("POST", "/", 403)):
            self.assertEqual(client.request(path, method=method).status, status)
        shadow = [line.get("authz_shadow") for line in self.log_lines(weir, 5)]
        self.assertEqual(shadow, [None, "deny no-export", "allow write", None, None])
        self.assert_metric(weir, 1, "weir_authz_decisions_total", mode="shadow", decision="allow",
                           policy="write")

    def test_every_spelling_of_a_host(self):
        weir = self.weir(gateway(forward(self.upstream().address, route=(
            "filters = [{ rbac = { policies = [{ name = 'inside', action = 'deny', "
            "to = { hosts = ['admin.test', '*.inside.test'] } }] } }]"))))
        client = self.client(weir.address())
        for host, status in (("admin.test", 403), ("ADMIN.test", 403), ("admin.test.", 403),
                             ("admin.test:8080", 403), ("Admin.Test.:80", 403),
                             ("a.inside.test", 403), ("A.B.INSIDE.test.", 403),
                             ("inside.test", 200), ("admin.test.evil", 200), ("xadmin.test", 200)):
            self.assertEqual(client.request("/", host=host).status, status, host)

    def test_lines_of_a_header_do_not_hide_each_other(self):
        weir = self.weir(gateway(forward(self.upstream().address, route=(
            "filters = [{ rbac = { policies = [{ name = 'guests', action = 'deny', "
            "headers = { x-role = ['guest'] } }, { name = 'staff', action = 'allow', "
            "headers = { x-team = ['blue', 'red'] } }] } }]"))))
        client = self.client(weir.address())
        blue = ("x-team", "blue")
        for headers, status in (([blue], 200), ([], 403), ([blue, ("X-Team", "red")], 200),
                                ([blue, ("x-team", "evil")], 403), ([("x-team", "evil"), blue], 403),
                                ([("x-team", "blue, evil")], 403),
                                ([blue, ("x-role", "guest")], 403),
                                ([blue, ("x-role", "staff"), ("X-Role", "guest")], 403),
                                ([blue, ("x-role", "guest"), ("x-role", "staff")], 403)):
            self.assertEqual(client.request("/", headers=headers).status, status, headers)

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
