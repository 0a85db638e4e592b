"""Each row of the table of forbidden patterns finds its pattern, except in allowed places."""

from lint_case import LintCase

import forbidden

REFUSED = [
    ("core/net/a.cc", "std::mutex m;"),
    ("core/net/a.cc", "std::atomic<int> n;"),
    ("core/net/a.cc", "thread_local int n;"),
    ("core/net/a.cc", "auto t = std::chrono::steady_clock::now();"),
    ("core/net/a.cc", "long n = strtol(text, nullptr, 10);"),
    ("core/net/a.cc", "int n = std::stoi(text);"),
    ("core/net/a.cc", "void end() { delete this; }"),
    ("core/net/a.cc", "std::shared_ptr<Plan> plan;"),
    ("core/net/a.cc", "std::regex r;"),
    ("core/net/a.cc", "#include <iostream>"),
    ("tests/core/net/a_test.cc", "std::this_thread::sleep_for(1s);"),
    ("tests/core/net/a_test.cc", "usleep(10);"),
    ("tests/integration/a_test.py", "time.sleep(1)"),
    ("core/net/a.cc", "int n = rand();"),
    ("core/net/a.cc", "if (role == Role::kGateway) return;"),
    ("core/net/a.cc", "throw Error();"),
    ("core/net/a.cc", "using namespace std;"),
    ("core/net/a.cc", "#define MAX 10"),
    ("core/net/a.h", "class PoolManager {"),
    ("core/net/a.h", "struct RequestContext final : Part {"),
    ("tests/integration/a_test.py", 'connect("127.0.0.1:8080")'),
    ("core/net/a.cc", "int x;  // NOLINT"),
    ("core/net/a.cc", "// TODO(now): finish"),
    ("core/net/a.cc", "// TODO: finish"),
    ("README.md", "see /home/somebody/weir"),
]
ACCEPTED = [
    ("core/event/mailbox.cc", "std::mutex m;"),
    ("core/base/metric.h", "std::atomic<int> n;"),
    ("core/base/clock.cc", "auto t = std::chrono::steady_clock::now();"),
    ("core/net/a.cc", "// std::mutex would cost a lock\n/* strtol(x) */"),
    ("core/net/a.cc", 'log("sleep(1) or throw");'),
    ("core/net/a.cc", "constexpr auto kBig = 1'000'000; /* 'sleep(' */"),
    ("core/net/a.cc", "std::shared_ptr<const Plan> plan;"),
    ("tests/support/poll.py", "time.sleep(0.01)"),
    ("tests/integration/a_test.py", '"""time.sleep(1) is forbidden"""  # time.sleep(2)'),
    ("tests/integration/a_test.py", 'connect(f"127.0.0.1:{port}")'),
    ("core/net/a.h", "struct Database {"),
    ("core/net/a.cc", "int x;  // NOLINT(bugprone-branch-clone): both mean the same"),
    ("core/net/a.cc", "// TODO(perf): measure"),
]


class ForbiddenTest(LintCase):
    def test_every_row_can_fail(self):
        for name, text in REFUSED:
            with self.subTest(text=text):
                hits = [row for row in forbidden.TABLE if forbidden.find(row, name, text)]
                self.assertEqual(len(hits), 1)

    def test_no_row_is_without_a_case(self):
        for row in forbidden.TABLE:
            with self.subTest(pattern=row.pattern):
                self.assertTrue(any(forbidden.find(row, *case) for case in REFUSED))

    def test_homes_comments_and_literals_pass(self):
        for name, text in ACCEPTED:
            with self.subTest(text=text):
                hits = [row.pattern for row in forbidden.TABLE if forbidden.find(row, name, text)]
                self.assertEqual(hits, [])

    def test_a_mistake_names_its_line_and_what_to_use(self):
        self.write("core/net/a.cc", '/* one\ntwo */ auto s = R"(\n)";\nint n = atoi(s);\n')
        self.assertEqual(
            forbidden.check(self.root),
            ['core/net/a.cc:4: `int n = atoi(s);`: numbers are read strictly: "10abc" is not 10; '
             "use parseNumber"])
