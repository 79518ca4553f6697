"""Settings of the control plane, from the environment (`INFERNET_…`) or a `.env` file.

Each field's sentence is its documentation. Names that the documentation page or the existing
network uses are accepted as aliases.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsInvalid(ValueError):
    """A setting has a value that cannot be used; the text names it as the environment does."""


class Settings(BaseSettings):
    """Everything a host can set."""

    model_config = SettingsConfigDict(
        env_prefix="INFERNET_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    database_url: str = "sqlite+aiosqlite:///infernet.db"
    """Where jobs, nodes and the ledger live. A folder that is missing is made."""

    public_url: str | None = Field(
        None, validation_alias=AliasChoices("INFERNET_PUBLIC_URL", "NEXT_PUBLIC_APP_URL")
    )
    """Address that clients use, for example https://infernet.example. When set, signed requests
    (version 2) must name its host."""

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks whose X-Forwarded-For is believed: with commas, or as a JSON list."""

    rate_limits: bool = True
    """Whether requests are limited by client address."""

    chat_per_hour: int = Field(20, ge=1)
    """Chat jobs an address may submit in an hour through /api/chat."""

    openai_per_hour: int = Field(20, ge=1)
    """Requests an address may send in an hour to /v1/chat/completions."""

    new_nodes_per_hour: int = Field(120, ge=1)
    """Keys an address may register for the first time in an hour."""

    probe_per_minute: int = Field(10, ge=1)
    """Reachability probes an address may ask for in a minute."""

    streams_per_address: int = Field(100, ge=1)
    """Event streams one address may hold open at a time."""

    queue_seconds: float = Field(30, ge=0)
    """How long a job waits when every node that serves its model is busy."""

    lease_seconds: float = Field(15, gt=0)
    """How long a node may be silent about a job before the job goes to another node."""

    lost_node_grace_seconds: float = Field(2, ge=0)
    """How long a broken channel may take to come back before its jobs move."""

    poll_lease_seconds: float = Field(75, gt=0)
    """The lease of nodes that poll over HTTP: two and a half of their 30 s heartbeats."""

    poll_pickup_seconds: float = Field(40, gt=0)
    """How long a job waits for a polling node to fetch it before another node may have it."""

    heartbeat_seconds: float = Field(10, gt=0)
    """How often a node on the channel reports its load."""

    ping_seconds: float = Field(15, gt=0)
    """How often a silent event stream carries a comment, so that proxies keep it open."""

    max_body_bytes: int = Field(1024 * 1024, ge=1024)
    """Largest request body; anything longer is refused before it is read."""

    retain_prompts_hours: float = Field(
        24, ge=0, validation_alias=AliasChoices("INFERNET_RETAIN_PROMPTS", "retain_prompts_hours")
    )
    """Hours after completion at which prompts and answers are dropped."""

    require_envelope_v2: bool = False
    """Refuse signed requests that do not cover the host. Existing clients speak version 1."""

    nim_api_key: str | None = Field(
        None, repr=False, validation_alias=AliasChoices("NVIDIA_NIM_API_KEY", "nim_api_key")
    )
    """Reserved for the NVIDIA NIM fallback."""

    commit: str | None = Field(
        None, validation_alias=AliasChoices("INFERNET_COMMIT", "GIT_COMMIT_SHA", "commit")
    )
    """Revision that /api/health reports."""

    environment: str = "production"
    """Word that /api/health reports as node_env."""

    default_page_size: int = Field(25, ge=1, le=100)
    """Rows of a list when the request names no limit."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsInvalid(_in_words(error)) from None

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return orjson.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            ipaddress.ip_network(proxy, strict=False)
        return value

    @field_validator("public_url")
    @classmethod
    def _is_http_url(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else None

    @property
    def public_host(self) -> str | None:
        """Authority of `public_url`, lower-case, as a Host header names it."""
        return urlsplit(self.public_url).netloc.lower() if self.public_url else None

    @classmethod
    def for_folder(cls, folder: Path, **changes: object) -> "Settings":
        """Settings of an embedded control plane that keeps its data in `folder`."""
        url = f"sqlite+aiosqlite:///{folder / 'infernet.db'}"
        return cls(**({"database_url": url} | changes))


def _in_words(error: ValidationError) -> str:
    """Every wrong setting by its name in the environment. Values are not shown: some are secret."""
    wrong = []
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0])
        variable = name if name.isupper() else f"INFERNET_{name.upper()}"
        words = problem["msg"].removeprefix("Value error, ")
        wrong.append(f"{variable}: {words[:1].lower()}{words[1:]}")
    return f"The settings cannot be used. {'; '.join(wrong)}"
