"""A token endpoint of an authorization server (RFC 6749, 4.4)."""

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote


class TokenEndpoint:
    """Issues the tokens "token-1", "token-2" ...; `away` makes it fail."""

    def __init__(self, client="weir", secret="s3cret", life=3600):
        self.away, self.requests = False, []
        endpoint = self

        class Page(BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers["content-length"])
                form = parse_qs(self.rfile.read(size).decode())
                endpoint.requests.append(form)
                if endpoint.away:
                    return self.answer(503, {})
                if self.client() != [client, secret]:
                    return self.answer(401, {"error": "invalid_client"})
                if form["grant_type"] != ["client_credentials"]:
                    return self.answer(400, {"error": "unsupported_grant_type"})
                return self.answer(200, {"access_token": f"token-{len(endpoint.requests)}",
                                         "token_type": "Bearer", "expires_in": life})

            def client(self):
                scheme, _, pair = self.headers.get("authorization", "").partition(" ")
                if scheme != "Basic":
                    return None
                return [unquote(part) for part in base64.b64decode(pair).decode().split(":")]

            def answer(self, status, page):
                body = json.dumps(page).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.address = f"127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
