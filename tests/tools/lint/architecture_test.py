"""The documents name only existing things."""

from lint_case import LintCase

import architecture


class ArchitectureTest(LintCase):
    def setUp(self):
        super().setUp()
        self.write("core/net/stream.h", "class Pool;\nclass Stream {\n  void send();\n};\n")

    def mistakes(self, text):
        self.write("ARCHITECTURE.md", text)
        return architecture.check(self.root)

    def test_what_exists_passes(self):
        self.assertEqual(self.mistakes("`Stream::send` in `core/net/stream.h` beats Words::own"), [])

    def test_a_method_that_does_not_exist_is_refused(self):
        self.assertEqual(self.mistakes("`Stream::sent()`"),
                         ["ARCHITECTURE.md: Stream::sent does not exist"])

    def test_a_method_in_a_drawing_counts(self):
        self.assertEqual(self.mistakes("```\nA --> Stream::push\n```\n"),
                         ["ARCHITECTURE.md: Stream::push does not exist"])

    def test_a_forward_declaration_is_not_the_type(self):
        self.assertEqual(self.mistakes("`Pool::send`"),
                         ["ARCHITECTURE.md: Pool::send does not exist"])

    def test_a_path_that_does_not_exist_is_refused(self):
        self.assertEqual(self.mistakes("`core/net/gone.h`"),
                         ["ARCHITECTURE.md: core/net/gone.h does not exist"])

    def test_the_pages_of_docs_count(self):
        self.write("docs/routing.md", "`Stream::push`")
        self.assertEqual(architecture.check(self.root),
                         ["docs/routing.md: Stream::push does not exist"])
