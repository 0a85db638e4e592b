"""Routes and their actions, from a client's view."""

import json
import threading
import unittest

import poll
from fake_upstream import text
from integration_case import IntegrationCase, gateway


def cluster(name, upstream):
    return f'[upstream.{name}]\ndiscovery.static = ["{upstream.address}"]\n'


class Matches(IntegrationCase):
    ROUTES = """
[[route]]
name = "fallback"
respond.body = "fallback"
[[route]]
name = "prefix"
match.path_prefix = "/api"
respond.body = "prefix"
[[route]]
name = "exact"
match.path = "/api/exact"
respond.body = "exact"
[[route]]
name = "template"
match.path_template = "/api/users/{id}"
respond.body = "user ${capture.id}"
[[route]]
name = "regex"
match.path_regex = "/(?P<kind>cat|dog)s/[0-9]+"
respond.body = "${capture.kind}"
[[route]]
name = "method"
match = { path_prefix = "/api", methods = ["DELETE"] }
respond.body = "method"
[[route]]
name = "header"
match = { path_prefix = "/api", headers = { x-version = { prefix = "2." } } }
respond.body = "header"
[[route]]
name = "query"
match = { path_prefix = "/api", query = { debug = "yes" } }
respond.body = "query"
[[route]]
name = "host"
hosts = ["*.example.com"]
respond.body = "host ${request.host}"
"""

    def test_the_most_specific_route_takes_a_request_whatever_their_order(self):
        weir = self.weir(gateway(self.ROUTES))
        client = self.client(weir.address())
        cases = [
            ("/", {}, "fallback"), ("/apis", {}, "fallback"), ("/api", {}, "prefix"),
            ("/api/x", {}, "prefix"), ("/api/exact", {}, "exact"), ("/api/exact/", {}, "prefix"),
            ("/api/users/7", {}, "user 7"), ("/api/users/7/x", {}, "prefix"),
            ("/cats/12", {}, "cat"), ("/cats/x", {}, "fallback"),
            ("/api/x", {"method": "DELETE"}, "method"),
            ("/api/x", {"headers": [("X-Version", "2.5")]}, "header"),
            ("/api/x", {"headers": [("X-Version", "3")]}, "prefix"),
            ("/api/x?debug=yes", {}, "query"), ("/api/x?debug=no", {}, "prefix"),
            ("/api", {"host": "shop.example.com"}, "host shop.example.com"),
            ("/api", {"host": "example.com"}, "prefix"),
            ("/a/../api/./exact", {}, "exact"), ("/%61pi/exact", {}, "exact"),
        ]
        for target, parts, body in cases:
            with self.subTest(target=target, **parts):
                self.assertEqual(client.request(target, **parts).body.decode(), body)

    def test_explain_tells_the_same(self):
        weir = self.weir(gateway(self.ROUTES))
        status, page = weir.admin("/explain?path=/api/x&header.x-version=2.1&host=a")
        self.assertEqual((status, json.loads(page)["route"]), (200, "header"))

    def test_paths_that_hide_what_they_mean_are_refused_at_the_edge(self):
        weir = self.weir(gateway(self.ROUTES))
        for path in ("/api%2Fexact", "/api/%2e%2e%2fx", "/a%00b", "/a%5Cb", "/../x", "/%zz"):
            with self.subTest(path):
                reply = self.get(weir, path)
                self.assertEqual((reply.status, reply.header("x-weir-reason")),
                                 (400, "bad_request"))

    def test_no_route(self):
        weir = self.weir(gateway('[[route]]\nmatch.path = "/only"\nrespond.body = "x"\n'))
        reply = self.get(weir, "/other")
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (404, "no_route"))
        self.assert_metric(weir, 1, "weir_local_replies_total", code="404", reason="no_route")


class Actions(IntegrationCase):
    def test_a_weighted_split(self):
        old, new = self.upstream(text(b"old")), self.upstream(text(b"new"))
        weir = self.weir(gateway(
            '[[route]]\nname = "all"\nsplit = [{ upstream = "old", weight = 3 }, '
            '{ upstream = "new", weight = 1 }, { upstream = "never", weight = 0 }]\n'
            + cluster("old", old) + cluster("new", new) + cluster("never", new)))
        client = self.client(weir.address())
        bodies = [client.request("/").body for _ in range(800)]
        self.assertTrue(120 < bodies.count(b"new") < 280, bodies.count(b"new"))
        self.assertEqual(bodies.count(b"old") + bodies.count(b"new"), 800)
        self.assertEqual(weir.metric("weir_upstream_requests_total", upstream="never"), 0)

    def test_a_mirror_gets_a_copy_and_nobody_waits_for_it(self):
        answered = threading.Event()
        self.addCleanup(answered.set)

        def answer(call):
            call.read_body()
            answered.wait(poll.PATIENCE)
            call.reply(b"copy")
        copy = self.upstream(answer)
        upstream = self.upstream(text(b"real"))
        weir = self.weir(gateway(
            '[[route]]\nname = "all"\nupstream = "backend"\nmirror = ["copy"]\n'
            + cluster("backend", upstream) + cluster("copy", copy)))
        reply = self.get(weir, "/x?y=1", method="POST", body=b"order")
        self.assertEqual(reply.body, b"real")
        poll.until(lambda: copy.requests and copy.requests[0].body, "the copy has arrived")
        self.assertEqual([(each.first_line, each.body) for each in copy.requests],
                         [("POST /x?y=1 HTTP/1.1", b"order")])
        answered.set()
        self.assert_metric(weir, 1, "weir_mirror_requests_total", outcome="sent")

    def test_a_mirror_that_is_down_changes_nothing(self):
        upstream, gone = self.upstream(), self.upstream()
        gone.close()
        weir = self.weir(gateway(
            '[[route]]\nupstream = "backend"\nmirror = [{ upstream = "copy", percent = "100%" }]\n'
            + cluster("backend", upstream) + cluster("copy", gone)))
        self.assertEqual(self.get(weir).status, 200)
        self.assert_metric(weir, 1, "weir_mirror_requests_total", outcome="failed")

    def test_redirects(self):
        weir = self.weir(gateway("""
[[route]]
match.path_prefix = "/old"
redirect = { status = 308, prefix = "/new", host = "www.example.com" }
[[route]]
match.path = "/secure"
redirect = { scheme = "https", status = 302 }
[[route]]
match.path_template = "/item/{id}"
redirect = { path = "/items?id=${capture.id}", status = 303 }
"""))
        for target, status, location in (
                ("/old/a?b=c", 308, "http://www.example.com/new/a?b=c"),
                ("/secure", 302, "https://shop/secure"),
                ("/item/7", 303, "http://shop/items?id=7")):
            with self.subTest(target):
                reply = self.get(weir, target, host="shop")
                self.assertEqual((reply.status, reply.header("location"), reply.body),
                                 (status, location, b""))

    def test_rewrites(self):
        upstream = self.upstream()
        weir = self.weir(gateway(f"""
[[route]]
match.path_prefix = "/prefix"
upstream = "backend"
rewrite = {{ prefix = "/" }}
[[route]]
match.path_template = "/users/{{id}}"
upstream = "backend"
rewrite = {{ path = "/profile/${{capture.id}}", host = "profiles.internal" }}
[[route]]
match.path_prefix = "/v1"
upstream = "backend"
rewrite = {{ regex = "^/v1/(\\\\w+)", with = "/\\\\1/v1" }}
{cluster("backend", upstream)}"""))
        for target in ("/prefix/a?x=1", "/prefix", "/users/7", "/v1/shop/cart"):
            self.assertEqual(self.get(weir, target, host="edge").status, 200)
        self.assertEqual([(each.target, each.header("host")) for each in upstream.requests],
                         [("/a?x=1", "edge"), ("/", "edge"), ("/profile/7", "profiles.internal"),
                          ("/shop/v1/cart", "edge")])

    def test_header_rules(self):
        upstream = self.upstream(text(b"x", headers=[("X-Internal", "1"), ("X-Kept", "2")]))
        weir = self.weir(gateway(f"""
[[route]]
name = "shop"
upstream = "backend"
[route.request_headers]
remove = ["X-Secret"]
set = {{ X-Route = "${{route.name}} ${{request.method}}", X-Both = "new" }}
add = {{ X-Client = "${{client.address}}" }}
[route.response_headers]
remove = ["x-internal"]
set = {{ X-Status = "${{response.status}}", X-Id = "${{request.id}}" }}
{cluster("backend", upstream)}"""))
        reply = self.get(weir, "/", headers=[("X-Secret", "s"), ("X-Both", "old"),
                                             ("X-Client", "first")])
        seen = upstream.requests[0]
        self.assertEqual([seen.all(name) for name in ("x-secret", "x-route", "x-both", "x-client")],
                         [[], ["shop GET"], ["new"], ["first", "127.0.0.1"]])
        self.assertEqual([reply.header(name) for name in ("x-internal", "x-kept", "x-status")],
                         [None, "2", "200"])
        self.assertEqual(reply.header("x-id"), seen.header("x-request-id"))

    def test_an_answer_without_an_upstream(self):
        weir = self.weir(gateway("""
[[route]]
respond = { status = 418, headers = { X-Tea = "${request.query.kind}" }, body = "short and stout" }
"""))
        reply = self.get(weir, "/?kind=green")
        self.assertEqual((reply.status, reply.header("x-tea"), reply.body),
                         (418, "green", b"short and stout"))

    def test_an_address_list_refuses_clients(self):
        weir = self.weir(gateway("""
[[route]]
name = "closed"
respond.body = "in"
filters = [{ address_list = { deny = ["127.0.0.0/8"] } }]
"""))
        reply = self.get(weir)
        self.assertEqual((reply.status, reply.header("x-weir-reason")), (403, "authz_denied"))
        self.assert_metric(weir, 1, "weir_local_replies_total", route="closed",
                           code="403", reason="authz_denied")


class Balancing(IntegrationCase):
    def bodies(self, balancer, requests):
        """The responses of 2 upstreams with weights 3 and 1."""
        one, two = self.upstream(text(b"3")), self.upstream(text(b"1"))
        weir = self.weir(gateway(
            f'[[route]]\nupstream = "backend"\n[upstream.backend]\nbalancer = "{balancer}"\n'
            f'discovery.static = [{{ address = "{one.address}", weight = 3 }}, '
            f'{{ address = "{two.address}", weight = 1 }}]\n'))
        client = self.client(weir.address())
        return [client.request("/").body for _ in range(requests)]

    def test_round_robin_keeps_to_the_weights(self):
        self.assertEqual(self.bodies("round_robin", 40).count(b"3"), 30)

    def test_maglev_sends_a_key_to_the_same_endpoint(self):
        one, two = self.upstream(text(b"1")), self.upstream(text(b"2"))
        weir = self.weir(gateway(
            '[[route]]\nupstream = "backend"\nhash_on = ["${request.header.x-user}"]\n'
            '[upstream.backend]\nbalancer = { maglev = { table_size = 251 } }\n'
            f'discovery.static = ["{one.address}", "{two.address}"]\n'))
        client = self.client(weir.address())
        bodies = {}
        for user in range(40):
            headers = [("x-user", f"user-{user}")]
            bodies[user] = {client.request("/", headers=headers).body for _ in range(3)}
        self.assertEqual({len(each) for each in bodies.values()}, {1})
        self.assertEqual(set.union(*bodies.values()), {b"1", b"2"})

    def test_a_breaker_takes_an_endpoint_that_fails_out_of_use(self):
        good = self.upstream(text(b"good"))
        bad = self.upstream(text(b"bad", status="503 Service Unavailable"))
        weir = self.weir(gateway(
            '[[route]]\nupstream = "backend"\n[upstream.backend]\nbalancer = "round_robin"\n'
            'guards = [{ breaker = { consecutive_failures = 3, backoff = "10m" } }]\n'
            f'discovery.static = ["{good.address}", "{bad.address}"]\n'))
        client = self.client(weir.address())
        bodies = [client.request("/").body for _ in range(40)]
        self.assertEqual(bodies.count(b"bad"), 3)
        self.assertEqual(bodies[-20:], [b"good"] * 20)

    def test_random_keeps_to_the_weights_nearly(self):
        count = self.bodies("random", 400).count(b"3")
        self.assertTrue(240 < count < 360, count)

    def test_least_request_spreads(self):
        bodies = self.bodies("least_request", 200)
        self.assertEqual(set(bodies), {b"1", b"3"})


class Discovery(IntegrationCase):
    def test_a_name_of_the_hosts_file_is_found(self):
        upstream = self.upstream()
        weir = self.weir(gateway(
            '[[route]]\nupstream = "backend"\n[upstream.backend]\n'
            f'discovery.dns = {{ address = "localhost:{upstream.port}", family = "ipv4" }}\n'))
        self.assertEqual(self.get(weir).body, b"hello\n")
        self.assert_metric(weir, 1, "weir_upstream_endpoints", upstream="backend", state="healthy")
        state = json.loads(weir.admin("/upstreams")[1])["upstreams"][0]
        self.assertEqual((state["discovery"]["kind"], state["endpoints"][0]["address"]),
                         ("dns", upstream.address))


if __name__ == "__main__":
    unittest.main()
