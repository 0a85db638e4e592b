"""A real SPIRE server and agent in a folder, and the entries that tests register."""

import os
import shutil
import subprocess
import unittest

import poll
from etcd_process import ReservedPort

FOLDER = os.environ.get("SPIRE_FOLDER")  # of the programs, unless they are on the PATH
SERVER = shutil.which("spire-server", path=FOLDER or os.environ["PATH"])
AGENT = shutil.which("spire-agent", path=FOLDER or os.environ["PATH"])
needs_spire = unittest.skipUnless(
    SERVER and AGENT, "spire-server and spire-agent are neither on the PATH nor in $SPIRE_FOLDER")

SERVER_CONFIG = """
server {{
  bind_address = "127.0.0.1"
  bind_port = "{port}"
  socket_path = "{folder}/server.sock"
  trust_domain = "weir.test"
  data_dir = "{folder}/server"
  log_level = "INFO"
  ca_ttl = "1h"
  default_x509_svid_ttl = "5m"
  ca_key_type = "ec-p256"
}}
plugins {{
  DataStore "sql" {{
    plugin_data {{
      database_type = "sqlite3"
      connection_string = "{folder}/server/datastore.sqlite3"
    }}
  }}
  KeyManager "memory" {{ plugin_data {{}} }}
  NodeAttestor "join_token" {{ plugin_data {{}} }}
}}
"""
AGENT_CONFIG = """
agent {{
  data_dir = "{folder}/agent"
  server_address = "127.0.0.1"
  server_port = "{port}"
  socket_path = "{folder}/agent.sock"
  trust_bundle_path = "{folder}/bundle.pem"
  trust_domain = "weir.test"
  log_level = "INFO"
  experimental {{ sync_interval = "1s" }}
}}
plugins {{
  NodeAttestor "join_token" {{ plugin_data {{}} }}
  KeyManager "disk" {{ plugin_data {{ directory = "{folder}/agent" }} }}
  WorkloadAttestor "unix" {{ plugin_data {{}} }}
}}
"""


class Spire:
    """The trust domain weir.test. Every process of this user is a workload of each entry."""

    def __init__(self, folder):
        self._folder = folder
        self._port = ReservedPort()
        self._agent = self._server = None
        self.address = f"unix://{folder}/agent.sock"
        for each in ("server", "agent"):
            os.mkdir(f"{folder}/{each}")

    def start(self):
        self._write("server.conf", SERVER_CONFIG)
        self._server = self._run("server", SERVER, "run", "-config", f"{self._folder}/server.conf")
        poll.until(lambda: self._works("healthcheck"), "the SPIRE server is healthy")
        with open(f"{self._folder}/bundle.pem", "w", encoding="utf-8") as file:
            file.write(self._call("bundle", "show"))
        self._write("agent.conf", AGENT_CONFIG)
        token = self._call("token", "generate", "-spiffeID", "spiffe://weir.test/agent")
        self.start_agent("-joinToken", token.split()[-1])

    def start_agent(self, *arguments):
        self._agent = self._run("agent", AGENT, "run", "-config", f"{self._folder}/agent.conf",
                                *arguments)
        poll.until(lambda: subprocess.run(
            [AGENT, "healthcheck", "-socketPath", f"{self._folder}/agent.sock"], check=False,
            capture_output=True).returncode == 0, "the SPIRE agent is healthy")

    def kill_agent(self):
        self._agent.kill()
        self._agent.wait()

    def add(self, path, seconds=300):
        """Registers spiffe://weir.test/PATH; returns the id of the entry."""
        output = self._call("entry", "create", "-parentID", "spiffe://weir.test/agent",
                            "-spiffeID", f"spiffe://weir.test/{path}", "-selector",
                            f"unix:uid:{os.getuid()}", "-x509SVIDTTL", str(seconds))
        return next(line.split()[-1] for line in output.splitlines() if "Entry ID" in line)

    def remove(self, entry):
        self._call("entry", "delete", "-entryID", entry)

    def close(self):
        for process in (self._agent, self._server):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(poll.PATIENCE)
        self._port.close()

    def log(self, name):
        with open(f"{self._folder}/{name}.log", encoding="utf-8") as file:
            return file.read()

    def _write(self, name, text):
        port = self._port.address.rsplit(":", 1)[1]
        with open(f"{self._folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text.format(folder=self._folder, port=port))

    def _run(self, name, *command):
        with open(f"{self._folder}/{name}.log", "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _call(self, *command):
        return subprocess.run([SERVER, *command, "-socketPath", f"{self._folder}/server.sock"],
                              check=True, capture_output=True, text=True).stdout

    def _works(self, *command):
        return subprocess.run([SERVER, *command, "-socketPath", f"{self._folder}/server.sock"],
                              check=False, capture_output=True).returncode == 0
