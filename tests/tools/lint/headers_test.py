"""The header check rejects a header that depends on an earlier include."""

from lint_case import LintCase

import headers


class HeadersTest(LintCase):
    def test_a_complete_header_passes(self):
        self.write("core/a.h", "#pragma once\n#include <string>\nstd::string name();\n")
        self.assertEqual(headers.check(self.root), [])

    def test_a_header_that_needs_another_is_refused(self):
        self.write("core/a.h", "#pragma once\nstd::string name();\n")
        [mistake] = headers.check(self.root)
        self.assertRegex(mistake, r"^core/a\.h: does not compile alone: core/a\.h:2:\d+: error:")

    def test_a_header_without_guard_is_refused(self):
        self.write("core/a.h", "void run();\n")
        self.assertEqual(headers.check(self.root), ["core/a.h: #pragma once is missing"])
