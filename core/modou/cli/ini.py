"""Reading the .ini that a command is about, with errors that name the file and the place."""

import configparser
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import plaster

from modou.config import read_config
from modou.errors import ConfigurationError

#: Environment variable that names the .ini when `--config` does not.
CONFIG_VARIABLE = "MODOU_CONFIG"
DEFAULT_CONFIG = "development.ini"
F = TypeVar("F", bound=Callable[..., Any])

config_option: Callable[[F], F] = click.option(
    "--config",
    "-c",
    "config",
    envvar=CONFIG_VARIABLE,
    default=DEFAULT_CONFIG,
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The site's .ini.",
)


class Ini:
    """An .ini file of PasteDeploy's kind.

    :raises ConfigurationError: it is missing, not readable or malformed
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        if not self.path.is_file():
            raise ConfigurationError(
                f"there is no file {path}: name the site's .ini with --config or ${CONFIG_VARIABLE}"
            )
        try:
            self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8"
            ) from None
        self._loader = plaster.get_loader(str(self.path), protocols=["wsgi"])
        self.sections = self._reading(self._loader.get_sections)
        if not any(":" in name and name.endswith(":main") for name in self.sections):
            raise ConfigurationError(f"{path} has no section [app:main]")

    def _reading(self, read: Callable[..., Any], *args: Any) -> Any:
        try:
            return read(*args)
        except configparser.Error as error:
            first = str(error).splitlines()[0]
            raise ConfigurationError(f"{self.path} cannot be understood: {first}") from None
        except (LookupError, ValueError) as error:
            raise ConfigurationError(f"{self.path}: {error}") from None

    def app_settings(self) -> dict[str, str]:
        """The keys of the application's section."""
        return dict(self._reading(self._loader.get_wsgi_app_settings, "main"))

    @property
    def development(self) -> bool:
        """Whether the file says ``modou.development = true``.

        :raises ConfigurationError: some key of the file is wrong
        """
        return bool(read_config(self.app_settings())["development"])

    def server_settings(self) -> dict[str, str]:
        """The keys of `[server:main]`, `use` among them; empty when there is no such section."""
        return dict(self._reading(self._loader.get_settings, "server:main"))

    def make_app(self) -> Any:
        """The WSGI application, with all filters that the .ini puts around it."""
        # Finds what cannot be found before the factory runs: its own errors are not the file's.
        self.app_settings()
        return self._loader.get_wsgi_app("main")

    def set_up_logging(self) -> None:
        """As the .ini's logging sections say.

        :raises ConfigurationError: when they cannot be followed
        """
        try:
            self._loader.setup_logging()
        except Exception as error:  # noqa: BLE001 - logging.config raises whatever its parts raise
            raise ConfigurationError(
                f"{self.path}: the logging sections cannot be followed: "
                f"{type(error).__name__}: {error}"
            ) from None
