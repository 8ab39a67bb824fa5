"""Key management services on loopback, as their documentation says they speak.

Vault: API, transit secrets engine, "Encrypt Data" and "Decrypt Data". AWS: KMS API reference,
Encrypt and Decrypt, over the JSON 1.1 protocol. Google: Cloud KMS REST reference,
cryptoKeys.encrypt and decrypt. Azure: Key Vault REST reference 7.4, Wrap Key and Unwrap Key.

They are strict: what the real one would refuse is refused here, with its status.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VAULT_TOKEN = "canary-token-of-the-vault"
BEARER = "canary-bearer-of-the-cloud"
ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
CLOUD_KEY = "projects/p/locations/eu/keyRings/r/cryptoKeys/grantline"


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class KeyServices:
    """All four behind one port; ``calls`` are the operations that were asked for."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.key = AESGCM.generate_key(256)
        self.answers_with: int | None = None
        self.spoils = False
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    status, answer = 200, services.answer(self, json.loads(body))
                except Refused as refused:
                    status, answer = refused.status, {"errors": ["no"], "__type": "Refused"}
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"

    def answer(self, asked: BaseHTTPRequestHandler, body: dict[str, str]) -> dict[str, Any]:
        if self.answers_with is not None:
            raise Refused(self.answers_with)
        headers, path = asked.headers, asked.path
        if target := headers.get("X-Amz-Target"):
            return self._amazon(target, headers, body)
        if path.startswith(f"/v1/{CLOUD_KEY}:"):
            _require(headers["Authorization"] == f"Bearer {BEARER}", 401)
            return self._google(path.rpartition(":")[2], body)
        if path.startswith("/v1/transit/"):
            _require(headers["X-Vault-Token"] == VAULT_TOKEN, 403)
            return self._transit(path, body)
        if path.startswith("/keys/grantline"):
            _require(headers["Authorization"] == f"Bearer {BEARER}", 401)
            return self._azure(path, body)
        raise Refused(404)

    def _transit(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        match path.removeprefix("/v1/transit/"):
            case "encrypt/grantline":
                self.calls.append("encrypt")
                sealed = self._seal(base64.b64decode(body["plaintext"], validate=True))
                return {"data": {"ciphertext": f"vault:v1:{_b64(sealed)}", "key_version": 1}}
            case "decrypt/grantline":
                self.calls.append("decrypt")
                kind, version, sealed_text = body["ciphertext"].split(":")
                _require((kind, version) == ("vault", "v1"), 400)
                return {"data": {"plaintext": _b64(self._open(base64.b64decode(sealed_text)))}}
        raise Refused(404)

    def _amazon(self, target: str, headers: Any, body: dict[str, Any]) -> dict[str, Any]:
        _require(headers["Content-Type"] == "application/x-amz-json-1.1", 400)
        signed = headers["Authorization"]
        _require(signed.startswith("AWS4-HMAC-SHA256 ") and "/eu-central-1/kms/" in signed, 400)
        _require(body["KeyId"] == ARN, 400)
        bound_to = json.dumps(body["EncryptionContext"], sort_keys=True).encode()
        self.calls.append(target.partition(".")[2].lower())
        if target == "TrentService.Encrypt":
            sealed = self._seal(base64.b64decode(body["Plaintext"]), bound_to)
            return {"CiphertextBlob": _b64(sealed), "KeyId": ARN}
        opened = self._open(base64.b64decode(body["CiphertextBlob"]), bound_to)
        return {"Plaintext": _b64(opened), "KeyId": ARN}

    def _google(self, what: str, body: dict[str, str]) -> dict[str, Any]:
        bound_to = base64.b64decode(body["additionalAuthenticatedData"])
        self.calls.append(what)
        if what == "encrypt":
            return {"ciphertext": _b64(self._seal(base64.b64decode(body["plaintext"]), bound_to))}
        return {"plaintext": _b64(self._open(base64.b64decode(body["ciphertext"]), bound_to))}

    def _azure(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        path, _, query = path.partition("?")
        _require(query == "api-version=7.4" and body["alg"] == "RSA-OAEP-256", 400)
        value = base64.urlsafe_b64decode(body["value"] + "==")
        kid = f"https://{self.host}/keys/grantline/v7"
        match path:
            case "/keys/grantline/wrapkey":
                self.calls.append("encrypt")
                found = self._seal(value)
            case "/keys/grantline/v7/unwrapkey":
                self.calls.append("decrypt")
                found = self._open(value)
            case _:
                raise Refused(404)
        return {"kid": kid, "value": base64.urlsafe_b64encode(found).rstrip(b"=").decode()}

    def _seal(self, value: bytes, bound_to: bytes = b"") -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(self.key).encrypt(nonce, value, bound_to)

    def _open(self, sealed: bytes, bound_to: bytes = b"") -> bytes:
        try:
            found = AESGCM(self.key).decrypt(sealed[:12], sealed[12:], bound_to)
        except InvalidTag:
            raise Refused(400) from None
        return found[::-1] if self.spoils else found


@contextmanager
def key_services() -> Iterator[KeyServices]:
    services = KeyServices()
    thread = threading.Thread(target=services.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield services
    finally:
        services.server.shutdown()
        thread.join()
        services.server.server_close()


def _require(condition: bool, status: int) -> None:  # noqa: FBT001 - an assertion
    if not condition:
        raise Refused(status)


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
