"""The configuration of a proxy in neutral form, and its text for three proxies."""

import json
from dataclasses import dataclass, field

MANY_ENDPOINTS = 1000


@dataclass
class Route:
    """Requests for a host (None: any) and below a path are forwarded to an upstream."""

    upstream: str
    host: str | None = None
    prefix: str = "/"


@dataclass
class Tls:
    """The certificate of listeners. HAProxy reads both files as one, concatenated."""

    cert: str
    key: str
    both: str
    protocols: tuple = ("h2", "http/1.1")


@dataclass
class Plan:
    listeners: list[str]
    upstreams: dict[str, list[str]]  # Addresses by name.
    routes: list[Route] = field(default_factory=list)
    admin: str | None = None         # weir only.
    tunnels: bool = False            # Upgrades are forwarded only if configured.
    tcp: bool = False                # Bytes are forwarded without parsing; not with NGINX.
    tls: Tls | None = None
    filters: str | None = None       # Of the routes, as a TOML array; weir only.
    authorize: str | None = None     # Policies, as a TOML array; weir only.
    more: dict = field(default_factory=dict)  # Text for NGINX and HAProxy, by place in the file.
    clear_http2: str | None = None   # The listener on which NGINX only accepts plaintext HTTP/2.

    @property
    def address(self):
        return self.listeners[0]


def one_route(listener, backend, **more):
    """Forwards everything to one upstream with one endpoint."""
    return Plan([listener], {"backend": [backend]}, [Route("backend")], **more)


def weir_text(plan):
    # A JSON string or array of strings is valid in TOML as well.
    quote = json.dumps
    lines = ['role = "gateway"', "workers = 1"]
    if plan.admin:
        lines.append(f"admin = {{ address = {quote(plan.admin)} }}")
    if plan.authorize:
        lines.append(f"authorize = {plan.authorize}")
    for number, address in enumerate(plan.listeners):
        lines += ["[[listener]]", f'name = "bench-{number}"', f"address = {quote(address)}"]
        if plan.tcp:
            lines += ['protocol = "tcp"', f"upstream = {quote(next(iter(plan.upstreams)))}"]
        if plan.tls:
            lines.append(f"tls = {{ certificates = [{{ cert = {quote(plan.tls.cert)}, "
                         f"key = {quote(plan.tls.key)} }}] }}")
    for route in [] if plan.tcp else plan.routes:
        lines.append("[[route]]")
        if route.host:
            lines.append(f"hosts = {quote([route.host])}")
        lines.append(f"match = {{ path_prefix = {quote(route.prefix)} }}")
        lines.append(f"upstream = {quote(route.upstream)}")
        if plan.filters:
            lines.append(f"filters = {plan.filters}")
        if plan.tunnels:
            lines.append('upgrades = ["echo"]')
    for name, addresses in plan.upstreams.items():
        lines.append(f"[upstream.{name}]")
        lines.append(f"discovery = {{ static = {quote(addresses)} }}")
        if len(addresses) > MANY_ENDPOINTS or plan.tunnels:
            # The default would be less than the number of endpoints, or of tunnels per endpoint.
            lines.append("max_connections = 0")
    return "\n".join(lines) + "\n"


# The same work for all: X25519 is the load generator's choice, the cipher weir's.
CIPHER_1_3 = "TLS_AES_128_GCM_SHA256"
CIPHERS_1_2 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"

NGINX_HEAD = """\
{user}
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
pid {folder}/nginx.pid;
error_log stderr {level};
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  proxy_http_version 1.1;
  map $http_upgrade $connection_or_none {{ default upgrade; '' ''; }}
  {more}
"""


def nginx_tls(tls):
    return (f"ssl_certificate {tls.cert}; ssl_certificate_key {tls.key}; "
            f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {CIPHERS_1_2}; "
            f"ssl_conf_command Ciphersuites {CIPHER_1_3}; ssl_session_cache shared:bench:10m;")


def nginx_text(plan, folder, files, user):
    lines = [NGINX_HEAD.format(folder=folder, files=files, connections=files // 2, user=user,
                               level="crit", more=plan.more.get("nginx.http", ""))]
    kept = 1200 if len(plan.upstreams) < 100 else 4
    for name, addresses in plan.upstreams.items():
        servers = " ".join(f"server {address};" for address in addresses)
        lines.append(f"  upstream {name} {{ {servers} keepalive {kept}; "
                     "keepalive_requests 1000000000; keepalive_timeout 300s; }")
    by_host = {}
    for route in plan.routes:
        by_host.setdefault(route.host, []).append(route)
    fields = 'proxy_set_header Host $host; proxy_set_header Connection "";'
    if plan.tunnels:
        fields = ("proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; "
                  "proxy_set_header Connection $connection_or_none; proxy_read_timeout 300s;")
    for host, routes in by_host.items():
        how = ""
        if plan.tls:
            how = " ssl http2" if "h2" in plan.tls.protocols else " ssl"
        clear = {plan.clear_http2: " http2"}
        listens = " ".join(f"listen {address}{clear.get(address, how)};"
                           for address in plan.listeners)
        if plan.tls:
            listens += " " + nginx_tls(plan.tls)
        places = " ".join(f"location {route.prefix} {{ proxy_pass http://{route.upstream}; "
                          f"{fields} {plan.more.get('nginx.location', '')} }}" for route in routes)
        places += " " + plan.more.get("nginx.server", "")
        lines.append(f"  server {{ {listens} server_name {host or '_'}; {places} }}")
    return "\n".join(lines) + "\n}\n"


HAPROXY_HEAD = """\
global
  nbthread 1
  maxconn {connections}
{more}
defaults
  timeout connect 5s
  timeout client 300s
  timeout server 300s
"""
HAPROXY_HTTP = """\
  mode http
  option http-keep-alive
  http-reuse always
  timeout http-keep-alive 300s
"""


def haproxy_tls(tls):
    return (f" ssl crt {tls.both} alpn {','.join(tls.protocols)} ssl-min-ver TLSv1.2 "
            f"ciphers {CIPHERS_1_2} ciphersuites {CIPHER_1_3}")


def haproxy_text(plan, folder, files):
    """The text, and the map file that selects the backend by host and path."""
    lines = [HAPROXY_HEAD.format(connections=files // 3,
                                 more=plan.more.get("haproxy.global", "")),
             "  mode tcp" if plan.tcp else HAPROXY_HTTP, "frontend bench"]
    how = haproxy_tls(plan.tls) if plan.tls else ""
    lines += [f"  bind {address}{how}" for address in plan.listeners]
    lines += [plan.more.get("haproxy.frontend", "")]
    keyed = [route for route in plan.routes if route.host or route.prefix != "/"]
    if keyed:
        # `base` is host and path. The longest key matches; paths for any host have an empty host.
        lines.append(f"  use_backend %[base,map_beg({folder}/routes.map)] "
                     f"if {{ base,map_beg({folder}/routes.map) -m found }}")
        if any(route.host is None for route in keyed):
            lines.append(f"  use_backend %[path,map_beg({folder}/routes.map)] "
                         f"if {{ path,map_beg({folder}/routes.map) -m found }}")
    lines += [f"  default_backend {route.upstream}" for route in plan.routes if route not in keyed]
    for name, addresses in plan.upstreams.items():
        lines.append(f"backend {name}")
        lines += [f"  server s{number} {address}{'' if plan.tcp else ' pool-max-conn -1'}"
                  for number, address in enumerate(addresses)]
    routes = "".join(f"{route.host or ''}{route.prefix} {route.upstream}\n" for route in keyed)
    return "\n".join(lines) + "\n", routes
