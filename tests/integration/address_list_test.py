"""The filter address_list in the real binary, with a file that changes."""

import re
import subprocess
import unittest
from pathlib import Path

from http2_wire import Http2Client
from integration_case import IntegrationCase
from poll import until
from weir_process import BINARY

ROOT = Path(__file__).resolve().parents[2]


class AddressList(IntegrationCase):
    def example(self, denied):
        text = (ROOT / "configs/address_list.toml").read_text(encoding="utf-8")
        text = re.sub(r'static = \["[^"]*"\]', f'static = ["{self.upstream().address}"]', text)
        weir = self.weir(re.sub(r'address = "[^"]*"', 'address = "127.0.0.1:0"', text), start=False)
        self.replace(weir, denied)
        return weir

    @staticmethod
    def replace(weir, denied):
        new = weir.folder / "denied.new"
        new.write_text(denied, encoding="utf-8")
        new.rename(weir.folder / "denied.txt")

    def test_a_file_is_followed_and_a_bad_one_changes_nothing(self):
        weir = self.example("192.0.2.0/24\n").start()
        self.assertEqual(self.get(weir).status, 200)
        self.replace(weir, "192.0.2.0/24\n127.0.0.0/8\n")
        until(lambda: self.get(weir).status == 403, "the refusal")
        http2 = Http2Client(weir.address())
        self.addCleanup(http2.close)
        self.assertIn(b"not allowed", http2.get("/"))
        self.replace(weir, "192.0.2.0/24\n127.0.0.1/8\n")
        self.assert_metric(weir, 1, "weir_filter_file_reads_total", result="failure")
        self.assertEqual(self.get(weir).status, 403)
        until(lambda: any("denied.txt:2: is not an address or a network" in line
                          for line in weir.output), "the line in the log")
        self.replace(weir, "")
        until(lambda: self.get(weir).status == 200, "the permission")

    def test_check_names_the_line(self):
        weir = self.example("# none\n10.0.0.1/8\n")
        ended = subprocess.run([BINARY, "check", str(weir.file)], capture_output=True, text=True,
                               check=False)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("denied.txt:2:1: route[0].filters[0].address_list.deny_file: is not an "
                      "address", ended.stdout)


if __name__ == "__main__":
    unittest.main()
