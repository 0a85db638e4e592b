#!/usr/bin/env python3
"""The filter cors as a browser sees it: which responses the script of a page can read."""

import json
import re
import shutil
import subprocess
import unittest

import poll
from fake_upstream import text
from integration_case import IntegrationCase, gateway

PAGE = """<!doctype html><body><script>
const ask = async ([name, path, options]) => {
  try {
    const reply = await fetch("http://%s" + path, options);
    return [name, [reply.status, reply.headers.get("x-shown"), reply.headers.get("x-hidden")]];
  } catch (error) {
    return [name, error.name];
  }
};
Promise.all(%s.map(ask)).then((all) => {
  document.body.textContent = "results:" + JSON.stringify(Object.fromEntries(all)) + ":end";
});
</script></body>
"""
CUSTOM = {"x-custom": "1"}
# Name, path, options of fetch(), and the result: status, a shown and a hidden header.
BLOCKED = "TypeError"
READ = [200, "s", None]
ASKED = (
    ("GET", "/api", {}, READ),
    ("PUT with a listed header", "/api", {"method": "PUT", "headers": CUSTOM}, READ),
    ("a method that is not listed", "/api", {"method": "DELETE"}, BLOCKED),
    ("a header that is not listed", "/api", {"headers": {"x-other": "1"}}, BLOCKED),
    ("credentials that are not allowed", "/api", {"credentials": "include"}, BLOCKED),
    ("credentials", "/own", {"credentials": "include"}, READ),
    ("any method and header, with credentials", "/own",
     {"method": "DELETE", "headers": {"x-other": "1"}, "credentials": "include"}, READ),
    ("any origin", "/any", {}, READ),
    ("any origin, any header", "/any", {"method": "PUT", "headers": CUSTOM}, READ),
    ("another origin", "/foreign", {}, BLOCKED),
    ("another origin with a preflight", "/foreign", {"method": "PUT"}, BLOCKED),
    ("no filter", "/bare", {}, BLOCKED),
    ("a refusal", "/locked", {}, [401, None, None]),
    ("a refusal after a preflight", "/locked", {"method": "PUT", "headers": CUSTOM},
     [401, None, None]),
)


def answer(call):
    """Of the API, whose own CORS fields must not reach the browser."""
    call.reply(b"data", headers=[("x-shown", "s"), ("x-hidden", "h"),
                                 ("access-control-allow-origin", "*"),
                                 ("access-control-allow-methods", "DELETE")])


@unittest.skipIf(shutil.which("chromium") is None, "chromium is not installed")
class CorsInABrowser(IntegrationCase):
    def api(self, origin):
        backend = self.upstream(answer)
        wide = "methods = ['*'], headers = ['*'], expose_headers = ['x-shown']"
        listed = "methods = ['GET', 'PUT'], headers = ['x-custom'], expose_headers = ['x-shown']"
        locked = f"cors = {{ origins = ['{origin}'], {listed} }} }}, {{ api_key = {{ keys = " \
                 f"{{ inline = ['a sha256:{'0' * 64} shop'] }} }}"
        routes = {
            "/api": f"cors = {{ origins = ['{origin}'], {listed} }}",
            "/own": f"cors = {{ origins = ['{origin}'], credentials = true, {wide} }}",
            "/any": f"cors = {{ origins = ['*'], {wide} }}",
            "/foreign": f"cors = {{ origins = ['https://other.test'], {wide} }}",
            "/locked": locked,
        }
        rest = "".join(f"[[route]]\nmatch.path = '{path}'\nupstream = 'backend'\n"
                       f"filters = [{{ {filters} }}]\n" for path, filters in routes.items())
        rest += "[[route]]\nmatch.path = '/bare'\nrespond.body = 'bare'\n"
        rest += f"[upstream.backend]\ndiscovery = {{ static = ['{backend.address}'] }}\n"
        return self.weir(gateway(rest)).address()

    def dump(self, url):
        """The document at the URL after its scripts."""
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", f"--user-data-dir={self._folder}/profile",
             "--virtual-time-budget=60000", "--dump-dom", url],
            capture_output=True, text=True, check=True, timeout=10 * poll.PATIENCE)
        return done.stdout

    def test_what_a_page_can_read(self):
        pages = self.upstream()
        origin = f"http://{pages.address}"
        asked = json.dumps([each[:3] for each in ASKED])
        pages.answer = text((PAGE % (self.api(origin), asked)).encode(),
                            headers=[("content-type", "text/html")])
        document = self.dump(origin + "/")
        found = re.search(r"results:(.*):end", document)
        self.assertIsNotNone(found, document)
        self.assertEqual(json.loads(found[1]), {name: result for name, _, _, result in ASKED})


if __name__ == "__main__":
    unittest.main()
