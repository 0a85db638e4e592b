"""The size check warns above 400 lines and rejects files above 600."""

from lint_case import LintCase

import sizes


class SizesTest(LintCase):
    def test_limits_are_inclusive(self):
        self.write("core/a.cc", "\n" * 600)
        self.write("core/b.cc", "\n" * 400)
        self.assertEqual(sizes.check(self.root), ([], ["core/a.cc: 600 lines, aim below 400"]))

    def test_a_long_file_is_refused(self):
        self.write("core/a.cc", "\n" * 601)
        self.assertEqual(sizes.check(self.root), (["core/a.cc: 601 lines, 600 at most"], []))
