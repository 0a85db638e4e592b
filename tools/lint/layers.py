#!/usr/bin/python3
"""Checks every #include against the modules declared in the top CMakeLists.txt.

A module includes itself and its DEPENDS; a library's header is included only in the folder that
owns it and not in weir's headers.
"""

import re
from pathlib import Path

import sources

# The folders in which each library may be included.
HOMES = [
    (r"uv\.h$", ("core/event/", "core/net/")),
    (r"llhttp\.h$", ("core/http/h1/",)),
    (r"nghttp2/", ("core/http/h2/", "tests/support/http2_peer")),
    (r"openssl/", ("core/tls/", "core/jose/", "tools/bench/tls_client",
                   "tests/support/token_signer")),
    (r"ares(_\w+)?\.h$", ("core/dns/",)),
    (r"toml\+\+/", ("core/config/",)),
    (r"re2/", ("core/regex/",)),
    (r"xxhash\.h$", ("core/base/",)),
    (r"(spdlog|fmt)/", ("core/base/log.cc",)),
    (r"nlohmann/", ("observability/", "core/jose/")),
    (r"prometheus/", ("observability/",)),
    (r"crypt\.h$", ("gateway/auth/basic/",)),
    (r"zlib\.h$", ("gateway/transform/coding/", "observability/text/")),
    (r"(zstd|libdeflate)\.h$|brotli/", ("gateway/transform/coding/",)),
    (r"simdjson\.h$", ("gateway/transform/json/",)),
    (r"CLI/", ("tools/weir/",)),
    (r"(gtest|gmock)/", ("tests/",)),
    (r"benchmark/", ("tools/bench/",)),
]
# Headers for the sources of one folder only: they may include its library.
PRIVATE = ("core/tls/boringssl.h",)
SYSTEM = re.compile(
    r"^((sys|netinet|arpa|net|linux)/\w+|unistd|strings|fcntl|signal|pthread|sched|poll|netdb|ifaddrs|"
    r"pwd|grp|dirent|termios|spawn|malloc|endian|dlfcn|getopt|immintrin|nmmintrin|emmintrin|"
    r"sanitizer/\w+)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


class Layers:
    """The declarations of CMakeLists.txt and the resulting rules."""

    def __init__(self, cmake_text):
        text = re.sub(r"#[^\n]*", "", cmake_text)
        self.depends = {}
        lists = {}
        for call, body in re.findall(r"\b(set|weir_module)\s*\(([^)]*)\)", text):
            words = re.sub(r"\$\{(\w+)\}", lambda m: " ".join(lists.get(m[1], [])), body).split()
            if call == "set":
                lists[words[0]] = words[1:]
            else:
                self.depends[words[0]] = self._after(words, "DEPENDS")

    @staticmethod
    def _after(words, keyword):
        found, taking = [], False
        for word in words:
            if word.isupper():
                taking = word == keyword
            elif taking:
                found.append(word)
        return found

    def module_of(self, name):
        """The module that contains a path, or None."""
        fits = [module for module in self.depends if name.startswith(module + "/")]
        return max(fits, key=len, default=None)

    def mistake(self, name, quoted, target):
        """The error in `#include target` in the file `name`; None if there is none."""
        if quoted:
            return self._own_mistake(name, target)
        return self._foreign_mistake(name, target)

    def _own_mistake(self, name, target):
        if target.startswith(".") or "/" not in target:
            return "include from the root of the repository"
        if target in PRIVATE and (name.endswith(".h") or Path(name).parent != Path(target).parent):
            return f"{target} is for the sources of its folder"
        if not name.startswith(sources.PRODUCTION):
            return None
        module, wanted = self.module_of(name), self.module_of(target)
        if module is None:
            return "its folder is no module: declare it in CMakeLists.txt"
        if wanted is None:
            return f"{target} is in no module"
        if wanted != module and wanted not in self.depends[module]:
            return f"{module} does not depend on {wanted}"
        return None

    @staticmethod
    def _foreign_mistake(name, target):
        if re.fullmatch(r"[a-z_0-9]+", target) or SYSTEM.match(target):
            return None
        homes = next((homes for pattern, homes in HOMES if re.match(pattern, target)), None)
        if homes is None:
            return f"<{target}> has no home: name it in tools/lint/layers.py"
        if not name.removeprefix("tests/").startswith(homes) and not name.startswith(homes):
            return f"<{target}> stays in {', '.join(homes)}"
        if name in PRIVATE:
            return None
        if name.endswith(".h") and name.startswith(sources.PRODUCTION):
            return f"<{target}> stays out of headers: forward declare"
        return None


def check(root):
    """All errors below root, as `file:line: message`."""
    layers = Layers(sources.read(root, "CMakeLists.txt"))
    mistakes = []
    for name in sources.list_files(root, (".h", ".cc")):
        text = sources.read(root, name)
        for found in INCLUDE.finditer(text):
            quoted, target = found[1] == '"', found[2]
            mistake = layers.mistake(name, quoted, target)
            if not mistake and quoted and not (Path(root) / target).is_file():
                mistake = f"{target} does not exist"
            if mistake:
                line = text.count("\n", 0, found.start(1)) + 1
                mistakes.append(f"{name}:{line}: {mistake}")
    return mistakes


if __name__ == "__main__":
    sources.finish("layers", check(sources.ROOT))
