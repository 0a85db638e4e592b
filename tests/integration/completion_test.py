"""The scripts of weir completion, run by their shells, and the page of weir man."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from weir_process import BINARY

HARNESS = r"""
source "$1"
shift
COMP_WORDS=(weir "$@")
COMP_CWORD=$#
_weir
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
"""


def weir(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=True).stdout


def commands(*path):
    """The names of the commands in the help of one."""
    listed = weir("help", *path).partition("Subcommands:")[2]
    return re.findall(r"(?m)^  ([a-z]\S*) ", listed)


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weir-completion-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        for shell in ("bash", "zsh", "fish"):
            (cls.folder / f"weir.{shell}").write_text(weir("completion", shell), encoding="utf-8")
        (cls.folder / "edge file.toml").touch()

    def bash(self, *words):
        """What bash offers for the last word."""
        ended = subprocess.run(
            ["bash", "-c", HARNESS, "bash", self.folder / "weir.bash", *words], cwd=self.folder,
            capture_output=True, text=True, check=True)
        self.assertEqual(ended.stderr, "")
        return ended.stdout.splitlines()

    def test_bash_offers_every_command(self):
        self.assertGreaterEqual(len(commands()), 10)
        self.assertLessEqual(set(commands()), set(self.bash("")))
        self.assertEqual(sorted(commands("ca")),
                         sorted(word for word in self.bash("ca", "") if not word.startswith("-")))
        self.assertEqual(self.bash("expl"), ["explain"])
        self.assertIn("schema", self.bash("help", "sch"))

    def test_bash_offers_options_choices_and_files(self):
        self.assertIn("--log-level", self.bash("run", "--lo"))
        self.assertEqual(self.bash("ca", "issue", "--id"), ["--identity"])
        self.assertEqual(self.bash("run", "--log-level", "w"), ["warning"])
        self.assertEqual(sorted(self.bash("check", "--format", "")), ["json", "text"])
        self.assertEqual(self.bash("docs", "met"), ["metrics"])
        self.assertEqual(self.bash("check", "ed"), ["edge file.toml"])
        self.assertEqual(self.bash("proxy", "--cert", "ed"), ["edge file.toml"])
        self.assertEqual(self.bash("version", "ed"), [])

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_offers_the_same(self):
        def fish(line):
            script = f"source {self.folder}/weir.fish; complete -C '{line}'"
            ended = subprocess.run(["fish", "--no-config", "-c", script], cwd=self.folder,
                                   capture_output=True, text=True, check=True,
                                   env={**os.environ, "HOME": str(self.folder)})
            self.assertEqual(ended.stderr, "")
            return [offer.partition("\t")[0] for offer in ended.stdout.splitlines()]

        self.assertLessEqual(set(commands()), set(fish("weir ")))
        self.assertEqual(sorted(commands("ca")), sorted(fish("weir ca ")))
        self.assertEqual(fish("weir ca issue --id"), ["--identity"])
        self.assertEqual(fish("weir run --log-level w"), ["warning"])
        self.assertEqual(fish("weir check ed"), ["edge file.toml"])

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_accepts_the_script(self):
        script = (f"autoload -Uz compinit; compinit -D; source {self.folder}/weir.zsh; "
                  "print -l ${(k)functions[(I)_weir*]} $_comps[weir]")
        ended = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True,
                               check=True)
        self.assertEqual(ended.stderr, "")
        defined = set(ended.stdout.split())
        self.assertLessEqual({"_weir"} | {f"_weir_{name}" for name in commands()}, defined)


class ManualPage(unittest.TestCase):
    def test_it_names_every_command_and_option(self):
        page = weir("man").replace(r"\-", "-")
        for name in commands():
            for path in [(name, each) for each in commands(name)] or [(name,)]:
                self.assertIn(f'.SS "weir {" ".join(path)}"\n', page)
        self.assertNotIn("..\n", page.replace("...\n", ""))
        for part in (r"\fBca issue\fR", r"\fB--identity\fR", r"\fB--log-level\fR", "SIGHUP"):
            self.assertIn(part.replace(r"\fBca issue\fR", '.SS "weir ca issue"'), page)

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_man_finds_no_mistake(self):
        ended = subprocess.run(["man", "--warnings", "-l", "-"], input=weir("man"), text=True,
                               capture_output=True, check=True,
                               env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80",
                                    "MANROFFSEQ": "", "PAGER": "cat"})
        self.assertEqual(ended.stderr, "")
        self.assertIn("weir ca issue", ended.stdout)


if __name__ == "__main__":
    unittest.main()
