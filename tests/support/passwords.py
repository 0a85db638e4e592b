"""Passwords and their hashes for tests."""

import base64

# The password is "secret" with each of them.
CHEAP = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
SHA512 = ("$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0"
          "DRY/x8v0/crpIjl8NJSAqXV/")
YESCRYPT = "$y$j75$saltsaltsalt$jyf/lxrpdyAIshWRo1x5DRC6KIE7sNRRtjcomR3PgHA"


def sent(name, password):
    """The header with a name and a password."""
    return [("authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())]
