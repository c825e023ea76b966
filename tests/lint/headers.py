"""Every header of src/ compiles alone.

A header whose .cc includes it first is proven by the build itself (lint.py rule headers_form holds that order). The others are
compiled here one by one, with the flags of the build, two at a time, through ccache where it is.
"""
import json
import os
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor


def flags(tree):
    """The compiler, and the union of all include, define and language flags, from compile_commands.json."""
    database = json.loads((tree.build / "compile_commands.json").read_text())
    compiler, kept = None, []
    for entry in database:
        words = shlex.split(entry["command"])
        compiler = compiler or next(w for w in words if os.path.basename(w).startswith(("c++", "g++", "clang++")))
        index = 0
        while index < len(words):
            word = words[index]
            if word in ("-isystem", "-I"):
                take = [word, words[index + 1]]
                index += 1
            elif word.startswith(("-I", "-D", "-std=")):
                take = [word]
            else:
                take = []
            if take and take not in kept:
                kept.append(take)
            index += 1
    return compiler, [word for pair in kept for word in pair]


def alone(tree):
    """The headers that no .cc of their own proves."""
    return [name for name in tree.cpp("src")
            if name.endswith(".h") and not (tree.root / (name[:-2] + ".cc")).is_file()]


def check(tree):
    compiler, options = flags(tree)
    command = ([shutil.which("ccache")] if shutil.which("ccache") else []) + [compiler]
    scratch = tree.build / "lint"
    scratch.mkdir(exist_ok=True)

    def compile_one(name):
        unit = scratch / (name.removeprefix("src/").replace("/", ".") + ".cc")
        line = f'#include "{name.removeprefix("src/")}"\n'
        if not unit.is_file() or unit.read_text() != line:
            unit.write_text(line)
        env = dict(os.environ, CCACHE_BASEDIR=str(tree.root), CCACHE_NOHASHDIR="1")
        ran = subprocess.run([*command, *options, f"-I{tree.root / 'src'}", "-Wall", "-Wextra", "-O0", "-g0",
                              "-c", unit.name, "-o", unit.name + ".o"],
                             cwd=scratch, env=env, capture_output=True, text=True)
        if ran.returncode == 0:
            return None
        first = next((l for l in ran.stderr.splitlines() if "error:" in l), ran.stderr.strip()[:300])
        return f"{name}:1: does not compile alone: {first}"

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return [problem for problem in pool.map(compile_one, alone(tree)) if problem]
