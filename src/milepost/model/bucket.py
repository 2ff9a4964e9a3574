"""Buckets: the slices of the customer data."""

from zlib import crc32

BUCKETS = 4096
"""The number of buckets. It is fixed for the life of a database; shards and workers are sets of buckets."""


def bucket_of_customer(org_id: int, customer_id: int) -> int:
    """Return the bucket of a customer's rows."""
    return crc32(b"%d:%d" % (org_id, customer_id)) % BUCKETS


def bucket_of_event(org_id: int, source: str, id_: str) -> int:
    """Return the bucket of the claim to an event: that of its source and id, whoever the customer is."""
    return crc32(f"{org_id}:{source}:{id_}".encode()) % BUCKETS


def bucket_of_identifier(org_id: int, kind: str, value: str) -> int:
    """Return the bucket of an identifier's row."""
    return crc32(f"{org_id}:{kind}:{value}".encode()) % BUCKETS
