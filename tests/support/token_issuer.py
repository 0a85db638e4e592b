"""An issuer of signed tokens: ES256 keys made with openssl, and a server of their key set."""

import base64
import json
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

ISSUER = "https://id.example"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An ES256 key of an issuer."""

    def __init__(self, folder, kid):
        self.kid, self.path = kid, Path(folder) / f"{kid}.pem"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                        str(self.path)], check=True, capture_output=True)
        der = subprocess.run(["openssl", "ec", "-in", str(self.path), "-pubout", "-outform", "DER"],
                             check=True, capture_output=True).stdout
        self.jwk = {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
                    "x": encoded(der[-64:-32]), "y": encoded(der[-32:])}

    def token(self, **claims):
        claims = {"iss": ISSUER, "aud": "orders", "sub": "ann", "exp": time.time() + 300, **claims}
        head = {"alg": "ES256", "kid": self.kid}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.path)],
                             input=text.encode(), check=True, capture_output=True).stdout
        numbers, at = b"", 2
        for _ in range(2):
            size = der[at + 1]
            number = int.from_bytes(der[at + 2:at + 2 + size], "big")
            numbers += number.to_bytes(32, "big")
            at += 2 + size
        return f"{text}.{encoded(numbers)}"


class Issuer:
    """Serves a key set; `keys` may change, and `away` makes it fail."""

    def __init__(self, keys):
        self.keys, self.away, self.fetches = keys, False, 0
        issuer = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/.well-known/openid-configuration":
                    return self.answer({"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"})
                issuer.fetches += 1
                self.answer({"keys": [key.jwk for key in issuer.keys]})

            def answer(self, page):
                body = json.dumps(page).encode()
                self.send_response(503 if issuer.away else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.address}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
