"""The dashboard in Chromium: under load, with faults, with the keyboard alone."""

import threading
import unittest

from browser_peer import BrowserPeer, needs_browser
from integration_case import LISTENER, gateway
from tls_case import TlsCase
from weir_process import ROOT

SHOTS = ROOT / "build" / "screenshots"
ROUTES = ("catalog", "orders", "payments")
VIEWS = {  # what each of them shows, under load and with the fault
    "overview": ("[aria-label=Routes] tbody", "orders"),
    "upstreams": ("[aria-label=Endpoints] tbody", "127.0.0.1"),
    "routes": (".lane", "orders"),
    "map": (".node", "orders"),
    "why": (".explain", "Explain"),
    "certificates": ("[aria-label=Certificates]", "edge.test"),
    "configuration": (".code", "[[listener]]"),
}
SECURE = """
[[listener]]
name = "secure"
address = "127.0.0.1:0"
tls = { certificates = [{ cert = "ca/edge.crt", key = "ca/edge.key" }] }
"""
BREAKER = ('balancer = "round_robin"\n'
           'guards = [{ breaker = { consecutive_failures = 3, backoff = "10m" } }]\n')
KEYS = 'filters = [{ api_key = { keys = { file = "keys.txt" } } }]\n'


def config(upstreams):
    """A gateway with a route and an upstream of each name, and a route that needs a key."""
    text = ""
    for name, servers in upstreams.items():
        listed = ", ".join(f'"{server.address}"' for server in servers)
        text += (f'[[route]]\nname = "{name}"\nmatch = {{ path_prefix = "/{name}" }}\n'
                 f'upstream = "{name}"\n[upstream.{name}]\n'
                 f"discovery = {{ static = [{listed}] }}\n{BREAKER}")
    text += (f'[[route]]\nname = "partners"\nmatch = {{ path_prefix = "/partners" }}\n'
             f'respond = {{ status = 200 }}\n{KEYS}')
    text += ('[[route]]\nname = "welcome"\nmatch = { path = "/" }\n'
             'respond = { body = "hello" }\n')
    return gateway(text, listener=LISTENER + SECURE)


class Answers:
    """What an upstream answers, until the fault: then an error."""

    def __init__(self):
        self.broken = threading.Event()

    def __call__(self, call):
        if self.broken.is_set():
            call.reply(b"sorry\n", "503 Service Unavailable")
        else:
            call.reply(b"hello\n")


class Visits:
    """Requests to all routes until the end."""

    def __init__(self, case, weir):
        self._end = threading.Event()
        self._threads = []
        for path in (*(f"/{name}" for name in ROUTES), "/partners"):
            client = case.client(weir.address())
            self._threads.append(threading.Thread(target=self._visit, args=(client, path)))
        for thread in self._threads:
            thread.start()

    def _visit(self, client, path):
        while not self._end.wait(0.004):
            client.request(path)

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join()


@needs_browser
class DashboardCase(TlsCase):
    def setUp(self):
        super().setUp()
        self.answers = Answers()
        upstreams = {name: [self.upstream(), self.upstream()] for name in ROUTES}
        upstreams["orders"] = [self.upstream(self.answers), self.upstream(self.answers)]
        self.weir_process = self.weir(config(upstreams), start=False)
        self.authority(self.weir_process.folder, "edge")
        (self.weir_process.folder / "keys.txt").write_text("", encoding="utf-8")
        self.weir_process.start()
        self.url = f"http://{self.weir_process.admin_address}/dashboard"
        self.browser = BrowserPeer()
        self.addCleanup(self.browser.close)
        load = Visits(self, self.weir_process)
        self.addCleanup(load.stop)

    def assert_no_errors(self):
        self.assertEqual(self.browser.call("takeErrors"), [])


class Faults(DashboardCase):
    def test_a_fault_is_visible_within_two_seconds(self):
        self.browser.open(self.url)
        self.browser.call("view", name="overview", selector=".tile", text="Success rate100 %")
        self.answers.broken.set()
        seen = self.browser.call("watch", selector=".events", text="Upstream orders")
        print(f"the fault was visible after {seen['seconds']} s", end=" ... ", flush=True)
        # One piece of data in a second; one may have been on its way, and events are one more.
        self.assertLessEqual(seen["updates"], 4)
        self.browser.call("view", name="upstreams", selector="[aria-label=Endpoints] tbody",
                          text="ejected")
        self.browser.call("view", name="overview", selector=".events",
                          text="ejected an endpoint")
        self.assert_no_errors()

    def test_a_rejected_configuration_is_shown_at_its_line(self):
        self.browser.open(self.url + "#/configuration")
        file = self.weir_process.file
        file.write_text(file.read_text(encoding="utf-8").replace(
            'name = "secure"', 'name = "secure"\nadress = "x"'), encoding="utf-8")
        self.assertEqual(self.weir_process.admin("/reload", "POST")[0], 422)
        self.browser.call("waitFor", selector=".code .wrong", text="adress")
        self.browser.call("waitFor", selector="[role=alert]", text="rejected")
        self.assert_no_errors()


class Views(DashboardCase):
    def look(self, scheme):
        """Opens every view, takes a picture, and checks its accessibility."""
        self.browser.open(f"{self.url}#/why", scheme)
        for name, (selector, text) in VIEWS.items():
            with self.subTest(view=name, scheme=scheme):
                self.browser.call("view", name=name, selector=selector, text=text)
                if name == "why":
                    self.browser.call("fill", selector="[name=url]", text="/orders/1",
                                      then="Enter")
                    self.browser.call("waitFor", selector=".verdict", text="is forwarded")
                self.browser.call("shoot", path=str(SHOTS / f"{name}-{scheme}.png"))
                self.assertEqual(self.browser.call("violations"), [])
                self.assert_no_errors()

    def test_every_view_is_accessible_in_light_and_dark(self):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.answers.broken.set()
        self.look("light")
        self.look("dark")

    def test_the_picture_of_the_readme(self):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.browser.open(self.url, width=1280, height=760)
        self.browser.call("waitForPoints", count=12)
        self.answers.broken.set()
        self.browser.call("watch", selector=".events", text="ejected an endpoint")
        self.browser.call("waitForPoints", count=17)
        picture = SHOTS / "dashboard.png"
        self.browser.call("shoot", path=str(picture), full=False)
        self.assertLessEqual(picture.stat().st_size, 150 * 1024)


class Keyboard(DashboardCase):
    def press(self, *keys):
        return self.browser.call("press", keys=keys)

    def test_views_plots_and_tables_need_no_mouse(self):
        self.browser.open(self.url)
        self.browser.call("waitFor", selector=".tile", text="Success rate100 %")
        self.assertEqual(self.press("Tab")["text"], "Skip to content")
        self.assertEqual(self.press("Enter")["id"], "main")
        plot = self.press("Tab")
        self.assertEqual(plot["role"], "slider")
        self.assertIn("others", plot["value"])
        self.browser.call("focus", selector='#views a[href="#/overview"]')
        self.assertEqual(self.press("Tab")["text"], "Upstreams")
        self.assertEqual(self.press("Enter")["hash"], "#/upstreams")
        self.browser.call("waitFor", selector="h1", text="Upstreams")
        self.browser.call("focus", selector="[data-sort=name] button")
        self.press("Enter")
        self.browser.call("waitFor", selector="[aria-sort=ascending]", text="Upstream")
        self.browser.call("focus", selector='a[href="#/upstreams/payments"]')
        self.press("Enter")
        self.browser.call("waitFor", selector="h2", text="Endpoints of payments")
        self.browser.call("view", name="map", selector=".node", text="orders")
        self.browser.call("focus", selector=".node.upstream")
        self.press("Enter")
        self.browser.call("waitFor", selector="[role=status]", text="upstream ")
        self.assert_no_errors()


if __name__ == "__main__":
    unittest.main()
