"""The fields `RateLimit-Policy` and `RateLimit` of answers, as the IETF's draft of them says."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from milepost.service.snapshot.rate_limits import WINDOW_SECONDS, RateLimit


class RateLimitFields:
    """Wraps a whole app: an answer to a caller who has a limit says how much of it is left."""

    def __init__(self, app: ASGIApp) -> None:
        """Answer by *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_fields(message: Message) -> None:
            limit = scope.get("state", {}).get("rate_limit")
            if limit is not None and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *fields_of(limit)]
            await send(message)

        await self._app(scope, receive, send_with_fields)


def fields_of(limit: RateLimit) -> list[tuple[bytes, bytes]]:
    """Return the fields that tell of *limit*."""
    policy = f'"{limit.name}";q={limit.quota};w={WINDOW_SECONDS}'
    left = f'"{limit.name}";r={limit.remaining};t={limit.seconds}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]
