"""The rig holds what it promises: the broker's life, its secured listeners, the odd records, the file reader."""
import json

import duckdb
import pytest
from confluent_kafka import KafkaException

import broker_security as security
import sink_files
from broker import Broker
from kafka_client import KafkaClient, Record
from token_endpoint import CLIENT_ID, CLIENT_SECRET, TokenEndpoint


def test_brokers_side_by_side_keep_what_was_acknowledged_over_a_kill(broker, tmp_path):
    node = Broker(tmp_path / "another broker", die_with_parent=True).start()
    assert node.bootstrap != broker.bootstrap
    client = KafkaClient(node.bootstrap)
    client.create_topic("t", partitions=1)
    client.produce("t", [b"one"])
    client.produce_transaction("t", [b"two"])
    first = node.pid
    node.kill()
    assert not node.running()
    node.start()
    assert node.pid != first
    assert [m.value() for m in KafkaClient(node.bootstrap).read("t")] == [b"one", b"two"]
    node.stop()
    assert node.pid is None


def test_null_empty_and_missing_are_told_apart(kafka, topic):
    kafka.produce(topic, [Record(None, key=b"k", partition=0), Record(b"", key=None, partition=0),
                          Record(b"v", key=b"", partition=0, headers=[("h", None), ("h", b"\xff"), ("e", b"")],
                                 timestamp_ms=1_600_000_000_000)])
    a, b, c = kafka.read(topic)
    assert (a.value(), a.key(), b.value(), b.key(), c.value(), c.key()) == (None, b"k", b"", None, b"v", b"")
    assert c.headers() == [("h", None), ("h", b"\xff"), ("e", b"")]
    assert c.timestamp()[1] == 1_600_000_000_000


def test_aborted_and_open_transactions_are_not_read(kafka, topic):
    in_one = [Record(str(i), partition=0) for i in range(10)]
    kafka.produce_transaction(topic, in_one[:3])
    kafka.produce_transaction(topic, in_one[3:6], commit=False)
    with kafka.transaction(topic) as still_open:
        still_open.send(in_one[6:8])
        kafka.produce(topic, in_one[8:])
        assert [m.value() for m in kafka.read(topic)] == [b"0", b"1", b"2"]
        assert len(kafka.read(topic, committed=False)) == 10
        still_open.end(commit=True)
    assert [m.value() for m in kafka.read(topic)] == [b"0", b"1", b"2", b"6", b"7", b"8", b"9"]
    assert kafka.end_offsets(topic)[0] == 13                 # ten records, three markers


def test_records_and_partitions_come_and_go(kafka, topic_name):
    kafka.create_topic(topic_name, partitions=1)
    kafka.produce(topic_name, [str(i).encode() for i in range(5)])
    kafka.delete_records(topic_name, 0, 3)
    assert [m.offset() for m in kafka.read(topic_name)] == [3, 4]
    kafka.add_partitions(topic_name, 3)
    assert kafka.partitions(topic_name) == [0, 1, 2]


def login(mechanism, user=security.USER, password=security.PASSWORD):
    return {"sasl.mechanism": mechanism, "sasl.username": user, "sasl.password": password}


def oidc(url):
    return {"sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.method": "oidc", "sasl.oauthbearer.client.id": CLIENT_ID,
            "sasl.oauthbearer.client.secret": CLIENT_SECRET, "sasl.oauthbearer.token.endpoint.url": url}


def client_of(node, listener, **settings):
    settings = {"security.protocol": security.PROTOCOLS[listener], **settings}
    if "SSL" in settings["security.protocol"]:
        settings.setdefault("ssl.ca.location", str(node.certificates["ca"]))
    return KafkaClient(node.address(listener), **settings)


def assert_usable(client, name):
    client.create_topic(name, partitions=1)
    client.produce(name, [b"x"])
    assert [m.value() for m in client.read(name)] == [b"x"]


@pytest.mark.parametrize("listener", ["SASL_PLAINTEXT", "SASL_SSL"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_password_logins(secured_broker, topic_name, listener, mechanism):
    assert_usable(client_of(secured_broker, listener, **login(mechanism)), topic_name)


@pytest.mark.parametrize("listener", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_oidc_login_asks_the_token_endpoint(secured_broker, topic_name, listener):
    with TokenEndpoint() as endpoint:
        assert_usable(client_of(secured_broker, listener, **oidc(endpoint.url)), topic_name)
        assert endpoint.granted > 0 and endpoint.refused == 0


def test_tls_with_and_without_a_client_certificate(secured_broker, topic_name):
    files = secured_broker.certificates
    identity = {"ssl.certificate.location": str(files["client"]), "ssl.key.location": str(files["client_key"])}
    assert_usable(client_of(secured_broker, "MTLS", **identity), topic_name)
    for refused in (client_of(secured_broker, "MTLS"),
                    client_of(secured_broker, "SSL", **{"ssl.ca.location": str(files["other_ca"])})):
        with pytest.raises(KafkaException):
            refused.admin.list_topics(timeout=2)


def test_wrong_password_and_missing_rights_are_refused(secured_broker, topic_name):
    owner = client_of(secured_broker, "SASL_PLAINTEXT", **login("PLAIN"))
    owner.create_topic(topic_name, partitions=1)
    with pytest.raises(KafkaException):
        client_of(secured_broker, "SASL_PLAINTEXT", **login("SCRAM-SHA-256", password="wrong")).admin.list_topics(timeout=2)
    stranger = client_of(secured_broker, "SASL_PLAINTEXT", **login("PLAIN", security.STRANGER, security.STRANGER_PASSWORD))
    assert topic_name not in stranger.admin.list_topics(timeout=10).topics


def put_batch(folder, n, first, last, keep_manifest=True):
    """As the file sink leaves it: one file and its manifest."""
    place = folder / "_weir" / "0123abcd-0000-4000-8000-000000000000.lake"
    place.mkdir(parents=True, exist_ok=True)
    name = f"0123abcd-{n}-0.parquet"
    duckdb.sql(f"COPY (SELECT range AS id FROM range({first}, {last})) TO '{folder / name}' (FORMAT parquet)")
    if keep_manifest:
        (place / f"{n}.json").write_text(json.dumps({"files": [{"path": name}]}))
    return folder / name


def test_the_file_reader_sees_commits_and_nothing_else(workdir):
    lake = workdir / "lake"
    put_batch(lake, 1, 0, 10, keep_manifest=False)           # pruned: older than the oldest manifest
    put_batch(lake, 2, 10, 15)
    third = put_batch(lake, 3, 15, 20)
    (lake / "_weir" / "scratch.parquet").write_text("not read")
    assert sink_files.query("SELECT count(*), count(DISTINCT id) FROM rows", lake) == [(20, 20)]
    stray = put_batch(lake, 4, 0, 1, keep_manifest=False)
    with pytest.raises(AssertionError, match="not committed"):
        sink_files.query("SELECT 1 FROM rows", lake)
    stray.unlink()
    third.unlink()
    with pytest.raises(AssertionError, match="not there"):
        sink_files.query("SELECT 1 FROM rows", lake)
