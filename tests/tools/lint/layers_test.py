"""The layer check accepts the declared edges and rejects all others."""

from lint_case import LintCase

import layers

MODULES = """
# weir_module(core/never DEPENDS core/net)
weir_module(core/base)
weir_module(core/net DEPENDS core/base THIRD_PARTY weir::libuv)
set(core_modules core/net
    core/base)
weir_module(gateway DEPENDS ${core_modules} TEST_DEPENDS core/never)
weir_module(mesh DEPENDS ${core_modules})
"""


class LayersTest(LintCase):
    def setUp(self):
        super().setUp()
        self.write("CMakeLists.txt", MODULES)
        self.write("core/base/bytes.h", "#pragma once\n#include <cstddef>\n")
        self.write("core/net/stream.h", "#pragma once\n#include <sys/socket.h>\n")
        self.write("mesh/policy.h", "#pragma once\n")

    def mistakes(self, name, text):
        self.write(name, text)
        return layers.check(self.root)

    def test_a_declared_edge_is_accepted(self):
        text = '#include <uv.h>\n#include "core/base/bytes.h"\n'
        self.assertEqual(self.mistakes("core/net/stream.cc", text), [])

    def test_an_edge_of_a_list_is_accepted(self):
        self.assertEqual(self.mistakes("gateway/cors.cc", '#include "core/net/stream.h"\n'), [])

    def test_an_upward_edge_is_refused(self):
        self.assertEqual(self.mistakes("core/base/bytes.cc", '\n#include "core/net/stream.h"\n'),
                         ["core/base/bytes.cc:2: core/base does not depend on core/net"])

    def test_roles_do_not_know_each_other(self):
        self.assertEqual(self.mistakes("gateway/cors.cc", '#include "mesh/policy.h"\n'),
                         ["gateway/cors.cc:1: gateway does not depend on mesh"])

    def test_a_foreign_header_outside_its_home_is_refused(self):
        self.assertEqual(self.mistakes("gateway/cors.cc", "#include <uv.h>\n"),
                         ["gateway/cors.cc:1: <uv.h> stays in core/event/, core/net/"])

    def test_a_foreign_header_in_a_header_is_refused(self):
        self.assertEqual(self.mistakes("core/net/tcp.h", "#include <uv.h>\n"),
                         ["core/net/tcp.h:1: <uv.h> stays out of headers: forward declare"])

    def test_an_unknown_library_is_refused(self):
        self.assertEqual(
            self.mistakes("core/net/tcp.cc", "#include <boost/any.hpp>\n"),
            ["core/net/tcp.cc:1: <boost/any.hpp> has no home: name it in tools/lint/layers.py"])

    def test_relative_includes_are_refused(self):
        self.assertEqual(self.mistakes("core/net/stream.cc", '#include "stream.h"\n'),
                         ["core/net/stream.cc:1: include from the root of the repository"])

    def test_an_undeclared_folder_is_refused(self):
        self.assertEqual(
            self.mistakes("core/new/part.cc", '#include "core/base/bytes.h"\n'),
            ["core/new/part.cc:1: its folder is no module: declare it in CMakeLists.txt"])

    def test_a_header_that_does_not_exist_is_refused(self):
        self.assertEqual(self.mistakes("tests/core/net/a_test.cc", '#include "core/net/gone.h"\n'),
                         ["tests/core/net/a_test.cc:1: core/net/gone.h does not exist"])
