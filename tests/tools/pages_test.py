"""The documentation as static pages."""

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAVIGATION = ROOT / "tools/cmake/mkdocs.yml"


class Navigation(unittest.TestCase):
    def test_every_document_has_its_place(self):
        named = re.findall(r": (\S+\.md)$", NAVIGATION.read_text(encoding="utf-8"), re.MULTILINE)
        written = [path.name for path in (ROOT / "docs").glob("*.md")]
        self.assertEqual(sorted(named), sorted([*written, "reference.md"]))


@unittest.skipUnless(shutil.which("mkdocs"), "mkdocs is not installed")
class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weir-pages-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.built = subprocess.run([ROOT / "tools/pages", cls.folder], capture_output=True,
                                   text=True, check=False)

    def test_every_link_leads_somewhere(self):
        self.assertEqual((self.built.returncode, self.built.stderr), (0, ""))

    def test_each_document_is_a_page_with_the_navigation(self):
        for document in (ROOT / "docs").glob("*.md"):
            with self.subTest(document.name):
                page = (self.folder / f"{document.stem}.html").read_text(encoding="utf-8")
                title = re.search(r"^# (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
                self.assertIn(title[1], page)
                self.assertIn('href="troubleshooting.html"', page)

    def test_examples_are_among_them(self):
        self.assertTrue((self.folder / "configs/listener.toml").exists())

    def test_nothing_is_loaded_from_elsewhere(self):
        loads = re.compile(r"<(?:script|img|iframe)[^>]*\ssrc=\"(?:https?:)?//|"
                           r"<link[^>]*rel=\"(?:stylesheet|icon)\"[^>]*href=\"(?:https?:)?//|"
                           r"url\(['\"]?(?:https?:)?//")
        for path in [*self.folder.rglob("*.html"), *self.folder.rglob("*.css")]:
            with self.subTest(str(path)):
                self.assertIsNone(loads.search(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    unittest.main()
