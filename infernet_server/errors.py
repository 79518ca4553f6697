"""What a route may raise; `app.py` has the one handler that renders it.

Body: `{"error": what, "hint"?: what to do, "code", "detail"?}` (`wire.md` §1).
"""

from typing import Any

from infernet_protocol.errors import ErrorCode


class ApiError(Exception):
    """A request that cannot be served, with its status."""

    status = 500
    code = ErrorCode.INTERNAL

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        detail: Any = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail
        self.headers = headers or {}


class InvalidRequest(ApiError):
    """400: the request's own fault."""

    status = 400
    code = ErrorCode.INVALID_REQUEST


class Unauthenticated(ApiError):
    """401: the signature does not hold."""

    status = 401
    code = ErrorCode.UNAUTHENTICATED


class Forbidden(ApiError):
    """403: somebody else's thing."""

    status = 403
    code = ErrorCode.FORBIDDEN


class NotFound(ApiError):
    """404."""

    status = 404
    code = ErrorCode.NOT_FOUND


class Conflict(ApiError):
    """409: the same key with another request."""

    status = 409
    code = ErrorCode.CONFLICT


class TooLarge(ApiError):
    """413."""

    status = 413
    code = ErrorCode.TOO_LARGE


class TooSlow(ApiError):
    """408: the request did not arrive in time."""

    status = 408
    code = ErrorCode.TIMED_OUT


class RateLimited(ApiError):
    """429."""

    status = 429
    code = ErrorCode.RATE_LIMITED


class NoProvider(ApiError):
    """503: nobody live serves what was asked for."""

    status = 503
    code = ErrorCode.NO_PROVIDER


class StorageFull(ApiError):
    """507: the disk is full; nothing was stored."""

    status = 507
    code = ErrorCode.STORAGE_FULL


class StorageUnavailable(ApiError):
    """503: the database does not answer; nothing was stored."""

    status = 503
    code = ErrorCode.UNAVAILABLE
