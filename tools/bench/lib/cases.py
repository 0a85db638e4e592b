"""The cases of the comparison: the load, the plan, and the limits."""

from dataclasses import dataclass, field

from lib import h2load, load
from lib.h2load import H2Load
from lib.load import Load
from lib.plan import Plan, Route, one_route

HOSTS = 10000
PEERS = ("nginx", "haproxy")
H2_RATE = 12000  # Requests of an HTTP/2 case for each second of a slice.


@dataclass
class Case:
    """Members run in turn; `musts` are limits on ratios of CPU per request."""

    name: str
    what: str
    connections: int
    musts: dict[str, float]             # Limits, by the member that weir is compared with.
    size: str = "2"
    options: dict = field(default_factory=dict)   # More options of the load generator.
    members: tuple = ("relay", "weir", *PEERS)
    warmup: int = 2000                  # Requests, over all connections, before the measurement.
    many_routes: bool = False
    latency: bool = False
    tcp: bool = False
    tls: bool = False
    streams: int = 0                    # HTTP/2 over TLS with h2load: streams per connection.
    crypto_share: bool = False          # Also print the share of weir's time that is encryption.

    @property
    def loader(self):
        return H2Load if self.streams else Load

    def load_options(self, address, **more):
        if self.streams:
            # h2load counts requests, not seconds: about as many as the slower peer answers in the
            # time.
            return h2load.options(address, self.size, self.connections, self.streams,
                                  requests=int(H2_RATE * more["seconds"]))
        if self.tls:
            more.setdefault("tls", "1.3")
        per_connection = max(1, self.warmup // self.connections)
        warmup = None if self.options.get("new_connection") else per_connection
        return load.options(address, self.size, self.connections, warmup=warmup,
                            **{**more, **self.options})

    def plan(self, member, address, backend, tls=None):
        if self.tls:
            return one_route(address, backend, tls=tls)
        if not self.many_routes or member in ("relay", "weir-one-route"):
            return one_route(address, backend, tcp=self.tcp)
        return Plan([address], {"all": [backend], "two": [backend]}, host_routes(HOSTS))


def host_name(number):
    return f"h{number}.bench.example"


def host_routes(hosts):
    """Two routes for each host: one path prefix, and the rest."""
    routes = []
    for number in range(hosts):
        routes += [Route("all", host_name(number)), Route("two", host_name(number), "/two/")]
    return routes


def body_case(size, connections, warmup):
    return Case(size, f"body of {size}, {connections} connections", connections,
                {"relay": 1.15, "best peer": 0.70}, size=size, warmup=warmup)


def tcp_case(size, warmup):
    return Case(f"tcp-{size}", f"{size} carried as it is, 8 connections", 8, {"haproxy": 1.0},
                size=size, members=("relay", "weir", "haproxy"), warmup=warmup, tcp=True)


def tls_case(name, what, connections, musts, **more):
    """Over TLS, with the certificate and the cipher that all support."""
    return Case(name, what, connections, musts, members=("weir", *PEERS), tls=True, **more)


NEW = {"new_connection": True}
MANY_HOSTS = {"host": host_name("{n}"), "variants": HOSTS}

CASES = {case.name: case for case in (
    Case("tiny-64", "kept-alive GET, 2 bytes, 64 connections", 64,
         {"relay": 1.20, "best peer": 0.80}),
    Case("tiny-1", "the same with 1 connection", 1, {"best peer": 0.90}),
    Case("tiny-1000", "the same with 1,000 connections", 1000, {"best peer": 0.90}),
    body_case("16k", 8, 1000),
    body_case("256k", 8, 200),
    body_case("1m", 8, 64),
    tcp_case("64k", 400),
    tcp_case("1m", 64),
    Case("new-connection", "a new connection per request, 32 at a time", 32, {"nginx": 1.0},
         options={"new_connection": True}),
    Case("latency", "open loop at 50 % of NGINX's maximum, 64 connections", 64, {},
         members=("direct", "relay", "weir", *PEERS), latency=True),
    Case("routes-10000", "10,000 hosts x 2 routes, 64 connections", 64, {"weir-one-route": 1.05},
         options={**MANY_HOSTS, "path": "/two/2"},
         members=("relay", "weir", "weir-one-route", *PEERS), warmup=20000, many_routes=True),
    tls_case("tls-tiny", "HTTPS/1.1 kept alive, 2 bytes, 64 connections", 64, {"best peer": 0.70}),
    tls_case("tls-full", "a full handshake of TLS 1.3 with P-256 for each request", 16,
             {"nginx": 0.80}, options=NEW),
    tls_case("tls-resumed", "a connection for each request, TLS 1.2 resumed with a ticket", 16,
             {"nginx": 0.80}, options={**NEW, "tls": "1.2", "resume": True}),
    tls_case("tls-16k", "body of 16 KiB over TLS, 8 connections", 8, {"best peer": 0.60},
             size="16k", warmup=400, crypto_share=True),
    tls_case("tls-1m", "body of 1 MiB over TLS, 8 connections", 8, {"best peer": 0.60},
             size="1m", warmup=64, crypto_share=True),
    tls_case("h2-8x16", "HTTP/2 over TLS to HTTP/1.1, 8 connections of 16 streams", 8,
             {"haproxy": 0.90, "nginx": 0.60}, streams=16),
    tls_case("h2-1x100", "HTTP/2 over TLS to HTTP/1.1, 1 connection of 100 streams", 1,
             {"haproxy": 0.90, "nginx": 0.60}, streams=100),
)}
