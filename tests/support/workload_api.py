"""A SPIFFE Workload API of the test's own, with CAs that issue what it delivers."""

import concurrent.futures
import datetime
import queue
import threading

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ext_authz_service import text


def _key():
    return ec.generate_private_key(ec.SECP256R1())


def _name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def _usage(**given):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})


class Svid:
    """An issued identity."""

    def __init__(self, identity, certificate, key, bundle, hint=""):
        self.identity, self.certificate, self.key, self.bundle = identity, certificate, key, bundle
        self.hint = hint

    @property
    def key_der(self):
        return self.key.private_bytes(serialization.Encoding.DER,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())

    def message(self):
        return (text(1, self.identity) + text(2, _der(self.certificate)) + text(3, self.key_der) +
                text(4, self.bundle) + text(5, self.hint))

    def write(self, stem):
        """The files STEM.crt and STEM.key, for a client of the test."""
        with open(f"{stem}.crt", "wb") as file:
            file.write(self.certificate.public_bytes(serialization.Encoding.PEM))
        with open(f"{stem}.key", "wb") as file:
            file.write(self.key.private_bytes(serialization.Encoding.PEM,
                                              serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))


class TrustDomain:
    """A CA of one trust domain."""

    def __init__(self, name):
        self.name = name
        self._key = _key()
        now = datetime.datetime.utcnow()
        self._root = (
            x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(name))
            .public_key(self._key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(self._key, hashes.SHA256()))

    @property
    def bundle(self):
        return _der(self._root)

    @property
    def pem(self):
        return self._root.public_bytes(serialization.Encoding.PEM)

    def svid(self, path, seconds=3600, hint=""):
        """An identity for spiffe://NAME/PATH that is valid for so many seconds."""
        identity = f"spiffe://{self.name}/{path}"
        key = _key()
        now = datetime.datetime.utcnow()
        certificate = (
            x509.CertificateBuilder().subject_name(_name("workload"))
            .issuer_name(self._root.subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(seconds=10))
            .not_valid_after(now + datetime.timedelta(seconds=seconds))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH,
                                                  ExtendedKeyUsageOID.CLIENT_AUTH]),
                           critical=False)
            .add_extension(x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(identity)]), critical=False)
            .sign(self._key, hashes.SHA256()))
        return Svid(identity, certificate, key, self.bundle, hint)

    def revocations(self, *svids):
        """A revocation list of these identities."""
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self._root.subject)
                   .last_update(now - datetime.timedelta(minutes=1))
                   .next_update(now + datetime.timedelta(hours=1)))
        for svid in svids:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(svid.certificate.serial_number)
                .revocation_date(now - datetime.timedelta(minutes=1)).build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def response(*svids, revocations=(), federated=()):
    """An X509SVIDResponse; `federated`: pairs of trust domain and bundle."""
    message = b"".join(text(1, svid.message()) for svid in svids)
    message += b"".join(text(2, each) for each in revocations)
    return message + b"".join(text(3, text(1, f"spiffe://{domain}") + text(2, bundle))
                              for domain, bundle in federated)


class WorkloadApi:
    """Delivers `message` to each stream; a status code instead denies streams."""

    def __init__(self, path, message=grpc.StatusCode.PERMISSION_DENIED):
        self.address = f"unix://{path}"
        self.calls = []  # the metadata of each
        self._message = message
        self._streams = set()
        self._lock = threading.Lock()
        self._server = None
        self.start()

    def start(self):
        handler = grpc.unary_stream_rpc_method_handler(self._fetch)
        pool = concurrent.futures.ThreadPoolExecutor(max_workers=16)
        self._server = grpc.server(pool)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "SpiffeWorkloadAPI", {"FetchX509SVID": handler}),))
        self._server.add_insecure_port(self.address)
        self._server.start()

    def stop(self):
        """Ends the server and its streams; start() begins again."""
        self._tell(grpc.StatusCode.UNAVAILABLE, keep=False)
        self._server.stop(0).wait()

    def publish(self, message):
        """Sends a message to all streams, also those that begin later. A status code ends them."""
        self._tell(message, keep=True)

    @property
    def streams(self):
        with self._lock:
            return len(self._streams)

    def _tell(self, message, keep):
        with self._lock:
            if keep:
                self._message = message
            for each in self._streams:
                each.put(message)

    def _fetch(self, _, context):
        self.calls.append(dict(context.invocation_metadata()))
        messages = queue.SimpleQueue()
        with self._lock:
            self._streams.add(messages)
            messages.put(self._message)
        context.add_callback(lambda: messages.put(None))
        try:
            while True:
                message = messages.get()
                if message is None:
                    return
                if isinstance(message, grpc.StatusCode):
                    context.abort(message, "no identity issued")
                yield message
        finally:
            with self._lock:
                self._streams.discard(messages)
