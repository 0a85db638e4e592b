"""README.md and docs/: every TOML example loads, every link leads somewhere, every command is one."""

import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

from weir_process import BINARY, ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
# In a shell block, or in a comment of a configuration that needs the file.
AUTHORITY = re.compile(r"^.*?\b(weir ca (?:init|issue|renew)(?: [^#\n]*)?)(?:#.*)?$", re.MULTILINE)


def blocks(document, language):
    return [body for name, body in FENCED.findall(document.read_text(encoding="utf-8"))
            if name == language]


def anchors(document):
    """The anchors of the headings, as GitHub makes them."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def run(*arguments, cwd):
    environment = dict(os.environ, HOME=str(cwd))
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=False,
                          cwd=cwd, env=environment)


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weir-documents-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.authority = cls.run_the_commands_of_the_documents()

    @classmethod
    def run_the_commands_of_the_documents(cls):
        """The outcome of each `weir ca` command in the documents: they make the examples' files."""
        found = []
        for document in DOCUMENTS:
            for _, body in FENCED.findall(document.read_text(encoding="utf-8")):
                found += [line.strip() for line in AUTHORITY.findall(body)]
        order = ("init", "issue", "renew")
        commands = sorted(dict.fromkeys(found), key=lambda line: order.index(line.split()[2]))
        return {line: run(*shlex.split(line)[1:], cwd=cls.folder) for line in commands}

    def test_the_authority_commands_succeed(self):
        self.assertGreaterEqual(len(self.authority), 3)
        for command, ended in self.authority.items():
            with self.subTest(command):
                self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_every_configuration_loads_without_a_warning(self):
        examples = [(document, number, body) for document in DOCUMENTS
                    for number, body in enumerate(blocks(document, "toml"))]
        self.assertGreaterEqual(len(examples), 10)
        for document, number, body in examples:
            with self.subTest(f"{document.name}, example {number}"):
                (self.folder / "weir.toml").write_text(body, encoding="utf-8")
                checked = run("check", "weir.toml", cwd=self.folder)
                self.assertEqual((checked.returncode, checked.stdout, checked.stderr),
                                 (0, "weir.toml: good\n", ""))


class Generated(unittest.TestCase):
    """The pages that `weir docs` prints."""

    PAGES = ("reasons", "metrics", "log-fields")

    def test_every_page_is_up_to_date(self):
        for name in self.PAGES:
            with self.subTest(name):
                page = ROOT / "docs" / f"{name}.md"
                committed = page.read_text(encoding="utf-8") if page.exists() else ""
                self.assertEqual(committed, run("docs", name, cwd=ROOT).stdout,
                                 f"out of date: build/release/weir docs {name} >docs/{name}.md")

    def test_an_unknown_page_is_refused(self):
        self.assertEqual(run("docs", "none", cwd=ROOT).returncode, 2)

    def test_every_reason_that_the_code_uses_is_described(self):
        used = set()
        for folder in ("core", "gateway", "mesh", "observability", "tools/weir"):
            for source in (ROOT / folder).rglob("*.cc"):
                if source.name not in ("reason.cc", "status.cc", "upstream_log.cc"):
                    text = source.read_text(encoding="utf-8")
                    used |= set(re.findall(r"\bReason::k([A-Z]\w+)", text))
        used.discard("None")
        words = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in used}
        self.assertIn("no_route", words)
        page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
        self.assertEqual(sorted(word for word in words if f"| `{word}` |" not in page), [])


class Links(unittest.TestCase):
    def test_every_link_within_the_repository_leads_somewhere(self):
        for document in DOCUMENTS:
            for link in LINK.findall(FENCED.sub("", document.read_text(encoding="utf-8"))):
                if re.match(r"https?:", link):
                    continue
                with self.subTest(f"{document.name}: {link}"):
                    path, _, anchor = link.partition("#")
                    target = (document.parent / path).resolve() if path else document
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target))

    def test_the_readme_leads_to_every_document(self):
        links = set(LINK.findall(DOCUMENTS[0].read_text(encoding="utf-8")))
        missing = [name.name for name in DOCUMENTS[1:] if f"docs/{name.name}" not in links]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
