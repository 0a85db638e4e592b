"""Runs weir as a different user than the tests."""

import os
import pwd
import shutil
import tempfile
import unittest
from pathlib import Path

from integration_case import IntegrationCase
from weir_process import BINARY

SUPPRESSIONS = Path(__file__).resolve().parents[1] / "tsan.supp"
# As systemd starts a service with these settings: User, NoNewPrivileges, AmbientCapabilities and
# CapabilityBoundingSet=CAP_NET_BIND_SERVICE.
HARDENED = ("setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs "
            "--inh-caps -all,+net_bind_service --ambient-caps -all,+net_bind_service "
            "--bounding-set -all,+net_bind_service")


@unittest.skipUnless(os.getuid() == 0, "takes root")
class PrivilegesCase(IntegrationCase):
    def setUp(self):
        super().setUp()
        self.nobody = pwd.getpwnam("nobody")
        # The source folders may be inaccessible to other users.
        self._programs = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self._programs.chmod(0o755)
        self._binary = shutil.copy(BINARY, self._programs / "weir")
        shutil.copy(SUPPRESSIONS, self._programs)
        options = os.environ.get("TSAN_OPTIONS", "")
        self._environment = {**os.environ, "TSAN_OPTIONS": options.replace(
            str(SUPPRESSIONS.parent), str(self._programs))}

    def prepared(self, config, through=""):
        """A weir whose folder belongs to "nobody", run by the command `through`."""
        wrapper = self._programs / "wrapper"
        wrapper.write_text(f'#!/bin/sh\nexec {through} {self._binary} "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
        weir = self.weir(config, start=False, executable=wrapper, env=self._environment)
        weir.folder.parent.chmod(0o755)
        for path in (weir.folder, weir.file):
            os.chown(path, self.nobody.pw_uid, self.nobody.pw_gid)
        return weir

    def threads(self, weir):
        """The lines of each thread's status, as dictionaries."""
        tasks = sorted(Path(f"/proc/{weir.process.pid}/task").iterdir())
        return [dict(line.split(":\t", 1)
                     for line in (task / "status").read_text(encoding="utf-8").splitlines()
                     if ":\t" in line) for task in tasks]
