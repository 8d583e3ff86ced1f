"""Copy what the browser needs from npm's packages to themes/modou/static/vendor/.

Called by the set-up after ``npm ci``. Another package is one line in ``FILES`` (and one in
themes/modou/package.json); another icon is one line in themes/modou/icons.txt.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THEME = ROOT / "themes" / "modou"
PACKAGES = THEME / "node_modules"
VENDOR = THEME / "static" / "vendor"

#: path in node_modules -> path in static/vendor
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "sortablejs/modular/sortable.esm.js": "sortablejs/sortable.esm.js",
    # whoever hands the files on hands their licences on
    "bootstrap/LICENSE": "bootstrap/LICENSE",
    "bootstrap-icons/LICENSE": "icons/LICENSE",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "sortablejs/LICENSE": "sortablejs/LICENSE",
}

SPRITE = "icons/icons.svg"

# A comment that names a file which is not shipped: developer tools would report it as missing.
SOURCE_MAP = re.compile(rb"\n?/\*# sourceMappingURL=[^*]*\*/|\n?//# sourceMappingURL=\S*")


def icon_names(listing: Path) -> list[str]:
    """The names in icons.txt: one a line, `#` begins a comment."""
    lines = (line.split("#")[0].strip() for line in listing.read_text("utf-8").splitlines())
    return sorted({line for line in lines if line})


def sprite(names: list[str], icons: Path) -> str:
    """One SVG with a `<symbol>` for each name, used as ``<use href="…/icons.svg#name">``.

    The package's own sprite holds 2,000 icons in 1.1 MB, too much for a phone; this one holds what
    the list names.

    :raises SystemExit: naming the icons that the package does not have
    """
    missing = [name for name in names if not (icons / f"{name}.svg").is_file()]
    if missing:
        sys.exit(f"themes/modou/icons.txt: bootstrap-icons has no icon {', '.join(missing)}")
    symbols = []
    for name in names:
        drawing = (icons / f"{name}.svg").read_text("utf-8")
        body = re.fullmatch(
            r'\s*<svg[^>]*viewBox="([^"]+)"[^>]*>\s*(.*?)\s*</svg>\s*', drawing, re.DOTALL
        )
        if body is None:
            sys.exit(f"bootstrap-icons: {name}.svg is not a plain drawing")
        box, paths = body.groups()
        paths = re.sub(r"\s*\n\s*", "", paths)
        symbols.append(f'<symbol id="{name}" viewBox="{box}">{paths}</symbol>')
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    return "\n".join([head, *symbols, "</svg>", ""])


def main() -> None:
    """Fill a folder beside static/vendor/ and put it in its place when it is complete."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in FILES.items():
        content = (PACKAGES / source).read_bytes()
        if source.endswith((".css", ".js")):
            content = SOURCE_MAP.sub(b"", content)
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        (fresh / target).write_bytes(content)
    names = icon_names(THEME / "icons.txt")
    (fresh / SPRITE).write_text(sprite(names, PACKAGES / "bootstrap-icons" / "icons"), "utf-8")
    # What _setup.sh compares with, made from the same files in the same order.
    inputs = (THEME / "package-lock.json", THEME / "icons.txt", Path(__file__))
    content = b"".join(path.read_bytes() for path in inputs)
    (fresh / "stamp").write_text(hashlib.sha256(content).hexdigest() + "\n", "utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    print(f"{len(FILES)} files and {len(names)} icons in {VENDOR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
