#!/usr/bin/env python3
"""Holds the source to the rules of ARCHITECTURE.md: lint.py [--root DIR] [--build DIR] [RULE...]

Each rule is a function that takes the tree and yields "file:line: message". No RULE: all of them. Exit 1 when there is
anything to say. `headers` and `binary` need --build, a configured (and built) build directory.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import layers

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


class Tree:
    """The files under a root that git knows or would add; or all of them, where there is no git."""

    def __init__(self, root, build=None):
        self.root = Path(root).resolve()
        self.build = Path(build).resolve() if build else None
        listed = subprocess.run(["git", "-C", self.root, "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
                                capture_output=True)
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
        else:
            names = [str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()
                     and p.relative_to(self.root).parts[0] not in ("build", ".cache", ".git", "demo-data")]
        self.files = sorted(n for n in names if n and (self.root / n).is_file())

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def cpp(self, *tops):
        return [f for f in self.files if f.endswith((".cc", ".h")) and (not tops or f.split("/")[0] in tops)]

    def folders(self):
        """folder of src/ -> its files."""
        found = {}
        for name in self.cpp("src"):
            parts = name.split("/")
            if len(parts) > 2:
                found.setdefault(parts[1], []).append(name)
        return found


def includes(tree, name):
    for number, line in enumerate(tree.text(name).splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == "<", match[2]


def allowed_home(name, header):
    """None: no third-party header; else whether this file of src/ may include it."""
    for prefix, homes in layers.THIRD_PARTY.items():
        if header == prefix or (prefix.endswith("/") and header.startswith(prefix)):
            inside = name.removeprefix("src/")
            return any(inside == home or inside.startswith(home + "/") or (home == ".cc" and name.endswith(".cc"))
                       for home in homes)
    return None


def rule_layers(tree):
    """Who includes whom."""
    for name in tree.cpp("src"):
        parts = name.split("/")
        folder = parts[1] if len(parts) > 2 else "main"
        if folder != "main" and folder not in layers.LAYERS:
            yield f"{name}:1: folder src/{folder} is not in the table of layers (tests/lint/layers.py)"
            continue
        may = set(layers.LAYERS) if folder == "main" else {folder, *layers.LAYERS[folder]}
        for number, angle, header in includes(tree, name):
            where = f"{name}:{number}"
            if not angle:
                target = header.split("/")[0]
                if not (tree.root / "src" / header).is_file() and not header.startswith("generated/"):
                    yield f"{where}: \"{header}\" is no file under src/: include by path from src/"
                elif target not in may:
                    yield f"{where}: {folder} must not include {target}: it may use {', '.join(sorted(may - {folder})) or 'nothing'}"
                if header in layers.CC_ONLY and name.endswith(".h") and (
                        name not in {f"src/{header}", *layers.CC_ONLY_EXCEPT}):
                    yield f"{where}: \"{header}\" is heavy: include it in .cc files only"
                continue
            home = allowed_home(name, header)
            if home is False:
                yield f"{where}: <{header}> is outside its home (tests/lint/layers.py)"
            elif home is None and ("/" in header or "." in header) and header not in layers.SYSTEM:
                yield f"{where}: <{header}> is not in the lists of tests/lint/layers.py"


def rule_ambient(tree):
    """Time, files and randomness only through base."""
    patterns = [(re.compile(p), instead) for p, instead in layers.AMBIENT.items()]
    for name in tree.cpp("src"):
        if name.startswith("src/base/"):
            continue
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            code = line.split("//")[0]
            for pattern, instead in patterns:
                if pattern.search(code) and not re.search(r"// lint: ambient, \S", line):
                    yield f"{name}:{number}: {pattern.search(code)[0].strip('(')}: use {instead}"


def rule_headers_form(tree):
    """A header is guarded by #pragma once and opens with what it is; a .cc includes its own header first."""
    for name in tree.cpp("src"):
        text = tree.text(name)
        if name.endswith(".h"):
            if "#pragma once" not in text:
                yield f"{name}:1: no #pragma once"
            if not re.search(r"^//", "\n".join(text.splitlines()[:12]), re.M):
                yield f"{name}:1: does not say what it is: open with a comment"
        else:
            own = name.removeprefix("src/").removesuffix(".cc") + ".h"
            first = next((header for _, _, header in includes(tree, name)), None)
            if (tree.root / "src" / own).is_file() and first != own:
                yield f"{name}:1: must include \"{own}\" first, which shows that it compiles alone"


def rule_size(tree):
    for name in tree.cpp():
        count = tree.text(name).count("\n")
        if count > layers.LINES_MAX:
            yield f"{name}:{count}: {count} lines; a file has at most {layers.LINES_MAX}"


def rule_names(tree):
    """snake_case, by the noun the file is about."""
    for name in tree.cpp():
        stem = Path(name).stem
        if not re.fullmatch(r"[a-z][a-z0-9_]*", stem):
            yield f"{name}:1: file names are snake_case"
        if stem.removesuffix("_test") in layers.EMPTY_NAMES:
            yield f"{name}:1: '{stem}' says nothing: name the file by its noun"


def rule_readme(tree):
    """Each folder of src/ has a README of at most a page."""
    for folder in tree.folders():
        readme = f"src/{folder}/README.md"
        if not (tree.root / readme).is_file():
            yield f"src/{folder}:1: no README.md: purpose, what belongs here, what does not, where to start reading"
        elif tree.text(readme).count("\n") > layers.README_LINES_MAX:
            yield f"{readme}:1: longer than a page ({layers.README_LINES_MAX} lines)"


def rule_paths(tree):
    """No path or host of the place where it was made."""
    hosts = "|".join(["deb.debian" + r"\.org", "registry.npmjs" + r"\.org", "proxy.golang" + r"\.org",
                      "files.pythonhosted" + r"\.org", "repo1?.maven" + r"\.(apache\.)?org"])
    pattern = re.compile(r"(?<![\w.$}])/(work|root)/|" + hosts)
    for name in tree.files:
        if name.endswith((".png", ".parquet", ".json.gz", ".jpg", ".woff2")):
            continue
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            match = pattern.search(line)
            if match:
                yield f"{name}:{number}: '{match[0]}' names a place outside the project"


def clang_format(tree):
    # The wheel's script first by its binary: its shebang does not survive a path with a space.
    wheel = sorted(tree.root.glob(".cache/venv/lib/python3*/site-packages/clang_format/data/bin/clang-format"))
    return shutil.which("clang-format-19") or (str(wheel[0]) if wheel else None)


def rule_format(tree):
    program = clang_format(tree)
    if program is None:
        yield ".clang-format:1: clang-format 19 is missing: run 'make setup'"
        return
    files = tree.cpp()
    for start in range(0, len(files), 40):
        ran = subprocess.run([program, "--dry-run", "--style=file", *files[start:start + 40]], cwd=tree.root,
                             capture_output=True, text=True)
        if ran.returncode != 0:
            yield f".clang-format:1: {ran.stderr.strip()}"
        seen = set()
        for match in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error): (code should|.*)", ran.stderr, re.M):
            if match[1] not in seen:
                seen.add(match[1])
                yield f"{match[1]}:{match[2]}: not as clang-format 19 would have it: run 'make format'"


def rule_headers(tree):
    import headers
    return headers.check(tree)


def rule_binary(tree):
    import binary
    return binary.check(tree)


RULES = {name.removeprefix("rule_"): value for name, value in sorted(globals().items()) if name.startswith("rule_")}
NEED_BUILD = {"headers", "binary"}


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=Path(__file__).resolve().parents[2])
    parser.add_argument("--build", help="build directory, for the rules headers and binary")
    parser.add_argument("rules", nargs="*", metavar="RULE", help=", ".join(RULES))
    args = parser.parse_args(argv)
    unknown = set(args.rules) - set(RULES)
    if unknown:
        parser.error(f"no rule {', '.join(sorted(unknown))}")
    tree = Tree(args.root, args.build)
    names = args.rules or [r for r in RULES if args.build or r not in NEED_BUILD]
    found = [f"{problem} [{name}]" for name in names for problem in RULES[name](tree)]
    print("\n".join(found) if found else f"lint: clean ({', '.join(names)}; {len(tree.cpp())} C++ files)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
