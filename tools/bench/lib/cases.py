"""The cases of the comparison: what is sent, through which plan, and what must be reached."""

from dataclasses import dataclass, field

from lib import load
from lib.plan import Plan, Route, one_route

HOSTS = 10000
PEERS = ("nginx", "haproxy")


@dataclass
class Case:
    """Members run in turn, and `musts` are limits on ratios of CPU per request."""

    name: str
    what: str
    connections: int
    musts: dict[str, float]             # Limit by what weir is compared with.
    size: str = "2"
    options: dict = field(default_factory=dict)   # More options of the load generator.
    members: tuple = ("relay", "weir", *PEERS)
    warmup: int = 2000                  # Requests, over all connections, before the clock runs.
    many_routes: bool = False
    latency: bool = False
    tcp: bool = False

    def load_options(self, address, **more):
        per_connection = max(1, self.warmup // self.connections)
        warmup = None if self.options.get("new_connection") else per_connection
        return load.options(address, self.size, self.connections, warmup=warmup,
                            **self.options, **more)

    def plan(self, member, address, backend):
        if not self.many_routes or member in ("relay", "weir-one-route"):
            return one_route(address, backend, tcp=self.tcp)
        return Plan([address], {"all": [backend], "two": [backend]}, host_routes(HOSTS))


def host_name(number):
    return f"h{number}.bench.example"


def host_routes(hosts):
    """Two routes for each host: one path below it, and the rest."""
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
)}
