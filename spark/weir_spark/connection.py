"""A Kafka connection of the file as options of Spark's Kafka connector."""

from __future__ import annotations

from weir_spark.document import Section, Value
from weir_spark.refusals import refuse

_LOGIN = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def kafka_options(connection: Value) -> dict[str, str]:
    section = connection.section()
    section.need("type").choice("kafka")
    options = {"kafka.bootstrap.servers": ",".join(section.need("brokers").texts())}
    properties = section.take("properties")
    if properties:
        raise refuse("properties", properties)
    security = section.take("security")
    if security:
        options |= _security(security.section())
    section.end()
    return options


def _security(section: Section) -> dict[str, str]:
    protocol = section.text("protocol", "PLAINTEXT")
    options = {"kafka.security.protocol": protocol}
    mechanism_value = section.take("mechanism")
    mechanism = mechanism_value.text() if mechanism_value else "PLAIN"
    username, password = section.text("username"), section.text("password")
    if protocol.startswith("SASL"):
        if mechanism not in _LOGIN:
            raise refuse("oauth", mechanism_value or section.value)
        options["kafka.sasl.mechanism"] = mechanism
        options["kafka.sasl.jaas.config"] = (
            f"{_LOGIN[mechanism]} required username={_quoted(username)} password={_quoted(password)};"
        )
    for key, option in (("ca_file", "truststore.location"), ("certificate_file", "keystore.location")):
        entry = section.take(key)
        if entry:
            options[f"kafka.ssl.{option}"] = str(entry.file.parent / entry.text())
            options[f"kafka.ssl.{option.split('.')[0]}.type"] = "PEM"
    key_file, key_password, verify = (
        section.take("key_file"),
        section.take("key_password"),
        section.take("verify_hostname"),
    )
    if key_file:
        raise key_file.wrong(
            "cannot be done on Spark: Kafka's Java client wants key and certificate in one PEM file; "
            "write both into certificate_file"
        )
    if key_password:
        options["kafka.ssl.key.password"] = key_password.text()
    if verify and not verify.boolean():
        options["kafka.ssl.endpoint.identification.algorithm"] = ""
    section.end()
    return options


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
