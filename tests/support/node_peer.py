"""Node.js programs under the control of a test, with clients and servers from npm."""

import json
import os
import shutil
import subprocess
import unittest

from weir_process import ROOT

SCRIPTS = ROOT / "tests" / "support" / "node"
MODULES = ROOT / "build" / "deps" / "node" / "node_modules"
NODE = shutil.which("node")

needs_node = unittest.skipUnless(
    NODE and MODULES.exists(),
    "npm's packages are not there: tools/deps --test could not install them")


class NodePeer:
    """A running script. Calls wait for their results; the script limits their time."""

    def __init__(self, script, modules=MODULES):
        self._process = subprocess.Popen(
            [NODE, SCRIPTS / script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_PATH": str(modules)})

    def call(self, name, /, **given):
        """The result of the call; AssertionError if it failed."""
        self._process.stdin.write(json.dumps({"call": name, "with": given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the script ended within {name}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{name}: {answer['error']}")
        return answer["result"]

    def close(self):
        """Ends the script and all its connections; may be called again."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
