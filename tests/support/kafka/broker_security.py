"""The security variant of the broker: certificates and the lines of server.properties for its secured listeners.

Certificates are made by openssl when a test needs them and live for a month; no key is ever part of the repository.
Listeners: PLAINTEXT, SSL, MTLS (SSL that asks for a client certificate), SASL_PLAINTEXT, SASL_SSL. Both SASL
listeners take PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER. OAUTHBEARER tokens are unsigned JWTs; see
token_endpoint.py for an OIDC endpoint that hands them out.
"""
import subprocess
from pathlib import Path

USER, PASSWORD = "weir", "weir-secret"                 # may do everything
STRANGER, STRANGER_PASSWORD = "stranger", "stranger-secret"   # may log in, may touch no topic
CLIENT_CN = "weir-client"                              # the subject of the client certificate; may do everything
PROTOCOLS = {"PLAINTEXT": "PLAINTEXT", "SSL": "SSL", "MTLS": "SSL",
             "SASL_PLAINTEXT": "SASL_PLAINTEXT", "SASL_SSL": "SASL_SSL"}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")


def make_certificates(folder: Path) -> dict[str, Path]:
    """Makes (once) ca.pem; server.pem = key + certificate; client.key, client.pem; other-ca.pem, which signed nothing."""
    names = {"ca": "ca.pem", "server": "server.pem", "client_key": "client.key", "client": "client.pem",
             "other_ca": "other-ca.pem"}
    files = {name: folder / file for name, file in names.items()}
    if all(f.exists() for f in files.values()):
        return files
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    def authority(stem, subject):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={subject}",
                "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", f"{stem}.key", "-out", f"{stem}.pem")

    def issue(stem, subject, extension):
        (folder / f"{stem}.ext").write_text(extension)
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={subject}",
                "-keyout", f"{stem}.key", "-out", f"{stem}.csr")
        openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "30", "-extfile", f"{stem}.ext", "-out", f"{stem}.crt")

    authority("ca", "weir-test-ca")
    authority("other-ca", "another-ca")
    issue("server", "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    issue("client", CLIENT_CN, "extendedKeyUsage=clientAuth\n")
    files["server"].write_text((folder / "server.key").read_text() + (folder / "server.crt").read_text())
    files["client"].write_text((folder / "client.crt").read_text())
    return files


def server_properties(certificates: dict[str, Path]) -> list[str]:
    lines = [
        "ssl.keystore.type=PEM", f"ssl.keystore.location={certificates['server']}",
        "ssl.truststore.type=PEM", f"ssl.truststore.location={certificates['ca']}",
        "listener.name.mtls.ssl.client.auth=required",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        f"super.users=User:ANONYMOUS;User:{USER};User:CN={CLIENT_CN}",
        f"sasl.enabled.mechanisms={','.join(MECHANISMS)}",
    ]
    modules = "org.apache.kafka.common.security"
    jaas = {
        "plain": f'{modules}.plain.PlainLoginModule required user_{USER}="{PASSWORD}" '
                 f'user_{STRANGER}="{STRANGER_PASSWORD}";',
        "scram-sha-256": f"{modules}.scram.ScramLoginModule required;",
        "scram-sha-512": f"{modules}.scram.ScramLoginModule required;",
        "oauthbearer": f'{modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
    }
    for listener in ("sasl_plaintext", "sasl_ssl"):
        for mechanism, module in jaas.items():
            lines.append(f"listener.name.{listener}.{mechanism}.sasl.jaas.config={module}")
    return lines


def scram_arguments() -> list[str]:
    """For the command that formats the storage: SCRAM users are part of the cluster's first metadata."""
    arguments = []
    for user, password in ((USER, PASSWORD), (STRANGER, STRANGER_PASSWORD)):
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            arguments += ["--add-scram", f"{mechanism}=[name={user},password={password}]"]
    return arguments
