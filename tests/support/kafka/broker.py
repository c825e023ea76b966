#!/usr/bin/env python3
"""A real Apache Kafka node (KRaft: broker and controller in one JVM) on loopback, for tests and benchmarks.

    broker.py start [--home DIR] [--port N] [--full-speed] [--security] [--property K=V]...   prints the bootstrap address
    broker.py restart | stop [--wipe] | kill | status        [--home DIR]      restart takes the options of start as well
    broker.py topic NAME [--partitions N] [--config K=V]...  [--home DIR]      nothing happens where it exists
    broker.py tool CLASS ARGUMENT...                         [--home DIR]      e.g. tool org.apache.kafka.tools.TopicCommand --list

Each broker is a home directory of its own: ports, configuration, data and log live there, so several run side by
side. `start` is idempotent, and a restart keeps the ports and the data. Needs Java 17+, Maven for the first run only,
and openssl for --security. Standard library only.
"""
import argparse
import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))   # as a program it finds the other helpers, too
import broker_jars  # noqa: E402
import broker_security as security

CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
LOG4J = """Configuration:
  Appenders:
    Console: {name: out, PatternLayout: {pattern: "[%d] %p %c{1}: %m%n"}}
  Loggers:
    Root: {level: WARN, AppenderRef: {ref: out}}
"""
# Quick to start and small, for tests; steady and fast, for benchmarks.
TEST_JVM = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms96m", "-Xmx384m"]
FULL_SPEED_JVM = ["-Xms1g", "-Xmx1g", "-XX:+UseG1GC"]


class Broker:
    """One node. Not safe for use from several threads at once."""

    def __init__(self, home, port=None, full_speed=False, secured=False, properties=(), die_with_parent=False):
        self.home = Path(home).resolve()
        self.secured, self.full_speed = secured, full_speed
        self.properties = list(properties)
        self.die_with_parent = die_with_parent      # a test run that is killed leaves no broker behind
        self.wanted_port = port
        self.process = None                         # set where this very process started the JVM

    # -- addresses --------------------------------------------------------------------------------------------------

    @property
    def ports(self) -> dict[str, int]:
        return json.loads((self.home / "ports.json").read_text())

    def address(self, listener="PLAINTEXT") -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    @property
    def bootstrap(self) -> str:
        return self.address()

    @property
    def certificates(self) -> dict[str, Path]:
        return security.make_certificates(self.home / "certificates")

    # -- life -------------------------------------------------------------------------------------------------------

    def start(self, deadline_s=60) -> "Broker":
        for attempt in (1, 2, 3):                   # a free port may be taken between our look and the JVM's bind
            if self.running():
                break
            self.prepare()
            self.launch()
            if self.wait_ready(deadline_s):
                break
            if "BindException" not in self.log_tail() or attempt == 3:
                tail = self.log_tail()
                self.kill()
                raise RuntimeError(f"Kafka did not become ready; {self.home / 'kafka.log'} ends:\n{tail}")
            self.kill()
            if self.wanted_port is None and not (self.home / "data" / "meta.properties").exists():
                (self.home / "ports.json").unlink()
        return self

    def stop(self, deadline_s=30):
        """A clean shutdown; a broker that does not go in time is killed."""
        self.signal(signal.SIGTERM)
        if not wait_for(lambda: not self.running(), deadline_s):
            self.kill()
        self.forget()

    def kill(self):
        """SIGKILL, as in a crash; data stays."""
        self.signal(signal.SIGKILL)
        wait_for(lambda: not self.running(), 10)
        self.forget()

    def restart(self):
        self.stop()
        return self.start()

    def wipe(self):
        self.stop()
        for name in ("data", "certificates"):
            shutil.rmtree(self.home / name, ignore_errors=True)

    @property
    def pid(self):
        """The JVM's pid, or None. A pid that now belongs to another program does not count."""
        if self.process and self.process.poll() is not None:
            self.process = None
        try:
            pid = int((self.home / "kafka.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (OSError, ValueError):
            return None
        return pid if state != "Z" and str(self.home / "server.properties").encode() in command else None

    def running(self) -> bool:
        return self.pid is not None

    def wait_ready(self, deadline_s) -> bool:
        return wait_for(lambda: not self.running() or self.answers(), deadline_s, pause_s=0.05) and self.running()

    def answers(self) -> bool:
        """Asks for ApiVersions, as every client's first request does; a KRaft node answers once it is unfenced."""
        request = struct.pack(">hhih", 18, 0, 1, -1)
        try:
            with socket.create_connection(("127.0.0.1", self.ports["PLAINTEXT"]), timeout=2) as link:
                link.sendall(struct.pack(">i", len(request)) + request)
                answer = link.recv(10)
            return len(answer) == 10 and struct.unpack(">iih", answer)[1:] == (1, 0)
        except OSError:
            return False

    # -- tools ------------------------------------------------------------------------------------------------------

    def tool(self, class_name, *arguments, capture=False):
        """Runs a command-line class of Kafka. It costs a JVM start (1 to 2 s); tests use an AdminClient instead."""
        return subprocess.run(self.java(["-Xmx256m"], class_name, *arguments), check=True, text=True,
                              stdout=subprocess.PIPE if capture else None)

    def topic(self, name, partitions=4, **config):
        settings = [part for key, value in config.items() for part in ("--config", f"{key}={value}")]
        self.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.bootstrap, "--create",
                  "--if-not-exists", "--topic", name, "--partitions", str(partitions), *settings)

    # -- how it is done ---------------------------------------------------------------------------------------------

    def java(self, options, class_name, *arguments):
        return ["java", *(FULL_SPEED_JVM if self.full_speed else TEST_JVM), *options,
                f"-Dlog4j2.configurationFile={self.home / 'log4j2.yaml'}", f"-Dkafka.logs.dir={self.home}",
                "-cp", f"{broker_jars.libs()}/*", class_name, *map(str, arguments)]

    def prepare(self):
        """Ports, configuration and formatted storage."""
        self.home.mkdir(parents=True, exist_ok=True)
        listeners = list(security.PROTOCOLS) if self.secured else ["PLAINTEXT"]
        if not (self.home / "ports.json").exists():
            free = free_ports(len(listeners) + 1)
            ports = dict(zip([*listeners, "CONTROLLER"], free))
            if self.wanted_port:
                ports["PLAINTEXT"] = self.wanted_port
            (self.home / "ports.json").write_text(json.dumps(ports))
        (self.home / "log4j2.yaml").write_text(LOG4J)
        (self.home / "server.properties").write_text("\n".join(self.server_properties(listeners)) + "\n")
        if not (self.home / "data" / "meta.properties").exists():
            users = security.scram_arguments() if self.secured else []
            done = subprocess.run(
                self.java([], "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID,
                          "-c", self.home / "server.properties", *users), capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}")

    def server_properties(self, listeners) -> list[str]:
        ports = self.ports
        protocols = {**security.PROTOCOLS, "CONTROLLER": "PLAINTEXT"}
        where = [f"{name}://127.0.0.1:{ports[name]}" for name in listeners]
        lines = [
            "process.roles=broker,controller", "node.id=1",
            f"controller.quorum.voters=1@127.0.0.1:{ports['CONTROLLER']}", "controller.listener.names=CONTROLLER",
            f"listeners={','.join(where)},CONTROLLER://127.0.0.1:{ports['CONTROLLER']}",
            f"advertised.listeners={','.join(where)}", "inter.broker.listener.name=PLAINTEXT",
            "listener.security.protocol.map=" + ",".join(f"{k}:{v}" for k, v in protocols.items()),
            f"log.dirs={self.home / 'data'}",
            "num.partitions=1", "auto.create.topics.enable=false",
            # One node; few partitions of the inner topics, so that the first commit or transaction is quick.
            "offsets.topic.replication.factor=1", "offsets.topic.num.partitions=4",
            "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
            "transaction.state.log.num.partitions=4", "group.initial.rebalance.delay.ms=0",
            # A test says when records go: nothing is removed by age or size, a deletion is carried out at once.
            "log.retention.hours=-1", "log.retention.bytes=-1",
            "log.segment.delete.delay.ms=1000", "log.retention.check.interval.ms=1000",
            "log.cleaner.backoff.ms=1000", "log.initial.task.delay.ms=1000",
        ]
        if not self.full_speed:
            # After a kill the node must not wait for 9 s until its former self's session is over.
            lines += ["broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"]
        if self.secured:
            lines += security.server_properties(self.certificates)
        return lines + self.properties

    def launch(self):
        command = self.java([], "kafka.Kafka", self.home / "server.properties")
        log = open(self.home / "kafka.log", "ab")
        with_parent = die_with_parent if self.die_with_parent else None
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        start_new_session=True, preexec_fn=with_parent)
        log.close()
        (self.home / "kafka.pid").write_text(str(self.process.pid))

    def signal(self, number):
        pid = self.pid
        if pid:
            os.kill(pid, number)

    def forget(self):
        if self.process:
            self.process.wait()
            self.process = None
        (self.home / "kafka.pid").unlink(missing_ok=True)

    def log_tail(self, size=3000) -> str:
        try:
            return (self.home / "kafka.log").read_text(errors="replace")[-size:]
        except OSError:
            return ""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)        # PR_SET_PDEATHSIG


def free_ports(count) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def wait_for(condition, deadline_s, pause_s=0.1) -> bool:
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", default=str(broker_jars.cache_dir() / "default"), help="the broker's own directory")
    common.add_argument("--full-speed", action="store_true", help="a JVM for benchmarks")
    common.add_argument("--security", action="store_true", help="TLS and SASL listeners as well")
    common.add_argument("--port", type=int, help="client port; a free one otherwise")
    common.add_argument("--property", action="append", default=[], metavar="K=V", help="a line of server.properties")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("start", "kill", "restart", "status"):
        verbs.add_parser(verb, parents=[common])
    verbs.add_parser("stop", parents=[common]).add_argument("--wipe", action="store_true", help="topics go, too")
    topic = verbs.add_parser("topic", parents=[common])
    topic.add_argument("name")
    topic.add_argument("--partitions", type=int, default=4)
    topic.add_argument("--config", action="append", default=[], metavar="K=V")
    tool = verbs.add_parser("tool", parents=[common])
    tool.add_argument("class_name")
    tool.add_argument("arguments", nargs=argparse.REMAINDER)
    a = parser.parse_args()

    broker = Broker(a.home, a.port, a.full_speed, a.security, a.property)
    if a.verb == "stop" and a.wipe:
        broker.wipe()
    elif a.verb in ("stop", "kill"):
        getattr(broker, a.verb)()
    elif a.verb == "topic":
        broker.topic(a.name, a.partitions, **dict(c.split("=", 1) for c in a.config))
    elif a.verb == "tool":
        broker.tool(a.class_name, *(["--bootstrap-server", broker.bootstrap] + a.arguments))
    elif a.verb == "status":
        if not broker.running():
            sys.exit("not running")
        print("\n".join(f"{name} 127.0.0.1:{port}" for name, port in broker.ports.items()))
    else:
        getattr(broker, a.verb)()
        print(broker.bootstrap)


if __name__ == "__main__":
    main()
