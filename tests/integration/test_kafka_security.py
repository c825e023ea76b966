"""Every way to log in, and every way for it to go wrong: told within 10 s, by name, and never with a secret."""
import socket
import time

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

import broker_security as security
from kafka_client import KafkaClient, Record
from kafka_probe import Failed, Probe
from token_endpoint import CLIENT_ID, CLIENT_SECRET, TokenEndpoint

MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@pytest.fixture(scope="module")
def secured_topic(secured_broker):
    client = KafkaClient(secured_broker.bootstrap)
    client.create_topic("guarded", partitions=1)
    client.produce("guarded", [Record("v", partition=0)])
    return "guarded"


@pytest.fixture
def probe(secured_broker, secured_topic, tmp_path):
    """A probe of the secured topic over a listener."""
    made = []

    def make(listener, topics=(secured_topic,), bootstrap=None, properties=None, **options):
        options["properties"] = properties or {}
        made.append(Probe(bootstrap or secured_broker.address(listener), log=tmp_path / "probe.log", topics=list(topics),
                          security={"protocol": "SSL" if listener == "MTLS" else listener, **options.pop("security", {})}, **options))
        return made[-1]

    make.log = tmp_path / "probe.log"
    yield make
    for p in made:
        p.close()


def reads(source):
    source.call("verify")
    assert source.open().fetch_some(1)[0]["value"] == "v"


def fails(source, fault, text, verb="verify", within_s=10):
    begin = time.monotonic()
    with pytest.raises(Failed, match=text) as failed:
        source.call(verb)
    assert failed.value.fault == fault, failed.value
    assert time.monotonic() - begin < within_s
    return str(failed.value)


def user(mechanism, name=security.USER, password=security.PASSWORD, **extra):
    return {"mechanism": mechanism, "username": name, "password": password, **extra}


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_users_log_in(probe, secured_broker, mechanism):
    ca = str(secured_broker.certificates["ca"])
    reads(probe("SASL_PLAINTEXT", security=user(mechanism)))
    reads(probe("SASL_SSL", security=user(mechanism, ca_file=ca)))


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("listener", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_wrong_password_is_told(probe, secured_broker, mechanism, listener):
    ca = {"ca_file": str(secured_broker.certificates["ca"])} if listener == "SASL_SSL" else {}
    text = fails(probe(listener, security=user(mechanism, password="wrong-canary", **ca)), "config", "Kafka refuses the credentials")
    assert "connection main" in text and mechanism in text and "user weir" in text
    assert "wrong-canary" not in text and "wrong-canary" not in probe.log.read_text()


def test_a_user_without_rights(probe, secured_topic):
    stranger = user("PLAIN", security.STRANGER, security.STRANGER_PASSWORD)
    text = fails(probe("SASL_PLAINTEXT", security=stranger), "config", "no right to the topic")
    assert secured_topic in text and "stranger" in text


def test_each_right_that_a_transaction_needs_is_named(secured_broker, secured_topic, tmp_path):
    """Rights come one by one; what is missing next is named, and with the last one rows arrive."""
    client = KafkaClient(secured_broker.bootstrap)
    client.create_topic("guarded-out", partitions=1)

    def grant(kind, name, *operations):
        entries = [AclBinding(kind, name, ResourcePatternType.LITERAL, f"User:{security.STRANGER}", "*", operation,
                              AclPermissionType.ALLOW) for operation in operations]
        for f in client.admin.create_acls(entries).values():
            f.result(10)
        time.sleep(0.5)                                  # KRaft tells the authorizer in a moment

    def attempt(verb, **arguments):
        with Probe(secured_broker.address("SASL_PLAINTEXT"), log=tmp_path / "probe.log", topic="guarded-out", pipeline="guarded",
                   timeout_ms=8000, security={"protocol": "SASL_PLAINTEXT",
                                              **user("PLAIN", security.STRANGER, security.STRANGER_PASSWORD)}) as sink:
            if verb == "write":
                sink.open_sink()
                return sink.write("SELECT 1 AS i, 0::UBIGINT AS _src")
            return fails(sink, "config", arguments.pop("says"), verb, within_s=15) if verb == "open_sink" else \
                fails_with_rows(sink, arguments.pop("says"))

    def fails_with_rows(sink, text):
        with pytest.raises(Failed, match=text) as failed:
            sink.call("verify_sink", rows="SELECT 1 AS i, 0::UBIGINT AS _src")
        assert failed.value.fault == "config"

    grant(ResourceType.TOPIC, "guarded-out", AclOperation.DESCRIBE)
    attempt("verify_sink", says="no right to the topic.*Write is missing")
    grant(ResourceType.TOPIC, "guarded-out", AclOperation.WRITE)
    attempt("verify_sink", says="no right to the topic.*Read is missing, exactly once needs it")
    grant(ResourceType.TOPIC, "guarded-out", AclOperation.READ)
    attempt("open_sink", says="no right to the consumer group")
    grant(ResourceType.GROUP, "weir.guarded.probe", AclOperation.READ)
    attempt("open_sink", says="no right to the transactional id")
    grant(ResourceType.TRANSACTIONAL_ID, "weir.guarded.probe", AclOperation.WRITE)
    assert attempt("write")["rows"] == 1
    assert len(client.read("guarded-out")) == 1


def test_a_topic_that_is_not_there(probe):
    fails(probe("SASL_PLAINTEXT", topics=["nowhere"], security=user("PLAIN")), "config", "nowhere.*the topic does not exist")


def test_tls_with_and_without_the_right_authority(probe, secured_broker):
    c = {k: str(v) for k, v in secured_broker.certificates.items()}
    reads(probe("SSL", security={"ca_file": c["ca"]}))
    fails(probe("SSL", security={"ca_file": c["other_ca"]}), "config", "TLS connection to Kafka fails.*certificate")
    fails(probe("SSL", security={}), "config", "TLS connection to Kafka fails")
    reads(probe("MTLS", security={"ca_file": c["ca"], "certificate_file": c["client"], "key_file": c["client_key"]}))


def test_another_name_of_the_certificate(probe, secured_broker):
    ca = str(secured_broker.certificates["ca"])
    port = secured_broker.ports["SSL"]
    reads(probe("SSL", bootstrap=f"localhost:{port}", security={"ca_file": ca}))


def test_the_wrong_protocol_for_a_listener(probe, secured_broker):
    c = {k: str(v) for k, v in secured_broker.certificates.items()}
    plain = secured_broker.ports["PLAINTEXT"]
    fails(probe("SSL", bootstrap=f"127.0.0.1:{plain}", security={"ca_file": c["ca"]}), "external", "PLAINTEXT broker listener")
    tls = secured_broker.ports["SASL_SSL"]
    text = fails(probe("SASL_PLAINTEXT", bootstrap=f"127.0.0.1:{tls}", security=user("PLAIN")), "external", "connection main")
    assert "security.protocol" in text


def test_a_broker_that_is_away_or_has_no_such_name(probe):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        closed = s.getsockname()[1]
    text = fails(probe("PLAINTEXT", bootstrap=f"127.0.0.1:{closed}"), "external", "no answer from the brokers")
    assert f"127.0.0.1:{closed}" in text and "Connection refused" in text
    fails(probe("PLAINTEXT", bootstrap="no-such-host.invalid:9092"), "external", "no-such-host.invalid.*resolve")


def test_a_host_that_swallows_everything(probe):
    """Accepts connections and never answers: the check ends all the same."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(16)
        fails(probe("PLAINTEXT", bootstrap=f"127.0.0.1:{s.getsockname()[1]}"), "external", "no answer from the brokers")


def test_oauthbearer(probe):
    with TokenEndpoint() as endpoint:
        token = {"mechanism": "OAUTHBEARER", "token_url": endpoint.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        reads(probe("SASL_PLAINTEXT", security=token))
        assert endpoint.granted > 0
        text = fails(probe("SASL_PLAINTEXT", security={**token, "client_secret": "wrong-canary"}), "config", "Kafka refuses the credentials")
        assert "client weir-oidc" in text and endpoint.refused > 0
        assert "wrong-canary" not in text and "wrong-canary" not in probe.log.read_text()
    fails(probe("SASL_PLAINTEXT", security=token), "config", "Kafka refuses the credentials")      # the end point is away


def test_a_password_changed_under_a_running_source_is_told_and_cured(secured_broker, secured_topic, probe):
    """SCRAM passwords can be changed while clients run; the broker then closes what logs in again with the old one."""
    from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
    client = KafkaClient(secured_broker.bootstrap)

    def set_password(password):
        change = UserScramCredentialUpsertion("weir", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), password.encode())
        for future in client.admin.alter_user_scram_credentials([change]).values():
            future.result(10)
        time.sleep(0.5)

    source = probe("SASL_PLAINTEXT", security=user("SCRAM-SHA-256"), properties={"connections.max.idle.ms": "1000"}).open()
    assert source.fetch_some(1)
    set_password("another")
    try:
        text = fails(probe("SASL_PLAINTEXT", security=user("SCRAM-SHA-256")), "config", "Kafka refuses the credentials")
        assert "SCRAM-SHA-256" in text
        begin, told = time.monotonic(), None
        secured_broker.restart()                             # all connections log in again
        while told is None and time.monotonic() - begin < 40:
            try:
                source.fetch(wait_ms=200)
            except Failed as error:
                told = error if error.fault == "config" else None
        assert told and "Kafka refuses the credentials" in str(told)
    finally:
        set_password(security.PASSWORD)
    client.produce(secured_topic, [Record("w", partition=0)], **{"linger.ms": 1})
    seen, begin = [], time.monotonic()
    while not seen and time.monotonic() - begin < 30:        # without a new source
        try:
            seen += source.fetch(wait_ms=500)["records"]
        except Failed:
            pass
    assert [r["value"] for r in seen] == ["w"]
