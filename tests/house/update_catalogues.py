"""`scripts/messages`: add new texts to the Chinese catalogues, drop those that are gone.

python -m tests.house.update_catalogues [FRAGMENT.po …]: translations are taken from the fragments
as well.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tests.house.catalogues import domains, extract, translations

# Only what readers of the file need: dates and tools would change with every run.
_HEADER = (
    b'msgid ""\nmsgstr ""\n"Language: zh_CN\\n"\n"MIME-Version: 1.0\\n"\n'
    b'"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
)


def _body(catalogue: Catalog) -> bytes:
    stream = BytesIO()
    write_po(stream, catalogue, width=100, omit_header=True, include_lineno=False)
    return stream.getvalue().strip() + b"\n"


def main() -> None:
    fragments = []
    for name in sys.argv[1:]:
        with Path(name).open("rb") as stream:
            fragments.append(read_po(stream, locale="zh_CN"))
    for domain in domains():
        old = translations(domain) if domain.chinese.exists() else Catalog(locale="zh_CN")
        fresh = Catalog(locale="zh_CN", domain=domain.name, charset="utf-8", fuzzy=False)
        empty = 0
        for message in sorted(extract(domain), key=lambda m: m.locations[:1]):
            if not message.id:
                continue
            for source in (old, *fragments):
                known = source.get(message.id)
                if known is not None and known.string:
                    break
            string = known.string if known is not None else ""
            empty += not string
            fresh.add(
                message.id, string, locations=[(place, None) for place, _ in message.locations]
            )
        domain.chinese.parent.mkdir(parents=True, exist_ok=True)
        domain.chinese.write_bytes(_HEADER + _body(fresh))
        sys.stdout.write(f"{domain.chinese}: {len(fresh)} texts, {empty} without Chinese\n")


if __name__ == "__main__":
    main()
