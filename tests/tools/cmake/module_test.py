"""A module list with a cycle, an upward edge or an edge between roles does not configure."""

import subprocess

from lint_case import ROOT, LintCase

PREFIX = f"""cmake_minimum_required(VERSION 3.25)
project(sample NONE)
set(CMAKE_MODULE_PATH {ROOT}/tools/cmake)
include(WeirModule)
weir_module(core/base)
"""


class ModuleTest(LintCase):
    def configure(self, modules):
        """The exit status and the errors of CMake for a list of modules."""
        self.write("CMakeLists.txt", PREFIX + modules)
        run = subprocess.run(["cmake", "-G", "Ninja", "-S", self.root, "-B", self.root / "build"],
                             capture_output=True, text=True, check=False)
        return run.returncode, " ".join(run.stderr.split())

    def test_a_downward_edge_configures(self):
        status, complaints = self.configure("weir_module(core/net DEPENDS core/base)")
        self.assertEqual((status, complaints), (0, ""))

    def test_an_upward_edge_is_an_error(self):
        status, complaints = self.configure(
            "weir_module(core/net DEPENDS core/http)\nweir_module(core/http DEPENDS core/base)")
        self.assertEqual(status, 1)
        self.assertIn("core/http is not declared before its user", complaints)

    def test_roles_may_depend_on_core_only(self):
        status, complaints = self.configure(
            "weir_module(gateway DEPENDS core/base)\nweir_module(mesh DEPENDS gateway)")
        self.assertEqual(status, 1)
        self.assertIn("mesh may depend on core only, not on gateway", complaints)

    def test_a_misspelt_keyword_is_an_error(self):
        status, complaints = self.configure("weir_module(core/net DEPEND core/base)")
        self.assertEqual(status, 1)
        self.assertIn("what is DEPEND;core/base?", complaints)
