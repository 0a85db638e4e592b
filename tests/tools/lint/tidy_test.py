"""clang-tidy with weir's configuration refuses what the style forbids."""

import json
import shutil
import unittest

from lint_case import ROOT, LintCase

import tidy

CLEAN = "namespace weir {\nint sum(int left, int right) { return left + right; }\n}\n"
UGLY = "namespace weir {\nint Sum(int left, int right) { return left + right; }\n}\n"


@unittest.skipUnless(shutil.which("clang-tidy"), "tools/deps --lint installs clang-tidy")
class TidyTest(LintCase):
    def complaints(self, text):
        self.write("core/sum.cc", text)
        for name in tidy.CONFIGURATIONS:
            self.write(name, (ROOT / name).read_text())
        source = str(self.root / "core/sum.cc")
        entry = {"directory": str(self.root), "file": source, "command": f"c++ -o x {source}"}
        self.write("build/compile_commands.json", json.dumps([entry]))
        check = tidy.Tidy(self.root, self.root / "build")
        found = [check.judge(item) for item in check.entries(("core/",))]
        return tidy.first_of_each([text for text in found if text], self.root)

    def passed(self):
        return len(list((self.root / "build/tidy-passed").iterdir()))

    def test_a_clean_source_passes_and_is_remembered(self):
        self.assertEqual(self.complaints(CLEAN), [])
        self.assertEqual(self.passed(), 1)

    def test_a_wrong_name_is_refused_each_time(self):
        for _ in range(2):
            [complaint] = self.complaints(UGLY)
            self.assertIn("core/sum.cc:2:5: error: invalid case style for function 'Sum'", complaint)
        self.assertEqual(self.passed(), 0)
