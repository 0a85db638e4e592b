"""clang-tidy with weir's configuration rejects style violations in every source of a batch."""

import json
import shutil
import unittest

from lint_case import ROOT, LintCase

import tidy

CLEAN = "namespace weir {\nint sum(int left, int right) { return left + right; }\n}\n"
UGLY = "namespace weir {\nint Sum(int left, int right) { return left + right; }\n}\n"
# Found by the analyzer, which only follows functions in the analyzed text.
NULL = ("namespace weir {\nint first(const int* numbers) {\n"
        "  if (numbers == nullptr) return *numbers;\n  return 0;\n}\n}\n")


@unittest.skipUnless(shutil.which("clang-tidy"), "tools/deps --lint installs clang-tidy")
class TidyTest(LintCase):
    def complaints(self, **texts):
        """The diagnostics for the sources core/<name>.cc."""
        for name in tidy.CONFIGURATIONS:
            self.write(name, (ROOT / name).read_text())
        entries = []
        for name, text in texts.items():
            self.write(f"core/{name}.cc", text)
            source = str(self.root / f"core/{name}.cc")
            entries.append({"directory": str(self.root), "file": source,
                            "command": f"c++ -o x -c {source}"})
        self.write("build/compile_commands.json", json.dumps(entries))
        check = tidy.Tidy(self.root, self.root / "build")
        batches = check.batches(("core/",))
        self.assertEqual(len(batches), 1)
        return tidy.first_of_each([text for text in map(check.judge, batches) if text], self.root)

    def passed(self):
        return len(list((self.root / "build/tidy-passed").iterdir()))

    def test_a_clean_source_passes_and_is_remembered(self):
        self.assertEqual(self.complaints(sum=CLEAN), [])
        self.assertEqual(self.passed(), 1)

    def test_a_changed_source_is_judged_again(self):
        self.assertEqual(self.complaints(sum=CLEAN), [])
        self.assertEqual(len(self.complaints(sum=UGLY)), 1)

    def test_a_wrong_name_is_refused_each_time(self):
        for _ in range(2):
            [complaint] = self.complaints(sum=UGLY)
            self.assertIn("core/sum.cc:2:5: error: invalid case style for function 'Sum'", complaint)
        self.assertEqual(self.passed(), 0)

    def test_complaints_name_the_source_within_the_batch(self):
        complaints = self.complaints(a=CLEAN, b=UGLY, c=NULL)
        self.assertEqual(len(complaints), 2)
        self.assertIn("core/b.cc:2:5: error: invalid case style", "".join(complaints))
        self.assertIn("core/c.cc:3:34: error: Dereference of null pointer", "".join(complaints))

    def test_a_source_that_nothing_compiles_is_a_mistake(self):
        self.complaints(sum=CLEAN)
        self.write("core/lost.cc", CLEAN)
        batches = tidy.Tidy(self.root, self.root / "build").batches(("",))
        self.assertEqual(tidy.unjudged(batches, self.root),
                         ["core/lost.cc: is not in the compilation database"])

    def test_batches_are_of_even_size(self):
        names = [str(number) for number in range(49)]
        self.assertEqual([len(names) for names in tidy.even_slices(names)], [16, 16, 17])
