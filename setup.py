"""How Modou is packed and installed.

One distribution, `modou`, out of three folders:

==============  ======================  ==============================================
folder          import package          what it is
==============  ======================  ==============================================
core/modou/     ``modou``               the core
plugins/        ``modou_<name>``        first-party plugins, one package each
themes/         ``modou_themes``        the shipped themes: data, no code
==============  ======================  ==============================================

First-party plugins need no line here: a folder ``plugins/modou_<name>/`` with an ``__init__.py``
is packed and gets the entry point ``<name> = modou_<name>`` in the group ``modou.plugins``.
(Run the set-up again after adding one: ``scripts/serve`` and ``scripts/test`` notice by
themselves.)  Third-party plugins are distributions of their own with the same group.

Finding the themes.  ``modou_themes`` is the folder ``themes/`` under an importable name, so that
a wheel carries it as ordinary package data.  A checkout on ``PYTHONPATH`` has no such package,
therefore ask in this order:

1. ``Path(modou.__file__).parents[2] / "themes"``, if ``modou/theme.toml`` lies in it: a checkout
   or an editable install, always the themes that belong to the code that is running;
2. ``importlib.resources.files("modou_themes")``: an installed wheel.

Never put a folder ``themes/`` of your own beside site-packages: use the key ``modou.themes`` of
the .ini for themes that are not shipped.

Message catalogues.  Only ``.po`` files are committed.  Building (wheel, sdist or editable
install) compiles each into the ``.mo`` beside it, with Babel; afterwards the scripts do so
whenever a ``.po`` is newer.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import ClassVar

from setuptools import Command, find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent

# Read, not imported: building must not need what Modou needs to run.
VERSION = re.search(  # type: ignore[union-attr]
    r'(?m)^__version__ = "(.+)"$', (HERE / "core/modou/__init__.py").read_text(encoding="utf-8")
).group(1)

# What is no Python file and still belongs into a package.  A new kind of file needs a line here,
# or it is missing from the wheel while everything works in a checkout.
PACKAGE_DATA = [
    "py.typed",
    "**/*.jinja2",
    "**/*.txt",
    "**/*.toml",
    "**/*.json",
    "**/*.csv",
    "**/*.md",
    "**/*.xml",
    "**/static/**/*",
    "**/locale/**/*.po",
    "**/locale/**/*.mo",
]

# What in themes/ serves development only.
NOT_SHIPPED = {"node_modules", "__pycache__", "package.json", "package-lock.json", ".npmrc"}


def compile_catalogues() -> None:
    """Compile every ``.po`` of the packages into the ``.mo`` beside it.

    Raises ``babel.messages.pofile.PoFileError`` on a broken catalogue, so that no wheel is built
    which silently lacks a language.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for root in ("core", "plugins", "themes"):
        for source in sorted((HERE / root).glob("**/locale/*/LC_MESSAGES/*.po")):
            if NOT_SHIPPED.intersection(source.parts):
                continue
            with source.open("rb") as stream:
                catalogue = read_po(stream, locale=source.parts[-3], abort_invalid=True)
            # Written beside and renamed: a server that is starting never reads half a file.
            fresh = source.with_suffix(".mo.new")
            with fresh.open("wb") as stream:
                write_mo(stream, catalogue)
            fresh.replace(source.with_suffix(".mo"))


class CompileCatalogues(Command):
    """``python setup.py compile_catalogues``: what scripts/ calls when a ``.po`` is newer."""

    user_options: ClassVar[list[tuple[str, str | None, str | None]]] = []

    def initialize_options(self) -> None:
        """Nothing to set."""

    def finalize_options(self) -> None:
        """Nothing to derive."""

    def run(self) -> None:
        compile_catalogues()


class BuildWithCatalogues(build_py):
    """``build_py`` that compiles the message catalogues before it collects package data."""

    def run(self) -> None:
        compile_catalogues()
        if not self.editable_mode and not (HERE / "themes/modou/static/vendor/stamp").exists():
            self.warn(
                "themes/modou/static/vendor/ is missing: this wheel will have pages without style. "
                "Run `scripts/test lint` first, it fetches the browser's packages."
            )
        # setuptools may have looked for data files already, before the .mo files were there.
        self.__dict__.pop("data_files", None)
        super().run()


def theme_files() -> list[str]:
    """Every file of the shipped themes, as paths relative to ``themes/``."""
    found = []
    for folder, subfolders, names in os.walk(HERE / "themes"):
        subfolders[:] = sorted(set(subfolders) - NOT_SHIPPED)
        inside = Path(folder).relative_to(HERE / "themes")
        shipped = sorted(set(names) - NOT_SHIPPED)
        found += [str(inside / name) for name in shipped if not name.endswith(".py")]
    return found


core = find_packages("core", include=["modou", "modou.*"])
plugins = find_packages("plugins", include=["modou_*"])
plugin_roots = [name for name in plugins if "." not in name]

setup(
    name="modou",
    version=VERSION,
    description="A learning management system whose every feature is a plugin",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Web Environment",
        "Framework :: Pyramid",
        "Intended Audience :: Education",
        "Natural Language :: Chinese (Simplified)",
        "Natural Language :: English",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Education",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    packages=[*core, *plugins, "modou_themes"],
    package_dir={
        "": "core",
        "modou_themes": "themes",
        **{name: f"plugins/{name}" for name in plugin_roots},
    },
    package_data={
        **dict.fromkeys(["modou", *plugin_roots], PACKAGE_DATA),
        "modou_themes": theme_files(),
    },
    include_package_data=False,
    zip_safe=False,
    cmdclass={"build_py": BuildWithCatalogues, "compile_catalogues": CompileCatalogues},
    install_requires=[
        # the web
        "pyramid>=2.1,<3",
        "setuptools<82",  # Pyramid 2.1 imports pkg_resources, which setuptools 82 dropped
        "pyramid_tm>=2.5",
        "pyramid_retry>=2.1",
        "pyramid_zodbconn>=0.8",
        "pyramid_jinja2>=2.10",
        "pyramid_mailer>=0.15",
        "plaster_pastedeploy>=1.0",
        "plaster>=1.1",
        "translationstring>=1.4",
        "zope.interface>=6.0",
        "Jinja2>=3.1",
        "MarkupSafe>=2.1",
        "waitress>=3.0",
        # plugins and storage
        "pluggy>=1.5",
        "packaging>=23.2",  # versions of core and plugins
        "ZODB>=6.0",
        "BTrees>=6.0",
        "persistent>=6.0",
        "transaction>=4.0",
        "zc.lockfile>=3.0",  # is the database in use?
        "zodburi>=3.0",
        # forms, schemas
        "WTForms>=3.1",
        "email-validator>=2.1",
        "pydantic>=2.7,<3",
        # passwords, encrypted fields
        "argon2-cffi>=23.1",
        "cryptography>=42",
        # text
        "markdown-it-py>=3.0",
        "nh3>=0.2.17",
        "Babel>=2.15",
        "pypinyin>=0.51",
        "charset-normalizer>=3.4",  # texts whose encoding nobody says
        "lxml>=5.3",  # question files in XML, read without entities
        "opencc>=1.1.9",  # quizzes: simplified and traditional answers are the same
        # files: pictures, spreadsheets written and read, PDF
        "Pillow>=11.3",
        "openpyxl>=3.1",
        "python-calamine>=0.2",
        # questions in Word documents, with their formulas
        "python-docx>=1.1",
        "latex2mathml>=3.77",
        "reportlab>=4.2",
        # papers to print: HTML becomes PDF, formulas become pictures
        "weasyprint>=68",
        "ziamath>=0.12",
        # media: the ffmpeg program is driven by it; PDF pages become pictures
        "ffmpeg-python>=0.2",
        "pypdfium2>=4.30",
        # jobs
        "huey>=2.5",
        # command line, logs, metrics
        "click>=8.1",
        "rich>=13.7",
        "structlog>=24.1",
        "prometheus-client>=0.20",
    ],
    extras_require={
        # several processes or machines: ZODB on PostgreSQL instead of one file
        "postgresql": ["RelStorage>=4.1", "psycopg2-binary>=2.9.9"],
        # jobs on several machines
        "redis": ["redis>=5"],
        # the faster server, for several processes behind HAProxy
        "granian": ["granian>=2.5"],
        # the front (modou.web.front), for thousands of learners; parser and loop of MagicStack
        "front": ["httptools>=0.6.4", "uvloop>=0.21; sys_platform != 'win32'"],
        # the extra `face` will list what plugin face needs *but* face_recognition: that one
        # depends on `dlib`, which compiles for many minutes.  `dlib-bin` has the same module as a
        # wheel; scripts/ installs it and then face_recognition with --no-deps.
        "test": [
            "pytest>=8.2,<9.2",  # with 9.2 pytest-xdist 3.8 splits groups up (its issue 1386)
            "pytest-xdist>=3.6",
            "pytest-rerunfailures>=16",  # tests/browser only, see CONTRIBUTING.md
            "hypothesis>=6.100",
            "WebTest>=3.0",
            "beautifulsoup4>=4.12",  # WebTest reads pages with it
            "playwright>=1.44",  # drives the system's Chromium; downloads no browser of its own
            "axe-playwright-python>=0.1.8",  # accessibility rules, run in that browser
            "coverage>=7.5",
            # a plugin's distribution is built by a test; a new .venv may bring a setuptools that
            # builds no wheels
            "setuptools>=77,<82",
            "RelStorage>=4.1",
            "psycopg2-binary>=2.9.9",
            "granian>=2.5",
            "httptools>=0.6.4",
            "uvloop>=0.21; sys_platform != 'win32'",
            "redis>=5",
            "schemathesis>=4",  # calls the API as its OpenAPI document says, and otherwise
        ],
        "quality": ["ruff>=0.5", "mypy>=1.10", "lingua>=4.15"],
    },
    entry_points={
        "console_scripts": ["modou = modou.cli:main"],
        "paste.app_factory": ["main = modou.app:main"],
        "modou.plugins": [
            # the core's own page and file activities: same door as everyone else's
            "builtin = modou.builtin",
            *(f"{name.removeprefix('modou_')} = {name}" for name in plugin_roots),
        ],
    },
)
