"""The .ini's `modou.*` keys: one table, read once at the start.

A new key needs a line in `KEYS` and nothing else; `docs/reference/configuration.md` is checked
against this table by a test. What operators change while the site runs is no key of the .ini but a
setting (see `modou.services.settings`).
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modou.errors import ConfigurationError

Cast = Callable[[str], Any]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _folder(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _seconds(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise ValueError("must be a positive number of seconds")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise ValueError("must be a positive number")
    return value


def _megabytes(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise ValueError("must be a positive number of megabytes")
    return value * 1_000_000


def _limits(text: str) -> dict[str, int]:
    limits: dict[str, int] = {}
    words = _words(text)
    for word in words:
        name, _equals, size = word.partition("=")
        if not name or not size:
            raise ValueError(f"{word!r} is not like lesson_video=4000, without blanks around =")
        limits[name] = _megabytes(size)
    return limits


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    if address and not address.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    return address


def _flag(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in {"true", "yes", "on", "1"}:
        return True
    if lowered in {"false", "no", "off", "0"}:
        return False
    raise ValueError("must be true or false")


def _one_of(*choices: str) -> Cast:
    def cast(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return cast


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the .ini: `modou.<name>`; `default` is written as in the file."""

    name: str
    cast: Cast
    default: str | None
    doc: str


KEYS: tuple[Key, ...] = (
    Key("plugins", _words, "", "Names of the enabled plugins, in the order in which hooks run"),
    Key("keys", _path, None, "Path of the keys file that encrypts personal data; made when absent"),
    Key("theme", str, "modou", "Name of the theme"),
    Key("themes", _path, "", "Folder with themes of your own, beside the shipped ones"),
    Key("locale", _one_of("zh_CN", "en"), "zh_CN", "Language of visitors who chose none"),
    Key("development", _flag, "false", "Print mails to the console and reload templates"),
    Key("mail", _one_of("console", "smtp"), "smtp", "Where mails go; `mail.*` configures SMTP"),
    Key("address", _address, "", "Public address of the site, for links in mails, such as "
        "https://learn.example.com; empty: as the browser called it, for development only"),
    Key("mail_sender", str, "modou@localhost", "Sender of the site's mails"),
    Key("jobs", _one_of("inside", "outside"), "inside", "Who does the background work: inside: "
        "threads of `modou serve`; outside: the processes `modou worker`"),
    Key("jobs_store", str, "", "Where workers are woken: path of an SQLite file, or "
        "redis://host:port/number; empty: jobs.sqlite beside the keys file"),
    Key("session_idle", _seconds, "1800", "Seconds without a click after which a session ends"),
    Key("session_longest", _seconds, "43200", "Seconds after which a session ends in any case"),
    Key("secure_cookies", _flag, "false", "Send cookies over https only; true in production"),
    Key("upload_limit", _megabytes, "100", "Largest upload, in MB (1,000,000 bytes)"),
    Key("upload_limits", _limits, "", "Other limits by what a file is for, such as "
        "lesson_video=4000, in MB"),
    Key("upload_quota", _megabytes, "20000", "MB of unfinished uploads that one person may have"),
    Key("uploads", _folder, "", "Folder of unfinished uploads, shared by all processes; empty: "
        "uploads/ beside the blobs"),
    Key("uploads_lifetime", _seconds, "172800", "Seconds without a new piece after which an "
        "unfinished upload is deleted"),
    Key("files_secret", str, "", "Secret that signs file addresses, shared with nginx; "
        "empty: made from the keys file"),
    Key("files_lifetime", _seconds, "7200", "Seconds that a signed file address is good for"),
    Key("api_rate", _count, "600", "Requests that one token or one person may make to the API "
        "within a minute, in one process"),
    Key("front_cache", _seconds, "10", "Seconds that a proxy may keep pages for visitors who are "
        "not signed in"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """The values of `KEYS`, cast, and the plugins' defaults.

    `plugin_defaults`: (plugin, setting) -> text, from keys ``modou.<plugin>.<setting>``.
    """

    values: Mapping[str, Any]
    plugin_defaults: Mapping[tuple[str, str], str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def read_config(settings: Mapping[str, Any]) -> Config:
    """Read the `modou.*` keys of the application's section.

    :raises ConfigurationError: unknown key (with the nearest known one), missing key, bad value
    """
    known = {key.name: key for key in KEYS}
    given: dict[str, str] = {}
    defaults: dict[tuple[str, str], str] = {}
    for full, text in settings.items():
        if not full.startswith("modou."):
            continue
        name = full.removeprefix("modou.")
        if "." in name:
            plugin, _dot, setting = name.partition(".")
            defaults[plugin, setting] = str(text)
        elif name in known:
            given[name] = str(text)
        else:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean modou.{near[0]}?" if near else ""
            names = ", ".join(f"modou.{n}" for n in sorted(known))
            raise ConfigurationError(f"unknown key {full} in the .ini.{hint} Known keys: {names}")
    values: dict[str, Any] = {}
    for key in KEYS:
        text = given.get(key.name, key.default)
        if text is None:
            raise ConfigurationError(f"the .ini lacks modou.{key.name}: {key.doc}")
        try:
            values[key.name] = key.cast(text)
        except ValueError as error:
            raise ConfigurationError(f"modou.{key.name} = {text!r}: {error}") from None
    return Config(values, defaults)
