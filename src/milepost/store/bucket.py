"""The bucket: which slice of the customer data a row belongs to."""

from zlib import crc32

BUCKETS = 4096
"""Fixed for the life of an installation; shards, partitions and workers may grow under it."""


def bucket_of_customer(org_id: int, customer_id: int) -> int:
    """Return the bucket of a customer's rows."""
    return crc32(b"%d:%d" % (org_id, customer_id)) % BUCKETS


def bucket_of_identifier(org_id: int, kind: str, value: str) -> int:
    """Return the bucket of an identifier's row."""
    return crc32(f"{org_id}:{kind}:{value}".encode()) % BUCKETS
