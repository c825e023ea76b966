"""Stands between a client and a broker and treats the client's requests as a test says: lost, their answer lost, or late.

A request is known by its API key; the rules hold for clients named "weir" only, so that the test's own are never disturbed.
"""
import socket
import struct
import threading
import time
from collections import Counter

from broker import Broker, free_ports

END_TXN, TXN_OFFSET_COMMIT = 26, 28


class KafkaProxy:
    """`rules[END_TXN] = "lose_request" | "lose_answer" | seconds`; without a rule all passes. `met` counts what a rule met."""

    def __init__(self, port: int):
        self.rules: dict[int, str | float] = {}
        self.met: Counter = Counter()
        self.upstream, self.links = None, []
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()
        for link in self.links:
            link.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                client.close()
                continue
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.links.append(_Link(self, client, server))


class _Link:
    """One connection. A lost request or answer ends it, as a broken network would."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server, self.unwanted = proxy, client, server, set()
        self.pumps = [threading.Thread(target=pump, daemon=True) for pump in (self.requests, self.answers)]
        for pump in self.pumps:
            pump.start()

    def close(self):
        for s in (self.client, self.server):
            self.end(s)
        for pump in self.pumps:
            pump.join()
        for s in (self.client, self.server):
            s.close()

    def requests(self):
        while (frame := read_frame(self.client)) is not None:
            key, _, correlation = struct.unpack_from(">hhi", frame, 4)
            rule = self.proxy.rules.get(key) if client_id(frame) == b"weir" else None
            if rule is not None:
                self.proxy.met[key] += 1
            if rule == "lose_request":
                break
            if rule == "lose_answer":
                self.unwanted.add(correlation)
            if isinstance(rule, (int, float)):
                time.sleep(rule)             # and then it is sent, whether the client still waits or not
            try:
                self.server.sendall(frame)
            except OSError:
                break
        self.end(self.client)
        time.sleep(0.2)                      # what was sent may still be answered, to nobody
        self.end(self.server)

    def answers(self):
        while (frame := read_frame(self.server)) is not None:
            if struct.unpack_from(">i", frame, 4)[0] in self.unwanted:
                break
            try:
                self.client.sendall(frame)
            except OSError:
                break
        self.end(self.client)
        self.end(self.server)

    @staticmethod
    def end(s):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def client_id(frame: bytes) -> bytes:
    size = struct.unpack_from(">h", frame, 12)[0]
    return frame[14:14 + size] if size > 0 else b""


def read_frame(s) -> bytes | None:
    head = read_exactly(s, 4)
    body = read_exactly(s, struct.unpack(">i", head)[0]) if head else None
    return head + body if body is not None else None


def read_exactly(s, size) -> bytes | None:
    parts = []
    while size > 0:
        try:
            part = s.recv(min(size, 1 << 20))
        except OSError:
            return None
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def proxied_broker(home, **options) -> tuple[Broker, KafkaProxy]:
    """A broker that all clients reach through the proxy: it says that this is its address."""
    (port,) = free_ports(1)
    proxy = KafkaProxy(port)
    properties = [*options.pop("properties", ()), f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}"]
    broker = Broker(home, properties=properties, **options).start()
    proxy.upstream = broker.ports["PLAINTEXT"]
    return broker, proxy
