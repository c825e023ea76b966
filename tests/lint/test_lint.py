"""Each rule of the lint turns red on a planted violation, and is quiet on the same tree without it."""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import binary  # noqa: E402
import layers  # noqa: E402
import lint  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
GOOD_HEADER = "// Says what it is.\n#pragma once\n"


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="weir lint "))
        self.addCleanup(shutil.rmtree, self.root)
        self.write("src/base/README.md", "# base\n")
        self.write("src/base/thing.h", GOOD_HEADER)
        self.write("src/base/thing.cc", '#include "base/thing.h"\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def problems(self, rule, build=None):
        return list(lint.RULES[rule](lint.Tree(self.root, build)))

    def assert_red(self, rule, *words, build=None):
        found = self.problems(rule, build)
        self.assertTrue(found, f"rule {rule} saw nothing")
        for word in words:
            self.assertTrue(any(word in p for p in found), f"no '{word}' in {found}")

    def assert_quiet(self, rule):
        self.assertEqual(self.problems(rule), [])

    def test_good_tree_is_quiet(self):
        for rule in lint.RULES:
            if rule not in lint.NEED_BUILD | {"format"}:
                self.assert_quiet(rule)

    def test_every_forbidden_pair_of_folders(self):
        for folder in layers.LAYERS:
            self.write(f"src/{folder}/x.h", GOOD_HEADER)
        for folder, may in layers.LAYERS.items():
            for target in layers.LAYERS:
                self.write(f"src/{folder}/y.cc", f'#include "{target}/x.h"\n')
                if target == folder or target in may:
                    self.assert_quiet("layers")
                else:
                    self.assert_red("layers", f"src/{folder}/y.cc:1: {folder} must not include {target}")
            (self.root / f"src/{folder}/y.cc").unlink()

    def test_table_has_no_cycle(self):
        order = list(layers.LAYERS)
        for folder, may in layers.LAYERS.items():
            for target in may:
                self.assertLess(order.index(target), order.index(folder), f"{folder} -> {target}")

    def test_root_builds_in_the_order_of_the_table(self):
        text = (ROOT / "CMakeLists.txt").read_text()
        self.assertIn("set(WEIR_LAYERS " + " ".join(layers.LAYERS) + ")", text)

    def test_unknown_folder(self):
        self.write("src/stray/x.cc", "int x;\n")
        self.assert_red("layers", "src/stray is not in the table")

    def test_include_not_by_path(self):
        self.write("src/base/y.cc", '#include "thing.h"\n')
        self.assert_red("layers", "include by path")

    def test_third_party_outside_its_home(self):
        for prefix, homes in layers.THIRD_PARTY.items():
            header = prefix + "a.h" if prefix.endswith("/") else prefix
            self.write("src/steps/y.h", GOOD_HEADER + f"#include <{header}>\n")
            self.assertNotIn("steps", homes)
            self.assert_red("layers", "outside its home")
        self.write("src/steps/y.h", GOOD_HEADER)
        self.write("src/state/y.cc", "#include <rocksdb/db.h>\n#include <fmt/format.h>\n#include <unistd.h>\n")
        self.assert_quiet("layers")

    def test_unknown_third_party(self):
        self.write("src/base/y.cc", "#include <leftpad/pad.h>\n")
        self.assert_red("layers", "not in the lists")

    def test_heavy_header_in_a_header(self):
        self.write("src/base/json.h", GOOD_HEADER)
        self.write("src/config/y.cc", '#include "base/json.h"\n')
        self.assert_quiet("layers")
        self.write("src/config/y.h", GOOD_HEADER + '#include "base/json.h"\n')
        self.assert_red("layers", "in .cc files only")

    def test_ambient_time_files_randomness(self):
        for code in ("auto t = std::chrono::steady_clock::now();", "std::random_device r;", "std::ofstream f;",
                     "auto t = time(nullptr);", "std::filesystem::remove(p);", "std::this_thread::sleep_for(x);",
                     "FILE* f = fopen(p, m);", "int r = rand();"):
            self.write("src/steps/y.cc", code + "\n")
            self.assert_red("ambient", "src/steps/y.cc:1:")
            self.write("src/steps/y.cc", code + "  // lint: ambient, the reason\n")
            self.assert_quiet("ambient")
            self.write("src/steps/y.cc", "// " + code + "\n")
            self.assert_quiet("ambient")
        self.write("src/steps/y.cc", "std::filesystem::path p; Offset runtime(0);\n")
        self.assert_quiet("ambient")

    def test_form_of_headers(self):
        self.write("src/base/y.h", "// Says what it is.\n")
        self.assert_red("headers_form", "no #pragma once")
        self.write("src/base/y.h", "#pragma once\nint x();\n")
        self.assert_red("headers_form", "does not say what it is")
        self.write("src/base/y.h", GOOD_HEADER)
        self.write("src/base/y.cc", '#include "base/thing.h"\n#include "base/y.h"\n')
        self.assert_red("headers_form", 'must include "base/y.h" first')

    def test_header_that_does_not_compile_alone(self):
        build = self.root / "build"
        build.mkdir()
        command = f"c++ -std=c++20 -I'{self.root}/src' -c x.cc"
        (build / "compile_commands.json").write_text(json.dumps([{"command": command, "file": "x.cc"}]))
        self.write("src/base/alone.h", GOOD_HEADER + '#include <string>\n#include "base/thing.h"\nstd::string x();\n')
        self.assertEqual(self.problems("headers", build), [])
        self.write("src/base/needy.h", GOOD_HEADER + "std::string x();\n")
        self.assert_red("headers", "src/base/needy.h:1: does not compile alone", build=build)

    def test_size(self):
        self.write("src/base/y.cc", "\n" * (layers.LINES_MAX + 1))
        self.assert_red("size", "601 lines")

    def test_names(self):
        self.write("src/base/utils.cc", "")
        self.write("tests/unit/base/CamelCase.cc", "")
        self.assert_red("names", "'utils' says nothing", "snake_case")

    def test_readme(self):
        self.write("src/data/x.h", GOOD_HEADER)
        self.assert_red("readme", "src/data:1: no README.md")
        self.write("src/data/README.md", "line\n" * (layers.README_LINES_MAX + 1))
        self.assert_red("readme", "longer than a page")

    def test_paths(self):
        for text in ("see /" + "work/main", "cd /" + "root/x", "https://proxy.golang" + ".org"):
            self.write("docs/x.md", text + "\n")
            self.assert_red("paths", "docs/x.md:1:")
        self.write("docs/x.md", "tmp/" + "work/x, $HOME/" + "root/\n")
        self.assert_quiet("paths")

    def test_format(self):
        shutil.copy(ROOT / ".clang-format", self.root)
        if lint.clang_format(lint.Tree(self.root)) is None:
            wheel = ROOT / ".cache/venv"
            (self.root / ".cache").mkdir()
            (self.root / ".cache/venv").symlink_to(wheel)
        self.write("src/base/y.cc", "int x = 1;\n")
        self.assert_quiet("format")
        self.write("src/base/y.cc", "int   x=1;\n")
        self.assert_red("format", "src/base/y.cc:1:")

    def test_binary(self):
        self.write("x.cc", "thread_local int seen = 1;\nextern \"C\" double Bessel(double);\n"
                           "int main() { return seen + (Bessel(1.0) > 9); }\n")
        self.write("lib.cc", "extern \"C\" double Bessel(double x) { return x; }\n")

        def run(*command):
            subprocess.run(command, cwd=self.root, check=True)

        run("c++", "-shared", "-fPIC", "-o", "libstray.so.3", "-Wl,-soname,libstray.so.3", "lib.cc")
        run("c++", "-o", "weir", "x.cc", "lib.cc")
        self.assertEqual(list(binary.check_program(str(self.root / "weir"), "weir")), [])
        run("c++", "-rdynamic", "-o", "weir", "x.cc", "./libstray.so.3")
        found = list(binary.check_program(str(self.root / "weir"), "weir"))
        self.assertTrue(any("asks for libstray.so.3" in p for p in found), found)
        self.assertTrue(any("exports the thread-local symbol seen" in p for p in found), found)

    def test_hardened(self):
        self.write("x.cc", "#include <cstdio>\n#include <cstring>\nint main(int, char** v) { char b[64]; std::strcpy(b, *v);"
                           " return std::puts(b); }\n")
        good = ["-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-fstack-protector-strong", "-fPIE", "-pie",
                "-Wl,-z,relro,-z,now"]
        weak = {"-pie": ("-no-pie", "position independent"), "-Wl,-z,relro,-z,now": ("-Wl,-z,norelro,-z,lazy", "binds lazily"),
                "-D_FORTIFY_SOURCE=3": ("-g0", "fortified"), "-fstack-protector-strong": ("-fno-stack-protector", "protector")}

        def found(flags):
            subprocess.run(["c++", *flags, "-o", "weir", "x.cc"], cwd=self.root, check=True)
            return list(binary.check_hardened(str(self.root / "weir"), "weir", self.root))

        self.assertEqual(found(good), [])
        for flag, (instead, words) in weak.items():
            seen = found([instead if f == flag else f for f in good])
            self.assertTrue(any(words in p for p in seen), f"{instead}: {seen}")
        self.write("x.cc", self.root.joinpath("x.cc").read_text() + 'const char* volatile p = "WEIR_CRASH";\n')
        self.assertTrue(any("crash points" in p for p in found(good)))
        self.assertTrue(any("where it was built" in p for p in found([*good, "-g"])))
        self.write("x.cc", self.root.joinpath("x.cc").read_text().replace("WEIR_CRASH", "/d/duckdb-1.5.5-amd64-a0db32616305"))
        self.assertTrue(any("the libraries" in p for p in found(good)))


if __name__ == "__main__":
    unittest.main()
