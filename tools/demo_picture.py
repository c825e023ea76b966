#!/usr/bin/env python3
"""Draws docs/demo.svg, the picture in the README, from a real run: tools/demo_picture.py build/release/weir

A frame of the live progress at two thirds of the run, then the books, as a terminal shows them.
"""
import html
import os
import pty
import re
import struct
import fcntl
import termios
import subprocess
import sys
import tempfile

CHAR, LINE, LEFT, TOP = 7.8, 18, 20, 56
COLOURS = [(r"^\$", "#7ee787"), (r"^   =", "#7ee787"), (r"(DUPLICATE|FILTERED) +by step", "#d2a8ff"),
           (r"to the dead letters$", "#ffa657"), (r"^    [A-Z0-9_]+ +[\d,]+  #", "#ffa657"), (r"^(The books|Every row)", "#79c0ff")]


def run(weir):
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 150, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen([weir, "demo", "--keep", folder], stdout=side, stderr=side, env={**os.environ, "TERM": "xterm"})
        os.close(side)
        out = b""
        while True:
            try:
                chunk = os.read(main, 65536)
            except OSError:
                break
            if not chunk:
                break
            out += chunk
        assert demo.wait() == 0, out.decode()[-2000:]
    return out.decode().replace("\r", "")


def picture(text):
    frames = re.split(r"\x1b\[\d+A\x1b\[J", text)
    frame = frames[len(frames) * 2 // 3].rstrip("\n").split("\n")
    books = text[text.index("The books"):text.index("\nThe Delta table")].rstrip("\n").split("\n")
    last = next(line for line in text.split("\n") if line.startswith("Every row"))
    return ["$ make demo", "", *frame, "", *books, "", last]


def svg(lines):
    width = int(LEFT * 2 + CHAR * max(map(len, lines)))
    height = TOP + LINE * len(lines)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
           'aria-label="weir demo in a terminal">',
           f'<rect width="{width}" height="{height}" rx="10" fill="#14181f"/>',
           '<circle cx="22" cy="20" r="6" fill="#ff5f57"/><circle cx="42" cy="20" r="6" fill="#febc2e"/>'
           '<circle cx="62" cy="20" r="6" fill="#28c840"/>',
           '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" fill="#d6dde6" xml:space="preserve">']
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        colour = next((c for pattern, c in COLOURS if re.search(pattern, line)), "#d6dde6")
        out.append(f'<text x="{LEFT}" y="{TOP + LINE * i}" fill="{colour}" textLength="{len(line) * CHAR:.1f}" '
                   f'lengthAdjust="spacingAndGlyphs">{html.escape(line)}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


if __name__ == "__main__":
    drawn = svg(picture(run(sys.argv[1])))
    with open(os.path.join(os.path.dirname(__file__), "..", "docs", "demo.svg"), "w", encoding="utf-8") as file:
        file.write(drawn)
