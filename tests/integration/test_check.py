"""`weir check` and `weir schema` as a user types them: exit codes, what is printed where, nothing touched."""
import json
import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PIPELINE = """\
version: 1
name: p
owner: o@example.com
connections: { main: { type: kafka, brokers: ["no-such-host.invalid:9092"], security: { protocol: SASL_SSL, username: u, password: "${env:SECRET}" } } }
sources:
  in:
    type: kafka
    connection: main
    topics: [t]
    format: { type: json, contract: contract.yaml }
steps:
  - { name: a, filter: "%s" }
sinks: { out: { from: a, type: file, path: out } }
dead_letter: { type: file, path: dead }
checkpoint: { path: state }
"""
CONTRACT = "name: c\nowner: o@example.com\nfields: { id: { type: %s } }\n"


@pytest.fixture
def files(workdir):
    """Writes the pipeline and its contract; gives the pipeline's path."""

    def write(condition="id > 1", type_="int64"):
        (workdir / "contract.yaml").write_text(CONTRACT % type_)
        (workdir / "p.yaml").write_text(PIPELINE % condition)
        return workdir / "p.yaml"

    return write


def test_the_examples_are_fine(weir):
    examples = sorted((ROOT / "pipelines").rglob("*.yaml"))
    assert examples
    ended = weir("check", "--strict", *examples).expect(0)
    assert ended.out.splitlines() == [f"{example}: fine" for example in examples]
    assert ended.err == ""


def test_a_file_that_is_right_touches_nothing(weir, files, workdir):
    weir("check", files(), env={"SECRET": "canary"}).expect(0)
    assert not any((workdir / name).exists() for name in ("out", "dead", "state"))


@pytest.mark.parametrize("verb", ["check", "explain"])
def test_what_only_looks_at_a_file_calls_no_broker(weir, files, verb):
    file = files()
    with socket.create_server(("127.0.0.1", 0)) as broker:
        broker.setblocking(False)
        place = "127.0.0.1:%d" % broker.getsockname()[1]
        out = "out: { from: a, type: file, path: out }"
        text = file.read_text().replace("no-such-host.invalid:9092", place)
        assert out in text
        file.write_text(text.replace(out, "out: { from: a, type: kafka, connection: main, topic: o, guarantee: at_least_once }"))
        ended = weir(verb, file, env={"SECRET": "canary"}).expect(0)
        with pytest.raises(BlockingIOError):
            broker.accept()
        assert "kafka client" not in ended.err
        weir("run", "--once", file, env={"SECRET": "canary"}).expect(1)
        broker.accept()[0].close()  # the test would have seen a call


def test_sql_that_does_not_compile_has_its_place(weir, files):
    file = files(condition="idd > 1")
    ended = weir("check", file, env={"SECRET": "canary"}).expect(2)
    assert ended.out.startswith(f"{file}:12:24: steps.a.filter: there is no column \"idd\"")
    assert ended.out.endswith("1 to mend, 0 to consider\n")


def test_a_contract_is_checked_in_its_own_place(weir, files):
    file = files(type_="int65")
    ended = weir("check", file, env={"SECRET": "canary"}).expect(2)
    assert ended.out.startswith(f"{file.parent / 'contract.yaml'}:3:23: fields.id.type: ")
    weir("check", file.parent / "contract.yaml").expect(2)


def test_secrets_need_not_be_there_and_never_show(weir, files):
    file = files(condition="nope = 1")
    assert "SECRET is not set" in weir("check", file).expect(2).out
    ended = weir("check", "--without-secrets", file).expect(2)
    assert "SECRET" not in ended.out and "steps.a.filter" in ended.out
    weir("check", "--without-secrets", files()).expect(0)
    shown = weir("check", "--json", file, env={"SECRET": "canary-71"})
    assert "canary-71" not in shown.out + shown.err


def test_json_tells_lints_from_errors_and_strict_counts_them(weir, files):
    file = files()
    file.write_text(file.read_text().replace("owner: o@example.com\n", "", 1))
    env = {"SECRET": "canary"}
    answer = json.loads(weir("check", "--json", file, env=env).expect(0).out)
    (problem,) = answer["files"][0]["problems"]
    assert answer["ok"] and problem["severity"] == "lint" and problem["path"] == "owner" and problem["line"] == 1
    answer = json.loads(weir("check", "--json", "--strict", file, env=env).expect(2).out)
    assert not answer["ok"]


def test_values_may_be_set_from_outside(weir, files):
    file = files()
    env = {"SECRET": "canary"}
    weir("check", "--set", "resources.memory=2GiB", file, env=env).expect(0)
    ended = weir("check", "--set", "resources.memory=many", file, env=env).expect(2)
    assert ended.out.startswith("--set resources.memory:1:1: resources.memory: \"many\" is no size")


def test_any_bytes_are_a_wrong_file(weir, workdir):
    for number, content in enumerate((b"", b"\x00\xff", b"[" * 5000, b"a: *b", "\ufeff".encode(), b"- " * 100_000)):
        file = workdir / f"{number}.yaml"
        file.write_bytes(content)
        ended = weir("check", file).expect(2)
        assert ended.out.startswith(f"{file}:1:") and ended.err == ""
    assert "cannot be read" in weir("check", workdir).expect(2).out
    assert "cannot be read" in weir("run", workdir / "none.yaml").expect(2).err


@pytest.mark.parametrize("page", ["pipeline", "contract"])
def test_schema_prints_the_committed_pages(weir, page):
    reference = ROOT / "docs" / "reference"
    assert weir("schema", page).expect(0).out == (reference / f"{page}.schema.json").read_text()
    assert weir("schema", "--format", "markdown", page).expect(0).out == (reference / f"{page}.md").read_text()
