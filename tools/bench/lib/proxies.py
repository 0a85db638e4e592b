"""The proxies under test: each writes its configuration, starts, reloads and stops."""

import os
import resource
import signal
from contextlib import ExitStack

from lib import machine, plan as plans, probe
from lib.authority import Authority
from lib.process import Process, wait_until

READY = 60.0


class Proxy:
    """One proxy with one plan. A derived class per program defines the form of its files."""

    name = ""
    can_reload = False

    def __init__(self, folder, cores, plan, **options):
        self.folder = folder / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.plan = plan
        self.options = options
        self.process = None
        self._cores = cores

    @property
    def address(self):
        return self.plan.address

    def write(self, plan):
        """Writes the configuration files of a plan."""

    def command(self):
        raise NotImplementedError

    def launch(self, cores=None, prefix=()):
        """Starts it without waiting. `prefix` is a program under which it runs."""
        self.write(self.plan)
        cores = cores or [self._cores.proxy]
        self.process = Process([*prefix, *self.command()], cores, self.folder / "log")
        return self

    def start(self, cores=None, ready="/2", host="bench.example", prefix=()):
        """Starts it and waits for the first correct reply."""
        self.launch(cores, prefix)
        wait_until(lambda: self.ready(ready, host), READY, f"{self.name} is ready")
        return self

    def ready(self, path, host):
        self.process.require_running()
        return probe.answers(self.address, path, host, tls=self.plan.tls is not None)

    def reload(self, plan):
        """Publishes a new plan: the file is replaced atomically, then SIGHUP."""
        self.write(plan)
        self.plan = plan
        self.reload_signal()

    def reload_signal(self):
        self.process.signal(signal.SIGHUP)

    def stop(self):
        if self.process:
            self.process.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def replace(self, name, text):
        """Writes a file so that no reader sees an incomplete one."""
        fresh = self.folder / (name + ".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.folder / name)


class Direct(Proxy):
    """Without a proxy: the backend itself."""

    name = "direct"

    @property
    def address(self):
        return self.options["backend"]

    def start(self, *_, **__):
        return self


class Relay(Proxy):
    name = "relay"

    def command(self):
        upstream = next(iter(self.plan.upstreams.values()))[0]
        return [machine.program("relay"), "--listen", self.address, "--upstream", upstream,
                "--buffer", self.options.get("buffer", 65536)]


class Weir(Proxy):
    name = "weir"
    can_reload = True

    def __init__(self, folder, cores, plan, binary=None, **options):
        super().__init__(folder, cores, plan, **options)
        self.binary = binary
        plan.admin = plan.admin or machine.free_address()

    def write(self, plan):
        plan.admin = plan.admin or self.plan.admin
        self.replace("weir.toml", plans.weir_text(plan))

    def write_broken(self):
        self.replace("weir.toml", plans.weir_text(self.plan) + "[[route]]\nmatsch = 1\n")

    def command(self):
        return [self.binary, "run", self.folder / "weir.toml"]

    def scrape(self):
        return probe.scrape(self.plan.admin)


class OneRouteWeir(Weir):
    """weir with a single route, compared with the one with thousands."""

    name = "weir-one-route"


class FilteringWeir(Weir):
    """weir with filters, compared with the one without."""

    name = "weir-filter"


class Nginx(Proxy):
    name = "nginx"
    can_reload = True

    def write(self, plan):
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        user = "user root;" if os.geteuid() == 0 else ""
        self.replace("nginx.conf", plans.nginx_text(plan, self.folder, files, user))

    def write_broken(self):
        self.replace("nginx.conf", "broken {")

    def command(self):
        master = "" if self.options.get("master", True) else " master_process off;"
        return [machine.find("nginx"), "-p", self.folder, "-e", "stderr",
                "-c", self.folder / "nginx.conf", *(["-g", master] if master else [])]


class Haproxy(Proxy):
    name = "haproxy"

    def write(self, plan):
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        text, routes = plans.haproxy_text(plan, self.folder, files)
        self.replace("routes.map", routes)
        self.replace("haproxy.cfg", text)

    def command(self):
        return [machine.find("haproxy"), "-db", "-f", self.folder / "haproxy.cfg"]


KINDS = {kind.name: kind
         for kind in (Direct, Relay, Weir, OneRouteWeir, FilteringWeir, Nginx, Haproxy)}


class Bench:
    """The folder, cores, backends and proxies of a run; stops all of them at the end."""

    def __init__(self, folder):
        machine.raise_file_limit()
        self.cores = machine.Cores()
        self.folder = folder
        self.weir = machine.weir_binary()
        self._authority = None
        self._stack = ExitStack()

    def backend(self, name="a", address=None, **options):
        """Starts a backend; returns its address. Replies contain its name in X-Backend."""
        address = address or machine.free_address()
        arguments = [machine.program("backend"), "--listen", address, "--name", name]
        for option, value in options.items():
            arguments += ["--" + option, str(value)]
        process = Process(arguments, [self.cores.others], self.folder / f"backend-{name}.log")
        self._stack.enter_context(process)
        near = "127.0.0.1:" + address.rsplit(":", 1)[1]
        wait_until(lambda: probe.answers(near), READY, f"backend {name} is ready")
        return near

    @property
    def authority(self):
        """The CA for the certificates of a run; None for weir without a binary."""
        if self._authority is None and self.weir:
            self._authority = Authority(self.weir, self.folder / "ca")
        return self._authority

    def proxy(self, name, plan, **options):
        """A proxy that is not started yet; None for weir without a binary."""
        kind = KINDS[name]
        if issubclass(kind, Weir):
            if not self.weir:
                return None
            options["binary"] = self.weir
        else:
            machine.need(*({name} & {"nginx", "haproxy"}))
        return self._stack.enter_context(kind(self.folder, self.cores, plan, **options))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()
        self.cores.release()
