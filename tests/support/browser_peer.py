"""Chromium under the control of a test."""

import shutil
import unittest

from node_peer import NODE, NodePeer
from weir_process import ROOT

CHROMIUM = shutil.which("chromium")
MODULES = ROOT / "build" / "deps" / "browser" / "node_modules"

needs_browser = unittest.skipUnless(
    NODE and CHROMIUM and MODULES.exists(),
    "Chromium or the packages that drive it are not there: tools/deps --browser installs them")


class BrowserPeer(NodePeer):
    """Shows the dashboard. See tests/support/browser/dashboard.js for its calls."""

    def __init__(self):
        super().__init__("../browser/dashboard.js", MODULES)

    def open(self, url, scheme="light", **size):
        """Opens a page; returns after how many seconds it showed data."""
        return self.call("open", url=url, scheme=scheme, executable=CHROMIUM, **size)

    def close(self):
        if not self._process.stdin.closed:
            self.call("close")
        super().close()
