"""The command line: versions, help, and suggestions for misspelled words."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from weir_process import BINARY, ROOT

VERSION = re.search(r"project\(weir VERSION ([\d.]+)",
                    (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]


class CommandLine(unittest.TestCase):
    def weir(self, *arguments, cwd=None):
        """(exit code, stdout, stderr)"""
        ended = subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=False,
                               cwd=cwd)
        return ended.returncode, ended.stdout, ended.stderr

    def test_every_spelling_of_version(self):
        for spelling in ("version", "--version", "-V"):
            with self.subTest(spelling):
                self.assertEqual(self.weir(spelling), (0, f"weir {VERSION}\n", ""))

    def test_help_lists_the_commands(self):
        code, said, complaints = self.weir("help")
        self.assertEqual((code, complaints), (0, ""))
        self.assertEqual(self.weir("--help"), (0, said, ""))
        for command in ("run", "check", "explain", "schema", "ca", "key", "version", "help"):
            self.assertRegex(said, rf"(?m)^  {command} ")

    def test_help_explains_a_command(self):
        for words, usage in ((["run"], "Usage: weir run [OPTIONS] path"),
                             (["ca", "issue"], "Usage: weir ca issue [OPTIONS] name")):
            with self.subTest(words):
                code, said, complaints = self.weir("help", *words)
                self.assertEqual((code, complaints), (0, ""))
                self.assertIn(usage, said)

    def test_without_a_command_it_says_which_there_are(self):
        self.assertEqual(self.weir(), (2, "", self.weir("help")[1]))

    def test_an_unknown_word_gets_a_suggestion(self):
        for words, meant in ((["chekc", "a.toml"], "weir check"), (["verison"], "weir version"),
                             (["ca", "isue"], "weir ca issue"), (["help", "rnu"], "weir run"),
                             (["help", "ca", "renwe"], "weir ca renew")):
            with self.subTest(words):
                code, said, complaints = self.weir(*words)
                self.assertEqual((code, said), (2, ""))
                self.assertIn(f'; did you mean "{meant}"?\n', complaints)

    def test_one_like_none_gets_the_list(self):
        self.assertEqual(self.weir("fly"), (
            2, "", 'unknown command "fly"\n"weir --help" lists the commands.\n'))

    def test_a_file_alone_was_meant_to_be_run(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "edge.toml").touch()
            self.assertIn('; did you mean "weir run edge.toml"?\n',
                          self.weir("edge.toml", cwd=folder)[2])


if __name__ == "__main__":
    unittest.main()
