"""Upgraded connections, like those of WebSockets, with an echo at the other end."""

import socket

from lib.transfer import connect, read_head

WAIT = 10.0


class Tunnel:
    def __init__(self, address, path):
        self._peer = connect(address)
        self._peer.settimeout(WAIT)
        self._peer.sendall(f"GET {path} HTTP/1.1\r\nHost: bench.example\r\nConnection: Upgrade\r\n"
                           "Upgrade: echo\r\n\r\n".encode())
        head, _ = read_head(self._peer)
        if " 101 " not in head.split("\r\n")[0]:
            raise RuntimeError(f"no tunnel: {head}")
        self.open = True

    def echo(self, text):
        """Sends text and reads it back; False, permanently, once the tunnel has failed."""
        if not self.open:
            return False
        wanted = text.encode()
        got = b""
        try:
            self._peer.sendall(wanted)
            while len(got) < len(wanted):
                more = self._peer.recv(len(wanted) - len(got))
                if not more:
                    break
                got += more
        except OSError:
            pass
        self.open = got == wanted
        return self.open

    def close(self):
        try:
            self._peer.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._peer.close()
