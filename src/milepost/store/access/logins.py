"""Logins of tills, keys of clients, and tokens. Only digests of secrets are stored."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope
from milepost.model.time import Micros
from milepost.store.database import Row, Transaction


class Rates(NamedTuple):
    """How many requests a second an organisation, and each of its callers, may send; None if it is not said."""

    organisation: int | None
    caller: int | None


class Login(NamedTuple):
    """A till's login, with the Argon2id hash of its password."""

    org_id: int
    till_id: int
    password_hash: str
    name: str
    role: Role
    earlier_hash: str | None
    """The hash of the password before, while that is valid."""
    scopes: frozenset[AccessScope] | None
    """What it may do within its role; None for all of that."""
    rates: Rates


class Client(NamedTuple):
    """A client that requests tokens with a key."""

    org_id: int
    key_id: int
    name: str
    role: Role
    key: str
    scopes: frozenset[AccessScope] | None
    rates: Rates


class ListedLogin(NamedTuple):
    """A login as it is listed; instants are in epoch microseconds."""

    code: str
    till_id: int
    role: Role
    is_disabled: bool
    used_at: Micros | None
    scopes: frozenset[AccessScope] | None


class ListedKey(NamedTuple):
    """A key as it is listed, without its secret; instants are in epoch microseconds."""

    key: str
    id: int
    name: str
    role: Role
    is_revoked: bool
    created_at: Micros
    used_at: Micros | None
    scopes: frozenset[AccessScope] | None


class Act(NamedTuple):
    """What an administrator did; the instant is in epoch microseconds."""

    acted_at: Micros
    org_id: int | None
    actor: str
    act: str
    subject: str


async def add_login(
    transaction: Transaction,
    *,
    code: str,
    org_id: int,
    till_id: int,
    password_hash: str,
    role: Role,
    scopes: Collection[AccessScope] | None = None,
) -> bool:
    """Add a login for a till. Return False if another till in the database has this code."""
    secret = {"password_hash": password_hash, "role": role.value, "scopes": _words(scopes)}
    values = {"code": code, "org_id": org_id, "till_id": till_id, **secret}
    return await transaction.row("add_login", values) is not None


async def find_login(transaction: Transaction, code: str) -> Login | None:
    """Return the login with *code*, None if there is none."""
    row = await transaction.row("login", {"code": code})
    if row is None:
        return None
    org_id, till_id, password_hash, name, role, earlier_hash = row[:6]
    return Login(
        org_id=org_id,
        till_id=till_id,
        password_hash=password_hash,
        name=name,
        role=Role(role),
        earlier_hash=earlier_hash,
        scopes=_scopes(row[6]),
        rates=Rates(*row[7:9]),
    )


async def logins_of(transaction: Transaction, org_id: int) -> list[ListedLogin]:
    """Return the logins of an organisation."""
    rows = await transaction.rows("logins", {"org_id": org_id})
    return [
        ListedLogin(
            code=code,
            till_id=till_id,
            role=Role(role),
            is_disabled=is_disabled,
            used_at=used_at,
            scopes=_scopes(scopes),
        )
        for code, till_id, role, is_disabled, used_at, scopes in rows
    ]


async def enable_login(transaction: Transaction, code: str, *, enabled: bool) -> int | None:
    """Disable a login, or enable it again; return its organisation's id, None if there is no such login."""
    return await announce(transaction, await transaction.row("enable_login", {"code": code, "enabled": enabled}))


async def replace_password(transaction: Transaction, code: str, password_hash: str, overlap: int) -> int | None:
    """Replace a password; the one before is valid for *overlap* seconds. Return the organisation's id, or None."""
    values = {"code": code, "password_hash": password_hash, "overlap": overlap}
    return await announce(transaction, await transaction.row("replace_password", values))


async def add_key(
    transaction: Transaction,
    *,
    key: str,
    org_id: int,
    name: str,
    digest: bytes,
    role: Role,
    now: Micros,
    scopes: Collection[AccessScope] | None = None,
) -> int:
    """Add a key with which a client requests tokens. Return the key's id."""
    values = {"key": key, "org_id": org_id, "name": name, "digest": digest, "role": role.value, "now": now}
    row = await transaction.row("add_key", values | {"scopes": _words(scopes)})
    assert row is not None
    return int(row[0])


async def secrets_of_key(transaction: Transaction, key: str) -> tuple[bytes, ...]:
    """Return the digests of the valid secrets of *key*; there are none of an unknown or revoked key."""
    row = await transaction.row("key", {"key": key})
    return () if row is None else tuple(digest for digest in row if digest is not None)


async def keys_of(transaction: Transaction, org_id: int) -> list[ListedKey]:
    """Return the keys of an organisation."""
    rows = await transaction.rows("keys", {"org_id": org_id})
    return [
        ListedKey(
            key=key,
            id=id_,
            name=name,
            role=Role(role),
            is_revoked=is_revoked,
            created_at=created_at,
            used_at=used_at,
            scopes=_scopes(scopes),
        )
        for key, id_, name, role, is_revoked, created_at, used_at, scopes in rows
    ]


async def revoke_key(transaction: Transaction, key: str) -> int | None:
    """Revoke a key and its tokens; return its organisation's id, None if there is no such key."""
    row = await transaction.row("revoke_key", {"key": key})
    await transaction.run("delete_tokens", {"key": key})
    return await announce(transaction, row)


async def replace_secret(transaction: Transaction, key: str, digest: bytes, overlap: int) -> int | None:
    """Replace the secret of a key; the one before is valid for *overlap* seconds. Return the organisation's id."""
    values = {"key": key, "digest": digest, "overlap": overlap}
    return await announce(transaction, await transaction.row("replace_secret", values))


async def add_token(transaction: Transaction, *, digest: bytes, key: str, expires: Micros, now: Micros) -> None:
    """Add a token that expires at *expires*, and delete the tokens that have expired at *now* (epoch microseconds)."""
    await transaction.run("delete_expired_tokens", {"now": now})
    await transaction.run("add_token", {"digest": digest, "key": key, "expires": expires})


async def find_token(transaction: Transaction, digest: bytes, now: Micros) -> tuple[Client, Micros] | None:
    """Return the client of a token and the token's end (epoch microseconds), None for an unknown or expired token."""
    row = await transaction.row("token", {"digest": digest, "now": now})
    return None if row is None else (_client(row), row[4])


async def access_number(transaction: Transaction) -> int:
    """Return the number that grows with each change of a login or a key."""
    row = await transaction.row("access_number")
    assert row is not None
    return int(row[0])


async def save_last_uses(transaction: Transaction, uses: Mapping[tuple[str, str], Micros]) -> None:
    """Store when logins and keys, each named by its kind and its code or key, were used last (epoch microseconds)."""
    kinds, names = [kind for kind, _ in uses], [name for _, name in uses]
    await transaction.run("save_last_uses", {"kinds": kinds, "names": names, "used": list(uses.values())})


async def record_act(transaction: Transaction, *, org_id: int | None, actor: str, act: str, subject: str) -> None:
    """Record what an administrator did."""
    await transaction.run("add_act", {"org_id": org_id, "actor": actor, "act": act, "subject": subject})


async def acts(transaction: Transaction, org_id: int | None, limit: int) -> list[Act]:
    """Return the latest acts, those of one organisation if *org_id* is given, latest first."""
    return [Act(*row) for row in await transaction.rows("acts", {"org_id": org_id, "limit": limit})]


async def announce(transaction: Transaction, changed: Row | None) -> int | None:
    """Tell all servers that a login or a key changed; return the organisation's id in *changed*, None if it is None."""
    await transaction.run("raise_access_number")
    return None if changed is None else int(changed[0])


async def set_rates(transaction: Transaction, org_id: int, rates: Rates) -> int | None:
    """Limit the requests of an organisation and of each of its callers; return the organisation's id, or None."""
    values = {"org_id": org_id, "organisation": rates.organisation, "caller": rates.caller}
    return await announce(transaction, await transaction.row("set_rates", values))


def _client(row: Row) -> Client:
    org_id, key_id, name, role, _, key = row[:6]
    return Client(
        org_id=org_id,
        key_id=key_id,
        name=name,
        role=Role(role),
        key=key,
        scopes=_scopes(row[6]),
        rates=Rates(*row[7:9]),
    )


def _scopes(words: Sequence[str] | None) -> frozenset[AccessScope] | None:
    """Return the scopes that *words* name. A scope of a newer program is unknown here, and allows nothing."""
    known = {scope.value: scope for scope in AccessScope}
    return None if words is None else frozenset(known[word] for word in words if word in known)


def _words(scopes: Collection[AccessScope] | None) -> list[str] | None:
    return None if scopes is None else sorted(scope.value for scope in scopes)
