"""A passkey in software: does what a browser and its key do, so that tests can register and sign in with one."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from fido2 import cbor
from fido2.cose import ES256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def browser(host: str = "localhost") -> Client:
    """Return a client on a host where passkeys work without TLS."""
    return Client(SERVER_NAME=host)


def b64(data: bytes) -> str:
    """Encode as WebAuthn's JSON does."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class SoftKey:
    """One credential for one agent on one host."""

    def __init__(self, *, host: str = "localhost", origin: str = "http://localhost") -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.host, self.origin = host, origin
        self.user_handle = ""
        self.flags = PRESENT | VERIFIED

    def register(self, client: Client) -> Any:
        """Add the key in the account of the signed-in agent, whose session counts as just confirmed."""
        session = client.session
        records = session.get("account_authentication_methods", [])
        session["account_authentication_methods"] = [
            *records, {"method": "mfa", "type": "totp", "at": 2e10, "reauthenticated": True},
        ]  # fmt: skip
        session["account_authentication_methods_user"] = session["_auth_user_id"]
        session.save()
        options = client.get(reverse("mfa_add_webauthn")).context["js_data"]["creation_options"]["publicKey"]
        self.user_handle = options["user"]["id"]
        public = ES256.from_cryptography_key(self.private.public_key())  # type: ignore[no-untyped-call]
        key = cbor.encode(dict(public))
        data = self._data(ATTESTED) + bytes(16) + struct.pack(">H", len(self.id)) + self.id + key
        response = {
            "clientDataJSON": b64(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": b64(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        credential = self._credential(response) | {"clientExtensionResults": {"credProps": {"rk": True}}}
        form = {"name": "Laptop", "passwordless": "on", "credential": json.dumps(credential)}
        return client.post(reverse("mfa_add_webauthn"), form)

    def sign_in(self, client: Client, *, challenge: str | None = None) -> Any:
        """Sign in with the key alone."""
        answer = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
        asked = answer.json()["request_options"]["publicKey"]["challenge"]
        return client.post(reverse("mfa_login_webauthn"), {"credential": self.answer(challenge or asked)})

    def answer(self, challenge: str) -> str:
        """Return the JSON with which the browser answers a challenge."""
        data = self._data(0)
        client_data = self._client_data("webauthn.get", challenge)
        signature = self.private.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": b64(client_data),
            "authenticatorData": b64(data),
            "signature": b64(signature),
            "userHandle": self.user_handle,
        }
        return json.dumps(self._credential(response))

    def _data(self, more_flags: int) -> bytes:
        rp = hashlib.sha256(self.host.encode()).digest()
        return rp + struct.pack(">BI", self.flags | more_flags, 0)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, str]) -> dict[str, object]:
        name = b64(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
