"""What a player gets: the addresses of what may be fetched now, in the shape of the API."""

from collections.abc import Callable
from typing import Any

from modou.models.site import Site
from modou.store.containers import encode_id
from modou_lesson.media.hls import COLUMNS, ROWS, THUMBNAIL, segment_name
from modou_lesson.models import MediaVersion, Rendition
from modou_lesson.services.gating import Opened

#: Gives the addresses of stored files from their keys and names.
Sign = Callable[[list[tuple[str, str]]], list[str]]


class Counter:
    """Hands out addresses over the counter."""

    def __init__(self, site: Site, sign: Sign) -> None:
        self._site = site
        self._sign = sign

    def address(self, id: int) -> str | None:
        stored = self._site.files.get(id) if id else None
        return self._sign([(stored.key, stored.filename)])[0] if stored is not None else None

    def media(self, opened: Opened, start: int) -> dict[str, Any]:
        """The media of a version, from second `start` on, as far as they may be fetched."""
        version, until = opened.version, opened.until
        return {
            "version": opened.line.version,
            "kind": version.kind,
            "length": opened.line.length,
            "until": until,
            "renditions": [
                self._rendition(rendition, start, until) for rendition in version.renditions
            ],
            "poster": self.address(version.chosen_poster or version.poster),
            "thumbnails": self._thumbnails(version, until),
            "captions": [
                {"language": caption.language, "url": self.address(caption.file)}
                for caption in version.captions
            ],
            "chapters": [[chapter.second, chapter.title] for chapter in version.chapters],
            "pages": self._pages(opened, start),
        }

    def _rendition(self, rendition: Rendition, start: int, until: int | None) -> dict[str, Any]:
        first, behind = rendition.at(start), rendition.before(until)
        found = {
            "name": rendition.name,
            "width": rendition.width,
            "height": rendition.height,
            "bandwidth": rendition.bandwidth,
            "codecs": rendition.codecs,
            "init": self.address(rendition.init),
            "first": first,
            "urls": self._sign(
                [
                    (encode_id(id), segment_name(rendition.name, first + place))
                    for place, id in enumerate(rendition.files[first:behind])
                ]
            ),
        }
        if not start:
            found["durations"] = [length / 1000 for length in rendition.milliseconds]
        return found

    def _thumbnails(self, version: MediaVersion, until: int | None) -> dict[str, Any] | None:
        if not version.sheets:
            return None
        seconds = version.sheet_every * COLUMNS * ROWS
        # A sheet shows all of its seconds: all of them must be free.
        free = len(version.sheets) if until is None else until // seconds
        return {
            "every": version.sheet_every,
            "width": THUMBNAIL[0],
            "height": THUMBNAIL[1],
            "columns": COLUMNS,
            "rows": ROWS,
            "sheets": [self.address(id) for id in version.sheets[:free]],
        }

    def _pages(self, opened: Opened, start: int) -> list[dict[str, Any]]:
        table = opened.version.pages
        if table is None:
            return []
        seconds = opened.page_seconds
        found = []
        for place, page in enumerate(table.pages):
            begin = place * seconds
            if begin + seconds <= start:
                continue
            if opened.until is not None and begin >= opened.until:
                break
            found.append(
                {
                    "n": place + 1,
                    "start": begin,
                    "seconds": seconds,
                    "width": page.width,
                    "height": page.height,
                    "small": self.address(page.small),
                    "large": self.address(page.large),
                    "text": page.text,
                }
            )
        return found


def master_playlist(version: MediaVersion) -> str:
    """The HLS playlist that names the renditions; their own are beside it."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rendition in version.renditions:
        size = f",RESOLUTION={rendition.width}x{rendition.height}" if rendition.width else ""
        codecs = f',CODECS="{rendition.codecs}"' if rendition.codecs else ""
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={rendition.bandwidth}{size}{codecs}",
            f"{rendition.name}.m3u8",
        ]
    return "\n".join(lines) + "\n"


def playlist(rendition: Rendition, until: int | None) -> str:
    """The HLS playlist of a rendition: one that grows while not all of it may be fetched."""
    behind = rendition.before(until)
    longest = max(-(-length // 1000) for length in rendition.milliseconds)
    whole = behind == len(rendition.files)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{longest}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        # The kind must not change while somebody reads it again and again.
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{rendition.name}/init.mp4"',
    ]
    for number, length in enumerate(rendition.milliseconds[:behind]):
        lines += [f"#EXTINF:{length / 1000:.3f},", f"{rendition.name}/{number}.m4s"]
    if whole:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"
