#!/usr/bin/env python3
"""weir under the restrictions of configs/systemd/weir.service, enforced by the kernel."""

import os
import subprocess
import sys
import tempfile
import unittest

import poll
from fake_upstream import text
from integration_case import LOG, forward, gateway
from privileges_case import HARDENED, PrivilegesCase
from weir_process import ROOT, sanitized

UNIT = ROOT / "configs/systemd/weir.service"
SANDBOX = ROOT / "tests/support/unit_sandbox.py"
PROBE = """
import errno, mmap, socket
def fault(call):
    try:
        call()
    except OSError as error:
        return errno.errorcode[error.errno]
print(fault(lambda: open("/usr/probe", "w")),
      fault(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
      fault(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),
      fault(lambda: open("probe", "w")))
"""


def has_mount_namespaces():
    """False without root, and in a change root that is no mount point."""
    return subprocess.run(["unshare", "--mount", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


@unittest.skipUnless(os.getuid() == 0, "takes root")
@unittest.skipUnless(has_mount_namespaces(), "a private mount namespace cannot be made here")
class SystemdUnit(PrivilegesCase):
    def sandbox(self):
        return f"unshare --mount {sys.executable} {SANDBOX} {UNIT} {self._folder}"

    def test_the_sandbox_holds(self):
        told = subprocess.run([*self.sandbox().split(), sys.executable, "-c", PROBE],
                              cwd=tempfile.mkdtemp(dir=self._folder), check=True,
                              capture_output=True, text=True).stdout
        self.assertEqual(told, "EROFS EAFNOSUPPORT EPERM None\n")

    @unittest.skipIf(sanitized(), "sanitizers map memory as they like")
    def test_nothing_is_lost_in_it(self):
        upstream = self.upstream(text(b"one"))
        config = gateway(forward(upstream.address) + LOG)
        weir = self.prepared(config, through=f"{self.sandbox()} {HARDENED}").start()
        self.assertEqual(self.get(weir).body, b"one")
        weir.file.write_text(config.replace("access.log", "second.log"), encoding="utf-8")
        weir.wait_for_line("configuration applied")  # the change was detected
        self.assertEqual(self.get(weir).body, b"one")
        second = weir.folder / "second.log"
        poll.until(lambda: second.exists() and second.read_text(encoding="utf-8"), "the log")
        self.assertEqual(weir.admin("/readyz")[0], 200)
        status = self.threads(weir)[0]
        self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))
        self.assertEqual([line for line in weir.output if " info " not in line], [])


if __name__ == "__main__":
    unittest.main()
