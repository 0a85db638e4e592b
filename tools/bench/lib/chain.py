"""Several weirs in a row, each with its own configuration."""

import json

from lib import machine, probe
from lib.authority import HOST
from lib.plan import Plan
from lib.process import wait_until
from lib.proxies import READY, Weir


def mesh_tls(authority, name):
    """The TLS settings of a mesh listener, and those of its clients, in TOML."""
    tls = authority.issue(name)
    root, cert, key = (json.dumps(path) for path in (authority.root, tls.cert, tls.key))
    listener = (f"tls = {{ certificates = [{{ cert = {cert}, key = {key} }}], "
                f'client_certificate = "required", client_ca = {root} }}')
    upstream = (f"tls = {{ server_name = {json.dumps(HOST)}, ca = {root}, cert = {cert}, "
                f"key = {key} }}")
    return listener, upstream


class Link(Weir):
    """One weir that forwards everything; `listener` and `upstream` add lines to these tables."""

    def __init__(self, bench, name, to, listener="", upstream="", **top):
        self.name = name
        self._text = link_text(to, listener, upstream, top)
        super().__init__(bench.folder, bench.cores, Plan([machine.free_address()], {}),
                         binary=bench.weir)

    def write(self, plan):
        self.replace("weir.toml", self._text.format(address=json.dumps(self.address),
                                                    admin=json.dumps(plan.admin)))


def link_text(to, listener, upstream, top):
    top = {"role": "gateway", "workers": 1, **top}
    lines = [f"{key} = {json.dumps(value)}" for key, value in top.items()]
    lines += ["admin = {{ address = {admin} }}", "[[listener]]", 'name = "bench"',
              "address = {address}", braced(listener), "[[route]]", 'name = "all"',
              'upstream = "next"', "[upstream.next]",
              braced(f"discovery = {{ static = {json.dumps([to])} }}"), braced(upstream)]
    return "\n".join(lines) + "\n"


def braced(text):
    """Escapes the text so that str.format() leaves it unchanged."""
    return text.replace("{", "{{").replace("}", "}}")


class Chain:
    """Links in a row, measured like one proxy. Started from the last to the first."""

    def __init__(self, name, links):
        self.name = name
        self.links = links

    @property
    def address(self):
        return self.links[0].address

    @property
    def process(self):
        return self

    def start(self):
        for link in self.links:
            link.launch()
        wait_until(self._answers, READY, f"{self.name} is ready")
        return self

    def _answers(self):
        self.require_running()
        return probe.answers(self.address)

    def require_running(self):
        for link in self.links:
            link.process.require_running()

    def cpu(self):
        """The sums of the CPU and waiting times of all processes."""
        parts = [link.process.cpu() for link in self.links]
        return sum(used for used, _ in parts), sum(waited for _, waited in parts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for link in self.links:
            link.stop()
