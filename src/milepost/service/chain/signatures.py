"""Signatures of roots: Ed25519, by a key that follows from the key of the installation."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import json

from milepost.service.runtime.outgoing import SecretBox
from milepost.store.chain.roots import Root

PURPOSE = b"milepost.chain.root"


def signed_text(root: Root, previous_digest: bytes) -> bytes:
    """Return what the signature of *root* is over: its numbers, its digest and that of the root before."""
    numbers = (root.root_id, root.previous_id, root.made_at, root.customers, root.events)
    report = (root.checked, root.broken, root.recomputed, root.differing)
    return json.encode([PURPOSE.decode(), *numbers, *report, root.digest.hex(), previous_digest.hex()])


def sign(box: SecretBox, root: Root, previous_digest: bytes) -> bytes:
    """Return the signature of *root*, after a root with *previous_digest*."""
    return _private(box).sign(signed_text(root, previous_digest))


def is_signed(box: SecretBox, root: Root, previous_digest: bytes) -> bool:
    """Return whether this installation has signed *root* as it is."""
    return verifies(public_key(box), root, previous_digest)


def verifies(public: bytes, root: Root, previous_digest: bytes) -> bool:
    """Return whether the holder of the key with this *public* half has signed *root* as it is."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(root.signature, signed_text(root, previous_digest))
    except InvalidSignature:
        return False
    return True


def public_key(box: SecretBox) -> bytes:
    """Return the key by which everybody may check the signatures of this installation."""
    return _private(box).public_key().public_bytes_raw()


def _private(box: SecretBox) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(box.derived_key(PURPOSE))
