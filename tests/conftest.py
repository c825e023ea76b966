"""Fixtures for every Python test: a real broker, a fresh topic, the weir binary, a folder with a space in its name."""
import itertools
import re
import shutil

import pytest

from broker import Broker
from kafka_client import KafkaClient
from weir_process import Weir, weir_binary

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """A plain broker that the session shares. A test that stops or kills brokers starts its own."""
    node = Broker(tmp_path_factory.mktemp("kafka broker"), die_with_parent=True).start()
    yield node
    node.kill()
    shutil.rmtree(node.home, ignore_errors=True)


@pytest.fixture(scope="session")
def secured_broker(tmp_path_factory):
    """A broker with TLS and SASL listeners (see support/kafka/broker_security.py)."""
    node = Broker(tmp_path_factory.mktemp("secured broker"), secured=True, die_with_parent=True).start()
    yield node
    node.kill()
    shutil.rmtree(node.home, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(broker):
    return KafkaClient(broker.bootstrap)


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """Spark with Delta. One for the session: its first query takes seconds."""
    import delta_spark

    session = delta_spark.start(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


@pytest.fixture
def topic_name(request):
    """A name that no other test has."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:60] + f"-{next(_numbers)}"


@pytest.fixture
def topic(kafka, topic_name):
    """A fresh topic of four partitions on the shared broker."""
    return kafka.create_topic(topic_name, partitions=4)


@pytest.fixture
def workdir(tmp_path):
    folder = tmp_path / "work dir"
    folder.mkdir()
    return folder


@pytest.fixture
def weir(workdir):
    if not weir_binary().exists():
        pytest.fail(f"there is no {weir_binary()}: build it, or name it in WEIR_BIN")
    runner = Weir(workdir)
    yield runner
    runner.stop_all()
