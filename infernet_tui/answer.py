"""What is known about one answer while it streams: who serves it, how soon, how fast.

Fed with the events of a job or of a local engine (the same shapes); prints nothing itself.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from infernet_tui.job_stream import DONE, ERROR, META, TOKEN

SHORTEST_SPAN_SECONDS = 0.005
"""Tokens that came in one go say nothing about how fast they were made."""


class Answer:
    """The running account of one answer. Durations count from its creation."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._first_token: float | None = None
        self._last_token = self._began
        self._pieces: list[str] = []
        self._completion_tokens: int | None = None
        self.job_id: str | None = None
        self.source: str | None = None
        self.node_id: str | None = None
        self.node_name: str | None = None
        self.model: str | None = None
        self.engine: str | None = None
        self.error: str | None = None
        self.is_done = False

    def submitted(self, job: Mapping[str, Any]) -> None:
        """Take the control plane's answer to the submit."""
        provider = job.get("provider") or {}
        self.job_id, self.source = job.get("jobId"), job.get("source")
        self.node_id, self.node_name = provider.get("nodeId"), provider.get("name")
        self.model = provider.get("model")

    def take(self, event: str, data: Any) -> None:
        """Take one event."""
        data = data if isinstance(data, dict) else {}
        if event == META:
            self._meta(data)
        elif event == TOKEN:
            self._token(str(data.get("text", "")))
        elif event == DONE:
            self._done(data)
        elif event == ERROR:
            self.error = str(data.get("message") or "the job failed without saying why")

    def _meta(self, data: Mapping[str, Any]) -> None:
        self.node_id = data.get("provider_node_id") or self.node_id
        self.node_name = data.get("provider_name") or self.node_name
        self.model = data.get("model") or self.model
        self.engine = data.get("engine") or self.engine

    def _token(self, text: str) -> None:
        self._last_token = self._clock()
        if self._first_token is None:
            self._first_token = self._last_token
        self._pieces.append(text)

    def _done(self, data: Mapping[str, Any]) -> None:
        self.is_done = True
        usage = data.get("usage")
        count = usage.get("completion_tokens") if isinstance(usage, dict) else None
        self._completion_tokens = count if type(count) is int else None

    @property
    def text(self) -> str:
        """What came so far."""
        return "".join(self._pieces)

    @property
    def tokens(self) -> int:
        """Tokens of the answer: as the engine counts, else the pieces that came."""
        return self._completion_tokens if self._completion_tokens is not None else len(self._pieces)

    @property
    def first_token_ms(self) -> int | None:
        """From asking to the first piece of text."""
        if self._first_token is None:
            return None
        return round((self._first_token - self._began) * 1000)

    @property
    def tokens_per_second(self) -> float | None:
        """Speed after the first token; of an answer that came in one piece, over all its time."""
        if self._first_token is None or self.tokens < 2:
            return None
        seconds = self._last_token - self._first_token
        if seconds < SHORTEST_SPAN_SECONDS:
            whole = self._last_token - self._began
            return round(self.tokens / whole, 1) if whole > 0 else None
        return round((self.tokens - 1) / seconds, 1)

    @property
    def server(self) -> str:
        """Who answers, for a person."""
        if self.node_name and self.node_id and self.node_name != self.node_id:
            return f"{self.node_name} ({self.node_id})"
        nobody = "NVIDIA NIM" if self.source == "nim" else self.engine or "unknown"
        return self.node_name or self.node_id or nobody

    def figures(self) -> str:
        """One line: first token, speed, length."""
        parts = []
        if self.first_token_ms is not None:
            parts.append(f"first token {self.first_token_ms} ms")
        if self.tokens_per_second is not None:
            parts.append(f"{self.tokens_per_second:g} tokens/s")
        count = self.tokens
        parts.append(f"{count} token" if count == 1 else f"{count} tokens")
        return " · ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The facts of the closing `result` line."""
        return {
            "job_id": self.job_id,
            "source": self.source or "local",
            "node_id": self.node_id,
            "node_name": self.node_name,
            "model": self.model,
            "engine": self.engine,
            "text": self.text,
            "tokens": self.tokens,
            "first_token_ms": self.first_token_ms,
            "tokens_per_second": self.tokens_per_second,
        }
