"""The executable asks for no shared library outside the list, and gives away no thread-local symbol.

A library that is linked in and exports its symbols would answer for another's shared library, and the other way round; a
thread-local one does so without a word.
"""
import re
import subprocess

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


def check(tree):
    program = tree.build / "weir"
    if not program.is_file():
        return [f"{program.name}:1: is not built"] if (tree.root / "src/main.cc").is_file() else []
    return list(check_program(str(program), "build/weir"))
