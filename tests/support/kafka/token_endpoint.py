"""A tiny OIDC token endpoint on loopback, for clients with `sasl.oauthbearer.method=oidc`.

It answers the client-credentials grant with an unsigned JWT, which the security variant of the broker accepts, and
counts what it was asked, so a test can see that the client really came here.
"""
import base64
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from broker_security import USER

CLIENT_ID, CLIENT_SECRET = "weir-oidc", "oidc-secret"


def unsigned_jwt(subject: str, lifetime_s: int = 600) -> str:
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    now = int(time.time())
    return f"{part({'alg': 'none'})}.{part({'sub': subject, 'iat': now, 'exp': now + lifetime_s})}."


class TokenEndpoint:
    """`with TokenEndpoint() as endpoint:` serves `endpoint.url`; `granted` and `refused` count the answers."""

    def __init__(self, subject: str = USER, lifetime_s: int = 600):
        self.subject, self.lifetime_s, self.granted, self.refused = subject, lifetime_s, 0, 0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if endpoint.allows(self.headers.get("Authorization", ""), dict(urllib.parse.parse_qsl(body))):
                    endpoint.granted += 1
                    token = unsigned_jwt(endpoint.subject, endpoint.lifetime_s)
                    self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": endpoint.lifetime_s})
                else:
                    endpoint.refused += 1
                    self.answer(401, {"error": "invalid_client"})

            def answer(self, status, value):
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/token"

    @staticmethod
    def allows(authorization: str, form: dict[str, str]) -> bool:
        if form.get("grant_type") != "client_credentials":
            return False
        if authorization.startswith("Basic "):
            return base64.b64decode(authorization[6:]).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
