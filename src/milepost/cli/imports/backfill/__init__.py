"""`milepost import events --backfill`: a past of many events, received customer by customer (decision 0051)."""
