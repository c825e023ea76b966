"""Looks at the executable itself. It asks for no shared library outside the list, and gives away no thread-local symbol; where the
build says WEIR_HARDEN (release), it has every protection, no crash point and no path of this machine.

A library that is linked in and exports its symbols would answer for another's shared library, and the other way round; a
thread-local one does so without a word.
"""
import os
import re
import subprocess
from pathlib import Path

import layers


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, program], capture_output=True, text=True, check=True).stdout


def check_program(program, label):
    for soname in re.findall(r"\(NEEDED\).*\[(.+?)\]", readelf("--dynamic", program)):
        stem = re.sub(r"\.so[.\d]*$", "", soname)
        if not re.match(r"lib(asan|ubsan|tsan)$", stem) and stem not in layers.SHARED_LIBRARIES:
            yield f"{label}:1: asks for {soname}, which is not in the list of shared libraries (tests/lint/layers.py)"
    for line in readelf("--dyn-syms", program).splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[3] == "TLS" and fields[6] != "UND":
            yield f"{label}:1: exports the thread-local symbol {fields[7]}: link with --exclude-libs,ALL"


def check_hardened(program, label, root):
    content = Path(program).read_bytes()
    header, dynamic = readelf("--file-header", program), readelf("--dynamic", program)
    wanted = {
        "is not position independent (-pie)": "DYN (" in header,
        "has no read-only relocations (-z relro)": "GNU_RELRO" in readelf("--program-headers", program),
        "binds lazily (-z now)": "BIND_NOW" in dynamic or re.search(r"FLAGS_1.*NOW", dynamic),
        "has an executable stack": not re.search(r"GNU_STACK.*RWE", readelf("--program-headers", program)),
        "has no stack protector": "__stack_chk_fail" in readelf("--dyn-syms", program),
        "is not fortified (_FORTIFY_SOURCE)": re.search(r"__\w+_chk@", readelf("--dyn-syms", program)),
        "has crash points": b"WEIR_CRASH" not in content,
        "names the place where it was built": not re.search(rb"\0" + re.escape(os.fsencode(root)) + rb"[/\0]", content),
        "names the place of the libraries": not re.search(rb"/(duckdb|rdkafka)-[\d.]+-(amd64|arm64)-[0-9a-f]{12}", content),
    }
    for fault, fine in wanted.items():
        if not fine:
            yield f"{label}:1: {fault}"


def check(tree):
    program = tree.build / "weir"
    if not program.is_file():
        return [f"{program.name}:1: is not built"] if (tree.root / "src/main.cc").is_file() else []
    label = f"build/{tree.build.name}/weir"
    found = list(check_program(str(program), label))
    if "WEIR_HARDEN:BOOL=ON" in (tree.build / "CMakeCache.txt").read_text():
        found += check_hardened(str(program), label, tree.root)
    return found
