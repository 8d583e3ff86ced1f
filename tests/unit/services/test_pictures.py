"""Covers: whatever is uploaded, two clean pictures or one clear sentence."""

import io
import random
import struct
import time
import tracemalloc
import zlib

import pytest
from PIL import Image, features

from modou.errors import Invalid
from modou.services.pictures import LARGE, MAXIMUM_BYTES, SMALL, draw_cover, make_cover


def encoded(picture, kind="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def plain(size=(1600, 900), colour=(200, 30, 40), mode="RGB"):
    return Image.new(mode, size, colour)


def opened(content):
    return Image.open(io.BytesIO(content))


def refusal(content):
    with pytest.raises(Invalid) as raised:
        make_cover(content)
    assert raised.value.field == "cover"
    return str(raised.value)


def png_that_claims(width, height):
    """A PNG of a few bytes with any size in its head."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


class TestMakeCover:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
    def test_it_makes_both_sizes(self, kind):
        cover = make_cover(encoded(plain(), kind))
        for content, size in ((cover.large, LARGE), (cover.small, SMALL)):
            picture = opened(content)
            assert picture.format == "WEBP"
            assert picture.size == size
        red, green, blue = bytes.fromhex(cover.colour[1:])
        assert max(abs(red - 200), abs(green - 30), abs(blue - 40)) < 8
        assert cover.media_type == "image/webp"

    def test_it_reads_a_stream_and_leaves_it_open(self):
        stream = io.BytesIO(encoded(plain()))
        make_cover(stream)
        assert not stream.closed

    def test_it_cuts_around_the_middle(self):
        tall = plain((400, 1200), (0, 0, 0))
        tall.paste((255, 255, 255), (0, 590, 400, 610))
        cover = opened(make_cover(encoded(tall)).large).convert("L")
        assert cover.getpixel((640, 360)) > 200
        assert cover.getpixel((640, 20)) < 60

    def test_it_turns_upright_and_forgets_the_camera(self):
        picture = plain((1600, 1200), (0, 0, 0))
        picture.paste((255, 255, 255), (0, 0, 800, 1200))
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was held upright
        exif[0x010F] = "Camera of Zhang Wei"
        exif[0x8825] = {1: "N", 2: (39.0, 8.0, 0.0)}
        content = encoded(picture, "JPEG", exif=exif, comment=b"private", dpi=(72, 72))
        assert b"Zhang Wei" in content
        cover = make_cover(content)
        upright = opened(cover.large).convert("L")
        assert upright.getpixel((640, 40)) > 200
        assert upright.getpixel((640, 680)) < 60
        for made in (cover.large, cover.small):
            assert b"Zhang Wei" not in made
            assert not opened(made).getexif()
            assert not {"exif", "icc_profile", "xmp", "comment"} & opened(made).info.keys()

    def test_of_an_animation_it_takes_the_first_frame(self):
        frames = [plain((640, 360), colour) for colour in ((250, 0, 0), (0, 250, 0))]
        content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        cover = opened(make_cover(content).large)
        assert not getattr(cover, "is_animated", False)
        assert cover.convert("RGB").getpixel((640, 360))[0] > 200

    @pytest.mark.parametrize(
        "picture",
        [
            Image.new("RGBA", (800, 450), (0, 0, 0, 0)),
            Image.new("LA", (800, 450), (0, 0)),
        ],
    )
    def test_what_is_transparent_becomes_paper(self, picture):
        assert make_cover(encoded(picture)).colour in ("#fbfaf6", "#fafaf6", "#fbfaf5", "#fcfaf6")

    def test_other_modes(self):
        palette = plain((800, 450)).convert("P")
        assert make_cover(encoded(palette)).large
        grey = Image.new("I;16", (800, 450), 32_768)
        red, _green, _blue = bytes.fromhex(make_cover(encoded(grey)).colour[1:])
        assert 120 < red < 136
        print_colours = Image.new("CMYK", (800, 450), (0, 255, 255, 0))
        red, green, _blue = bytes.fromhex(make_cover(encoded(print_colours, "JPEG")).colour[1:])
        assert red > 200
        assert green < 80

    def test_covers_are_small_files(self):
        photo = Image.effect_mandelbrot((1600, 900), (-2, -1.5, 1, 1.5), 100).convert("RGB")
        cover = make_cover(encoded(photo))
        assert len(cover.large) < 200_000
        assert len(cover.small) < 50_000


class TestRefusals:
    @pytest.mark.parametrize(
        "content", [b"", b"hello", b"%PDF-1.7 ...", b"MZ" + b"\0" * 500, bytes(range(256)) * 9]
    )
    def test_no_picture(self, content):
        assert "no picture that can be used" in refusal(content)

    @pytest.mark.parametrize(
        "content",
        [
            b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            b'\xef\xbb\xbf<?xml version="1.0"?><!-- x --><SVG width="9"/>',
        ],
    )
    def test_svg(self, content):
        assert "SVG" in refusal(content)

    @pytest.mark.parametrize("kind", ["TIFF", "ICO", "PPM", "TGA"])
    def test_kinds_that_no_browser_needs(self, kind):
        assert "no picture" in refusal(encoded(plain((800, 450)), kind))

    @pytest.mark.parametrize(
        "size", [(8_000, 8_000), (30_000, 20_000), (2**31 - 1, 2**31 - 1), (60_000, 1_000)]
    )
    def test_a_decompression_bomb_is_never_unpacked(self, size):
        begin = time.perf_counter()
        tracemalloc.start()
        try:
            message = refusal(png_that_claims(*size))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert "more than 50 million pixels" in message
        assert peak < 1_000_000
        assert time.perf_counter() - begin < 1

    def test_a_huge_file(self):
        assert "larger than 12 MB" in refusal(b"\xff\xd8" + b"x" * MAXIMUM_BYTES)

    def test_a_huge_stream_is_not_read_to_its_end(self):
        stream = io.BytesIO(b"x" * (MAXIMUM_BYTES * 2))
        with pytest.raises(Invalid):
            make_cover(stream)
        assert stream.tell() <= MAXIMUM_BYTES + 1

    def test_a_tiny_picture(self):
        assert "only 100 × 80 pixels" in refusal(encoded(plain((100, 80))))

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
    def test_half_a_picture(self, kind):
        noise = Image.effect_noise((800, 450), 90).convert("RGB")
        content = encoded(noise, kind)
        message = refusal(content[: len(content) // 2])
        assert "damaged or incomplete" in message or "no picture" in message

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
    def test_damaged_bytes_give_a_picture_or_a_sentence(self, kind):
        chance = random.Random(7)
        content = encoded(Image.effect_noise((330, 190), 60).convert("RGB"), kind)
        for _round in range(25):
            damaged = bytearray(content)
            for _byte in range(6):
                place = min(int(chance.expovariate(1 / 200)), len(damaged) - 1)
                damaged[place] = chance.randrange(256)
            try:
                cover = make_cover(bytes(damaged))
            except Invalid as error:
                assert str(error)  # noqa: PT017 - either outcome is right
            else:
                assert opened(cover.large).size == LARGE


class TestDrawCover:
    def test_it_is_a_cover_of_its_own(self):
        first = draw_cover("低压电工作业", 1)
        assert opened(first).size == LARGE
        assert first == draw_cover("低压电工作业", 1)
        assert first != draw_cover("低压电工作业", 2)
        assert make_cover(first).large

    @pytest.mark.parametrize(
        "title",
        [
            "",
            "a",
            "焊接与热切割作业" * 20,
            "word " * 100,
            "𠮷野家 · 买买提",
            "Line\nbreaks\tand\x00worse\u202e",
        ],
    )
    def test_any_title(self, title):
        assert opened(draw_cover(title, "x")).size == LARGE

    def test_without_a_chinese_font_the_line_stands_alone(self):
        bare = draw_cover("", 1, fonts=())
        assert draw_cover("低压电工作业", 1, fonts=()) == bare
        assert draw_cover("Welding", 1, fonts=()) != bare

    def test_the_machine_can_write_webp(self):
        assert features.check("webp")
