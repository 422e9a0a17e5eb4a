"""Passkeys (WebAuthn) at the door: what a browser is asked, and whether its answer is right.

The challenge lies in the session, is good for one answer, one purpose and five minutes. An
answer counts only for the very address that the page has, and for the keys of one person.
"""

from __future__ import annotations

import json
import struct
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.http.request import split_domain_port
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vestibule import clock
from vestibule.directory.models import User
from vestibule.refusals import PasskeyRefused

ASKED = "vestibule_passkey"
VALID = timedelta(minutes=5)
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    RecursionError,
    OverflowError,
    struct.error,
    InvalidSignature,
)
"""What the parsers of foreign bytes end in when these are nonsense."""

Known = list[tuple[int, dict[str, Any]]]
"""The keys of one person: id and registration of each."""


def _server(request: Any) -> Fido2Server:
    """The page's own address: the host by which the firm was found, with the scheme and the port
    of the configured base address. A port in the request's Host plays no part."""
    host = split_domain_port(request.get_host().casefold())[0]
    base = settings.VESTIBULE.base
    origin = f"{base.scheme}://{host}" + (f":{base.port}" if base.port else "")
    party = PublicKeyCredentialRpEntity(id=host.strip("[]"), name=request.firm.name)
    return Fido2Server(party, verify_origin=lambda said: said.casefold() == origin)


def registration_options(request: Any, user: User, known: Known) -> dict[str, Any]:
    """Return what a browser needs to make a passkey, and note the challenge."""
    options, state = _server(request).register_begin(
        PublicKeyCredentialUserEntity(
            id=user.pk.bytes, name=user.email, display_name=user.full_name
        ),
        credentials=[_public_part(credential) for _id, credential in known],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
        extensions={"credProps": True},
    )
    _note(request, "add", state)
    return _as_json(options)


def registered(request: Any, answer: str) -> dict[str, Any]:
    """Return the registration that a browser answered with, once it is shown to be right.

    Refuses: PasskeyRefused at `credential`.
    """
    state = _noted(request, "add")
    try:
        said = _read(answer)
        _server(request).register_complete(state, said)
        return _kept(said)
    except UNREADABLE:
        raise PasskeyRefused.at("credential") from None


def question(request: Any, purpose: str, known: Known | None) -> dict[str, Any]:
    """Return what a browser needs to answer with a passkey, and note the challenge.

    Without `known` any passkey of this site may answer: then the device must have checked who
    holds it, for no password was asked for.
    """
    options, state = _server(request).authenticate_begin(
        credentials=None
        if known is None
        else [_public_part(credential) for _id, credential in known],
        user_verification=UserVerificationRequirement.REQUIRED
        if known is None
        else UserVerificationRequirement.PREFERRED,
    )
    _note(request, purpose, state)
    return _as_json(options)


def owner_in(answer: str) -> UUID | None:
    """Return whose passkey an answer says it is. Nothing is shown by that yet."""
    try:
        return UUID(bytes=websafe_decode(_read(answer)["response"]["userHandle"]))
    except UNREADABLE:
        return None


def answered(request: Any, purpose: str, known: Known, answer: str) -> int:
    """Return the id of the passkey that answered the question asked for this purpose.

    Refuses: PasskeyRefused at `credential`.
    """
    state = _noted(request, purpose)
    try:
        by_id = {
            _public_part(credential).credential_id: (pk, _public_part(credential))
            for pk, credential in known
        }
        used = _server(request).authenticate_complete(
            state, [credential for _pk, credential in by_id.values()], _read(answer)
        )
        return by_id[used.credential_id][0]
    except UNREADABLE:
        raise PasskeyRefused.at("credential") from None


def _note(request: Any, purpose: str, state: dict[str, Any]) -> None:
    request.session[ASKED] = {
        "purpose": purpose,
        "state": state,
        "until": (clock.now() + VALID).isoformat(),
    }


def _noted(request: Any, purpose: str) -> dict[str, Any]:
    asked = request.session.pop(ASKED, None)
    if (
        not asked
        or asked["purpose"] != purpose
        or datetime.fromisoformat(asked["until"]) <= clock.now()
    ):
        raise PasskeyRefused.at("credential")
    state: dict[str, Any] = asked["state"]
    return state


def _read(answer: str) -> dict[str, Any]:
    said = json.loads(answer)
    if not isinstance(said, dict) or not isinstance(said.get("response"), dict):
        raise ValueError("not a passkey’s answer")
    return said


def _kept(said: dict[str, Any]) -> dict[str, Any]:
    """Return of a registration only what is needed later: its public key, and if it stays."""
    properties = said.get("clientExtensionResults", {}).get("credProps", {})
    return {
        "id": said["rawId"],
        "rawId": said["rawId"],
        "type": "public-key",
        "response": {
            "clientDataJSON": said["response"]["clientDataJSON"],
            "attestationObject": said["response"]["attestationObject"],
        },
        "clientExtensionResults": {"credProps": {"rk": properties.get("rk") is True}},
    }


def _public_part(credential: dict[str, Any]) -> AttestedCredentialData:
    registration = RegistrationResponse.from_dict(credential)
    found = registration.response.attestation_object.auth_data.credential_data
    if found is None:
        raise ValueError("a registration without a key")
    return found


def _as_json(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(options), default=dict))
    return plain
