"""The documents are plain technical English."""

from lint_case import LintCase

import english

ODD = (
    "The installer adds what is missing.",
    "What comes first is read first.",
    "What it read is replayed.",
    "- What it read is replayed.",
    "It counts bytes. Which ones depends on the kind.",
    "Which endpoint gets a request.",
    "Whoever connects gets a response.",
    "The log names the address of who called.",
    "The connection is no HTTP.",
    "A tunnel carries connections that are no\nHTTP.",
    "The first bytes tell.",
    "The client is told of the error.",
    "A worker hears of it.",
    "Answers of weir itself have a date.",
    "Headers of these peers are believed.",
    "The upstream is reached in the clear.",
    "A client that exceeds the limit is sent away.",
    "A response that is broken off ends in a reset.",
    "A stream that its client takes back is free.",
    "After so long a silence it is closed.",
    "The reason stands in the log.",
    "Certificates are read anew.",
)
GOOD = (
    "There is no route for the request.",
    "If there is no route, the response is 404.",
    "A slow peer is no longer served.",
    "It is no more than a hint.",
    "What is weir? A proxy.",
    "Users, who see the message, can act on it.",
    "The option tells the compiler to inline.",
    "A client is told to retry.",
    "A checksum tells two files apart.",
    "A heartbeat is sent every second.",
    "Whether to merge slashes.",
    "The header stands for the client's address.",
    "The response is taken from the cache.",
    "Connections are reset, and clients reconnect at once.",
    "`what is` and `in the clear` are code.",
    "See [the page](https://example.com/what-is-told) for details.",
    "# What is new",
    "```sh\nwhat is told\n```",
)
MEANING = "| `key` | duration | `\"1s\"` |  | {} |"


class EnglishTest(LintCase):
    def mistakes(self, text, name="README.md"):
        self.write(name, text + "\n")
        return english.check(self.root)

    def test_odd_habits_are_found(self):
        for text in ODD:
            with self.subTest(text):
                self.assertNotEqual(self.mistakes(text), [])

    def test_good_english_passes(self):
        for text in GOOD:
            with self.subTest(text):
                self.assertEqual(self.mistakes(text), [])

    def test_each_habit_is_one_of_the_odd_texts(self):
        for habit in english.HABITS:
            with self.subTest(habit.pattern.pattern):
                self.assertTrue(any(habit.pattern.search(text.replace("\n", " ")) for text in ODD))

    def test_a_mistake_names_its_line(self):
        self.assertEqual(
            self.mistakes("# Title\n\nA paragraph\nthat is no text.\n"),
            ["README.md:4: \"is no text\": \"is not\""])

    def test_the_comments_of_code_in_documents_count(self):
        self.assertEqual(len(self.mistakes("```toml\na = 1  # whoever calls\n```")), 1)

    def test_the_comments_of_configurations_count_and_their_values_do_not(self):
        text = "# Addresses of who calls,\n# and of others.\nname = \"# what is told\"\n"
        found = self.mistakes(text, "configs/a.toml")
        self.assertEqual([line.split(": ")[0] for line in found], ["configs/a.toml:1"])

    def test_a_meaning_begins_with_the_value(self):
        for meaning in ("For a handshake.", "How long it waits.", "Its name."):
            with self.subTest(meaning):
                self.assertEqual(len(self.mistakes(MEANING.format(meaning))), 1)
        for meaning in ("Time limit for a handshake.", "Whether to wait.", "Formatter of a line."):
            with self.subTest(meaning):
                self.assertEqual(self.mistakes(MEANING.format(meaning)), [])
