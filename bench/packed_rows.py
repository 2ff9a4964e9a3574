"""The physical limit: nothing but one packed row for each customer of a batch, upserted and committed."""

import time
from random import Random

import psycopg

from milepost.model.bucket import bucket_of_customer

ROWS = 1_000
"""Rows in one batch; each is another customer's."""

_UPSERT = (
    "insert into packed (bucket, org_id, customer_id, body) "
    "select * from unnest(%(buckets)b::int[], %(orgs)b::bigint[], %(customers)b::bigint[], %(bodies)b::bytea[]) "
    "on conflict (bucket, org_id, customer_id) do update set body = excluded.body"
)


class Packed:
    """One connection that writes rows of *size* bytes, in batches of so many customers drawn evenly."""

    def __init__(self, url: str, *, customers: int, size: int, seed: int) -> None:
        """Connect, and write every customer's row once."""
        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=1)
        self._random = Random(seed)
        self._customers = customers
        self._size = size
        for start in range(0, customers, ROWS):
            self._write(range(start, min(customers, start + ROWS)))

    def rate(self, batches: int) -> float:
        """Return the rows written in a second, over so many *batches*."""
        rows = min(ROWS, self._customers)
        chosen = [sorted(self._random.sample(range(self._customers), rows)) for _ in range(batches)]
        began = time.perf_counter()
        for customers in chosen:
            self._write(customers)
        return batches * rows / (time.perf_counter() - began)

    def close(self) -> None:
        """Leave the server."""
        self._connection.close()

    def _write(self, customers: range | list[int]) -> None:
        values = {
            "buckets": [bucket_of_customer(1, customer) for customer in customers],
            "orgs": [1] * len(customers),
            "customers": [*customers],
            "bodies": [self._random.randbytes(self._size) for _ in customers],
        }
        self._connection.execute(_UPSERT, values)
