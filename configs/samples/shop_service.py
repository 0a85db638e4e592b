"""A small real service: answers with what the orders service says, asked through the sidecar."""

import http.client
import http.server
import os

LISTEN = ("127.0.0.1", int(os.environ.get("SHOP_PORT", "8081")))
SIDECAR = ("127.0.0.1", int(os.environ.get("SIDECAR_PORT", "15001")))


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        connection = http.client.HTTPConnection(*SIDECAR, timeout=5)
        connection.request("GET", "/", headers={"Host": "orders"})
        answer = connection.getresponse()
        body = b'{"shop": "open", "orders service said": ' + answer.read().strip() + b"}\n"
        connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(LISTEN, Shop).serve_forever()
