"""Settings of an installation, read once from the environment.

Every value has a safe default for development; `unsafe_settings` says what production refuses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "development-only-secret-key"  # noqa: S105 (refused in production)
# A valid Fernet key, so that a checkout works without any set-up; production refuses it.
DEVELOPMENT_ENCRYPTION_KEY = "ZGV2ZWxvcG1lbnQtb25seS1lbmNyeXB0aW9uLWtleSE="
DEVELOPMENT_PEPPER = "development-only-otp-pepper"
SHORTEST_SECRET = 32
"""Characters."""


class Settings(BaseSettings):
    """One installation. Field `database_url` is read from `DATABASE_URL`, and so on."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=False)

    env: Literal["development", "test", "production"] = "development"
    database_url: str = "postgresql+psycopg:///onebooking"
    redis_url: str = "redis://127.0.0.1:6379/0"
    data_dir: Path = Path("var")
    base_url: str = "http://127.0.0.1:8000"
    demo: bool = False

    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    encryption_keys: SecretStr = SecretStr(DEVELOPMENT_ENCRYPTION_KEY)
    """Comma-separated Fernet keys: the first encrypts, all decrypt (rotation)."""
    hash_key: SecretStr = SecretStr("development-only-hash-key")
    """Key of the keyed hash for exact look-ups. It never rotates: stored hashes depend on it."""

    outbound_allow: str = ""
    """Hosts or networks, comma-separated, that outbound calls may reach although not public."""
    twilio_url: str = ""
    graph_url: str = ""
    graph_login_url: str = ""
    """What stands in for Twilio, Microsoft Graph and its sign-in; empty: their own addresses."""
    paypal_url: str = ""
    """What stands in for PayPal (demo and tests); empty: PayPal's own addresses."""
    covermanager_url: str = ""
    """What stands in for CoverManager (demo and tests); empty: its own addresses."""
    restoo_url: str = ""
    """What stands in for Restoo (demo and tests); empty: the address that a connection names."""
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    metrics_token: SecretStr = SecretStr("")

    second_wall: bool = True
    """Web processes see only rows that are open to the request (`app/wall.py`)."""
    rate_limits: str = ""
    """`off`, or `NAME=MINUTE/BURST …`: see `api/limits.py` for the names and defaults."""
    db_pool_size: int = Field(default=10, ge=1)
    max_body_bytes: int = 256 * 1024
    session_idle_hours: int = 12
    session_absolute_days: int = 30
    staff_token_minutes: int = 60
    customer_token_keys: SecretStr = SecretStr("")
    """`name=secret,name=secret`: the first signs customers' tokens, all verify them. Empty: one is
    derived from `secret_key`."""
    customer_token_days: int = Field(default=30, ge=1, le=365)
    customer_refresh_days: int = Field(default=90, ge=1, le=730)
    otp_pepper: SecretStr = SecretStr(DEVELOPMENT_PEPPER)
    """One-time codes are made of it and of a challenge in the database: neither alone tells one."""
    otp_countries: str = "NP IN TH GB IE US CA DE FR ES IT NL AU NZ SG"
    """ISO 3166 countries to whose mobile numbers codes are sent; `*` for all."""
    otp_limits: str = ""
    """`NAME=HOUR/DAY …`: see `signin/rules.py` for the names and defaults."""
    app_website: str = ""
    """Whose SMS account sends the codes; empty: the first website with treks and SMS."""
    secret_overlap_hours: int = 24
    """How long the old key or secret goes on working after a rotation."""

    def encryption_key_list(self) -> list[str]:
        """The Fernet keys, primary first."""
        keys = self.encryption_keys.get_secret_value().split(",")
        return [key.strip() for key in keys if key.strip()]

    def customer_token_key_list(self) -> dict[str, str]:
        """The keys of customers' tokens by name, the signing one first. Raises ValueError."""
        found: dict[str, str] = {}
        for word in self.customer_token_keys.get_secret_value().split(","):
            name, equals, secret = word.strip().partition("=")
            if word.strip() and (not name or not equals or not secret or name in found):
                raise ValueError("CUSTOMER_TOKEN_KEYS is not NAME=SECRET,NAME=SECRET")
            if name:
                found[name] = secret
        return found

    @property
    def sqlalchemy_url(self) -> str:
        """`database_url` with the driver named: operators write plain `postgresql://`."""
        for plain in ("postgresql://", "postgres://"):
            if self.database_url.startswith(plain):
                return "postgresql+psycopg://" + self.database_url.removeprefix(plain)
        return self.database_url

    def unsafe_settings(self) -> list[str]:
        """Why this installation may not start as production, one sentence each."""
        if self.env != "production":
            return []
        faults = []
        secrets = {
            "SECRET_KEY": self.secret_key,
            "HASH_KEY": self.hash_key,
            "OTP_PEPPER": self.otp_pepper,
        }
        for name, secret in secrets.items():
            if secret.get_secret_value().startswith("development-only"):
                faults.append(f"{name} is the development default: set a random one.")
            elif len(secret.get_secret_value()) < SHORTEST_SECRET:
                faults.append(f"{name} is short: set {SHORTEST_SECRET} random characters or more.")
        if DEVELOPMENT_ENCRYPTION_KEY in self.encryption_key_list():
            faults.append("ENCRYPTION_KEYS holds the development default: set your own Fernet key.")
        if not self.encryption_key_list():
            faults.append("ENCRYPTION_KEYS is empty: set a Fernet key.")
        if not self.base_url.startswith("https://"):
            faults.append("BASE_URL must start with https://.")
        return faults + self._unsafe_token_keys() + self._unsafe_switches()

    def _unsafe_token_keys(self) -> list[str]:
        try:
            keys = self.customer_token_key_list()
        except ValueError as error:
            return [f"{error}."]
        return [
            f"CUSTOMER_TOKEN_KEYS: the key {name!r} is short: {SHORTEST_SECRET} random characters."
            for name, secret in keys.items()
            if len(secret) < SHORTEST_SECRET
        ]

    def _unsafe_switches(self) -> list[str]:
        faults = []
        if self.demo:
            faults.append("DEMO is on: demo logins and keys are public knowledge.")
        if not self.second_wall:
            faults.append("SECOND_WALL is off: a query without a scope would show everything.")
        if self.twilio_url or self.graph_url or self.graph_login_url:
            faults.append("TWILIO_URL, GRAPH_URL or GRAPH_LOGIN_URL is set: guests get nothing.")
        if self.paypal_url:
            faults.append("PAYPAL_URL is set: guests would pay something that is not PayPal.")
        if self.covermanager_url:
            faults.append("COVERMANAGER_URL is set: reservations would not reach CoverManager.")
        if self.restoo_url:
            faults.append("RESTOO_URL is set: reservations would not reach Restoo.")
        if self.rate_limits.strip() == "off":
            faults.append("RATE_LIMITS is off: anybody may call as often as they like.")
        return faults
