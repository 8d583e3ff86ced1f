"""Copy what the browser needs from npm's packages to themes/modou/static/vendor/.

Called by the set-up after ``npm ci``. Another package is one line in themes/modou/package.json
(``npm install --save-exact NAME`` there writes it) and one or two here.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THEME = ROOT / "themes" / "modou"
PACKAGES = THEME / "node_modules"
VENDOR = THEME / "static" / "vendor"

#: path in node_modules -> path in static/vendor
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap/css/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap/js/bootstrap.bundle.min.js",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "sortablejs/modular/sortable.esm.js": "sortablejs/sortable.esm.js",
    "hls.js/dist/hls.light.min.mjs": "hls/hls.light.min.mjs",
    "tus-js-client/dist/tus.min.js": "tus/tus.min.js",
    "video.js/dist/alt/video.core.min.js": "video/video.core.min.js",
    "video.js/dist/video-js.min.css": "video/video-js.min.css",
    "video.js/dist/lang/zh-CN.json": "video/lang/zh-CN.json",
    # formulas in questions, with chemical ones
    "katex/dist/katex.min.js": "katex/katex.min.js",
    "katex/dist/katex.min.css": "katex/katex.min.css",
    "katex/dist/contrib/auto-render.min.js": "katex/auto-render.min.js",
    "katex/dist/contrib/mhchem.min.js": "katex/mhchem.min.js",
    # whoever hands the files on hands their licences on
    "bootstrap/LICENSE": "bootstrap/LICENSE",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "sortablejs/LICENSE": "sortablejs/LICENSE",
    "hls.js/LICENSE": "hls/LICENSE",
    "tus-js-client/LICENSE": "tus/LICENSE",
    "video.js/LICENSE": "video/LICENSE",
    "katex/LICENSE": "katex/LICENSE",
}
#: folder in node_modules, pattern -> folder in static/vendor. Every browser served reads WOFF2.
FOLDERS = {("katex/dist/fonts", "*.woff2"): "katex/fonts"}

# A comment that names a file which is not shipped: developer tools would report it as missing.
SOURCE_MAP = re.compile(rb"\n?/\*# sourceMappingURL=[^*]*\*/|\n?//# sourceMappingURL=\S*")


def main() -> None:
    """Fill a folder beside static/vendor/ and put it in its place when it is complete."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    files = dict(FILES)
    for (folder, pattern), into in FOLDERS.items():
        for path in sorted((PACKAGES / folder).glob(pattern)):
            files[f"{folder}/{path.name}"] = f"{into}/{path.name}"
    for source, target in files.items():
        content = (PACKAGES / source).read_bytes()
        if source.endswith((".css", ".js")):
            content = SOURCE_MAP.sub(b"", content)
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        (fresh / target).write_bytes(content)
    # What _setup.sh compares with, made from the same files in the same order.
    inputs = (THEME / "package-lock.json", Path(__file__))
    content = b"".join(path.read_bytes() for path in inputs)
    (fresh / "stamp").write_text(hashlib.sha256(content).hexdigest() + "\n", "utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    print(f"{len(files)} files in {VENDOR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
