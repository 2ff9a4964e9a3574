"""The fields `RateLimit-Policy` and `RateLimit` of answers, as the IETF's draft of them says."""

from milepost.service.snapshot.rate_limits import WINDOW_SECONDS, RateLimit


def fields_of(limit: RateLimit) -> list[tuple[bytes, bytes]]:
    """Return the fields that tell of *limit*."""
    policy = f'"{limit.name}";q={limit.quota};w={WINDOW_SECONDS}'
    left = f'"{limit.name}";r={limit.remaining};t={limit.seconds}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]
