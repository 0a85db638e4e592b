"""The filters client_certificate and any_of in the real binary."""

import hashlib
import http.client
import re
import unittest
from pathlib import Path

from passwords import CHEAP, sent
from tls_case import TlsCase

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ', client_certificate = "optional", client_ca = "ca/root.crt"'


class ClientCertificates(TlsCase):
    def with_certificate(self, weir, name):
        context = self.context(weir)
        if name:
            context.load_cert_chain(weir.folder / f"ca/{name}.crt", weir.folder / f"ca/{name}.key")
        return self.https(weir, context)

    def test_the_client_is_the_principal(self):
        weir = self.secured(
            '\n[[route]]\nrespond = { status = 200 }\nfilters = [{ client_certificate = {} }, '
            "{ rbac = { policies = [{ name = 'a', action = 'allow', from = { subjects = ["
            "'client.test', 'spiffe://a.test/ns/x/sa/y'] } }, { name = 'b', action = 'deny', when "
            "= 'auth.method != \"mtls\"' }] } }]\n", CLIENTS, names=("edge", "client", "other"),
            start=False)
        self.ca(weir.folder, "issue", "mesh", "--identity", "spiffe://a.test/ns/x/sa/y")
        weir.start()
        for name, status in (("client", 200), ("mesh", 200), ("other", 403), (None, 401)):
            answer, _ = self.fetch(self.with_certificate(weir, name))
            self.assertEqual(answer.status, status, name)
        self.assertEqual(answer.headers["www-authenticate"], 'ClientCertificate realm="weir"')
        self.assert_metric(weir, 3, "weir_authn_total", method="mtls", result="ok")
        self.assert_metric(weir, 1, "weir_authn_total", method="mtls", result="missing")

    def test_the_example_takes_each_of_three(self):
        upstream = self.upstream()
        text = (ROOT / "configs/any_of.toml").read_text(encoding="utf-8")
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{upstream.address}"]', text)
        text = re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text)
        weir = self.weir(text.replace("../ca/", "ca/"), start=False)
        self.authority(weir.folder, "edge", "client")
        digest = hashlib.sha256(b"k1").hexdigest()
        (weir.folder / "keys.txt").write_text(f"one sha256:{digest} shop\n", encoding="utf-8")
        (weir.folder / "users.txt").write_text(f"ann:{CHEAP}\n", encoding="utf-8")
        weir.start()
        key = {"x-api-key": "k1"}
        ann = dict(sent("ann", "secret"))
        for certificate, method, headers, status in (
                ("client", "GET", {}, 200), (None, "GET", key, 200), (None, "GET", ann, 200),
                (None, "POST", ann, 200), (None, "POST", key, 403), ("client", "POST", ann, 403),
                (None, "GET", {"x-api-key": "k2", **ann}, 401), (None, "GET", {}, 401)):
            connection = self.with_certificate(weir, certificate)
            connection.request(method, "/", headers=headers)
            answer = connection.getresponse()
            self.assertEqual(answer.status, status, (certificate, method, headers))
        challenges = http.client.HTTPMessage.get_all(answer.headers, "www-authenticate")
        self.assertEqual(challenges, ['ClientCertificate realm="weir"', 'ApiKey realm="weir"',
                                      'Basic realm="weir", charset="UTF-8"'])
        self.assert_metric(weir, 1, "weir_authn_total", method="any_of", result="missing")


if __name__ == "__main__":
    unittest.main()
