"""What the plugin adds to the demonstration site: a course of short lessons, and people who have
studied them, by the same beats that a browser sends."""

import io
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import ffmpeg

from modou.clock import SHANGHAI, FrozenClock, from_seconds
from modou.models.courses import Activity, Course
from modou.models.people import User
from modou.services import enrol_methods, enrolling, teaching
from modou.services.files import Upload
from modou.services.occasion import Occasion, Origin
from modou.services.pictures import INK, PAPER, text_font
from modou.services.studying.beating import Beat, leave, take_beat
from modou.services.studying.opening import open_player
from modou.services.teaching import ActivityValues, CourseValues
from modou.services.user_index import find_by_username
from modou_lesson.media import tools
from modou_lesson.services import timelines

CODE = "CDJJ"
_SIZE = (1280, 720)
#: Seconds that each picture of the film is shown.
_EACH = 12
#: Drawing, title, what is said of it (the captions).
_SLIDES = (
    ("cover-electric", "触电急救：黄金四分钟", "发现有人触电，先保护自己，再救别人。"),
    ("shock-ways", "触电是怎样发生的", "单相触电、两相触电、跨步电压触电，电流都要经过人体。"),
    ("switching-order", "第一步：断电", "先停负荷，再拉开关；断不了电，用绝缘物挑开电线。"),
    (
        "residual-current",
        "漏电保护器动作，不要强合",
        "跳闸说明有人或设备漏电，查明原因以前不得送电。",
    ),
    ("cpr", "第二步：心肺复苏", "按压三十次，吹气两次，深度五至六厘米，每分钟一百至一百二十次。"),
    ("extinguisher", "起火怎么办", "提、拔、瞄、压；没有断电以前，不得用水和泡沫。"),
)
_RULES = """\
# 停电作业安全规程（摘录）

## 一、停电

1. 断开发电厂、变电所、换流站、开闭所、配电站（所）等用电设备各方面的电源。
2. 断开开关以后，必须拉开隔离开关，使各方面至少有一个明显的断开点。

## 二、验电

1. 验电时，必须用电压等级合适而且合格的验电器。
2. 先在有电的设备上试验，确认验电器良好，再在检修设备上逐相验明确无电压。

## 三、装设接地线

1. 验明确无电压以后，立即将检修设备接地，并三相短路。
2. 装设接地线先接接地端，后接导体端；拆除时相反。

## 四、悬挂标示牌和装设遮栏

1. 在一经合闸即可送电到工作地点的开关操作把手上，悬挂“禁止合闸，有人工作！”标示牌。
2. 部分停电的工作，装设临时遮栏，悬挂“止步，高压危险！”标示牌。

## 五、工作票和监护

1. 在全部停电和部分停电的电气设备上工作，执行工作票、工作许可、工作监护、工作间断和终结制度。
2. 工作负责人在工作期间始终在现场监护，不得兼做其他工作。
3. 工作间断以后恢复工作，先检查接地线和标示牌，再派人进入。
4. 全部工作完毕，清点工具和人员，拆除接地线，收回工作票以后才能送电。

## 六、低压带电作业

1. 设专人监护，使用有绝缘柄的工具，站在干燥的绝缘物上，戴手套和安全帽，穿长袖工作服。
2. 断开导线时先断相线，后断中性线；搭接时相反。
3. 人体不得同时接触两根线头，邻近的带电部分用绝缘板隔离。
4. 雷雨、大雾和潮湿天气，不在室外带电作业。

## 七、人与带电体的最小距离

| 电压等级 | 设备不停电时 | 工作人员正常活动范围 |
|---|---|---|
| 10 kV 及以下 | 0.70 m | 0.35 m |
| 20、35 kV | 1.00 m | 0.60 m |
| 66、110 kV | 1.50 m | 1.50 m |
| 220 kV | 3.00 m | 3.00 m |

距离不够而又不能停电的，装设绝缘隔板，或者不做。
"""
_TEXT = """\
## 断电以后先看三件事

1. **有没有反应**：轻拍双肩，在两侧耳边大声呼唤；
2. **有没有呼吸**：看胸部有无起伏，5 至 10 秒；
3. **周围安不安全**：电线是否还带电，地面有没有积水。

| 情况 | 怎样做 |
|---|---|
| 清醒，心慌无力 | 平卧休息，观察，送医 |
| 无反应，有呼吸 | 侧卧，保持气道通畅，拨打 120 |
| 无反应，无呼吸 | 立即心肺复苏，让人取 AED，拨打 120 |

> **记住** 触电者即使看起来没事，也要送医院检查：电流造成的心律失常可能几小时以后才出现。
"""


def fill(occasion: Occasion, courses: Mapping[str, Course]) -> None:
    """Add the course, unless the demonstration's course of electricians is not there."""
    electricians = courses.get("DYDG")
    if electricians is None:
        return
    site = occasion.site
    # The day before yesterday at nine: lessons may be studied from six to eleven at night.
    morning = from_seconds(occasion.now).astimezone(SHANGHAI) - timedelta(days=2)
    morning = morning.replace(hour=9, minute=0, second=0, microsecond=0)
    made = _at(occasion, morning)
    course = teaching.create_course(
        made,
        CourseValues(
            title="触电急救微课（自选播放）",
            code=CODE,
            summary="四节短课：视频、规程、图解和图文。按进度播放，学时自动记录。",
            category=electricians.category,
            occupation="电工",
            planned_hours=Decimal(1),
        ),
    )
    lessons = _make_lessons(made, course)
    enrol_methods.change_method(
        made, course, enrol_methods.method_of(made, "self"), opened=True, values={}
    )
    teaching.publish_course(made, course)
    teacher = find_by_username(made, "teacher")
    if teacher is not None:
        enrolling.enrol(made, course, [teacher], role="teacher")
    learners = sorted(
        (site.users.by_id(e.user_id) for e in electricians.enrolments.values() if e.cohort),
        key=lambda user: user.username,
    )[:8]
    own = find_by_username(made, "learner")
    people = [user for user in (own, *learners) if user is not None]
    enrolling.enrol(made, course, people)
    for number, user in enumerate(dict.fromkeys(people)):
        _study(made, user, lessons, morning + timedelta(hours=1, minutes=20 * number), number)


def _at(occasion: Occasion, moment: datetime, actor: User | None = None) -> Occasion:
    """An act at another moment in the same transaction."""
    return Occasion(
        occasion.site,
        hooks=occasion.hooks,
        assembled=occasion.assembled,
        clock=FrozenClock(moment),
        keys=occasion.keys,
        tm=occasion.tm,
        actor=actor,
        origin=Origin("127.0.0.1", "Mozilla/5.0 (demonstration)"),
        system=actor is None,
    )


# The lessons


def _make_lessons(occasion: Occasion, course: Course) -> list[Activity]:
    from modou.demo import handouts

    section = teaching.create_section(occasion, course, "触电急救", "先看视频，再读规程和图解。")
    slides = [_slide(drawing, title) for drawing, title, _said in _SLIDES]
    film = _film(slides)
    plans = []
    if film:
        captions = "\n\n".join(
            f"{_clock(k * _EACH + 1)}.000 --> {_clock(k * _EACH + _EACH - 1)}.000\n{said}"
            for k, (_name, _title, said) in enumerate(_SLIDES)
        )
        marks = "\n".join(
            f"{_clock(k * _EACH)} {title}" for k, (_name, title, _said) in enumerate(_SLIDES)
        )
        content = {
            "kind": "video",
            "media": _upload("触电急救.mp4", film),
            "chapters": marks,
            "captions": _upload("字幕.vtt", f"WEBVTT\n\n{captions}\n".encode()),
            "language": "zh",
        }
        plans.append(("视频：触电急救要点", "一分多钟，六个画面，有字幕和章节标记。", content))
    pdf = {
        "kind": "pdf",
        "media": _upload("停电作业安全规程.pdf", handouts.make(_RULES)),
        "page_seconds": 30,
    }
    pictures = {
        "kind": "slides",
        "images": [_upload(f"{k + 1}.png", slides[k]) for k in (1, 3, 4)],
        "page_seconds": 20,
    }
    text = {"kind": "text", "source": _TEXT, "page_seconds": 60}
    plans += [
        ("规程：停电作业", "逐页阅读，每页至少 30 秒。", pdf),
        ("图解：三张图看懂急救", "逐页阅读，每页至少 20 秒。", pictures),
        ("图文：断电以后先看什么", "至少阅读 1 分钟。", text),
    ]
    return [
        teaching.create_activity(
            occasion,
            course,
            section,
            "lesson",
            ActivityValues(title, summary, completion=("studied",)),
            content,
        )
        for title, summary, content in plans
    ]


def _clock(seconds: int) -> str:
    return f"{seconds // 60:02}:{seconds % 60:02}"


def _upload(filename: str, content: bytes) -> Upload:
    return Upload(filename, io.BytesIO(content), 100_000_000)


def _slide(drawing: str, title: str) -> bytes:
    """A drawing of the demonstration with a title, as a PNG file of 1280 by 720 pixels."""
    from PIL import Image, ImageDraw

    from modou.demo.drawing import draw

    slide = Image.new("RGB", _SIZE, PAPER)
    with Image.open(io.BytesIO(draw(drawing))) as picture:
        picture.thumbnail((_SIZE[0] - 120, _SIZE[1] - 170))
        place = ((_SIZE[0] - picture.width) // 2, 125 + (_SIZE[1] - 170 - picture.height) // 2)
        slide.paste(picture.convert("RGB"), place)
    pen = ImageDraw.Draw(slide)
    font = text_font(title, 46)
    if font is not None:
        pen.text((60, 32), title, INK, font)
    pen.line([(60, 108), (_SIZE[0] - 60, 108)], fill=INK, width=4)
    stream = io.BytesIO()
    slide.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _film(slides: list[bytes]) -> bytes:
    """The slides as a film with a silent sound; empty where ffmpeg is missing or fails.

    A second of work: a film that is made here needs no file to be shipped.
    """
    if tools.missing():
        return b""
    with tempfile.TemporaryDirectory(prefix="modou-lesson-demo-") as name:
        folder = Path(name)
        for number, slide in enumerate(slides):
            (folder / f"{number}.png").write_bytes(slide)
        seconds = len(_SLIDES) * _EACH
        pictures = ffmpeg.input(str(folder / "%d.png"), framerate=f"1/{_EACH}", start_number=0)
        silence = ffmpeg.input("anullsrc=r=44100:cl=stereo", f="lavfi", t=seconds)
        output = ffmpeg.output(
            pictures.video.filter("fps", 2).filter("format", "yuv420p"),
            silence,
            str(folder / "film.mp4"),
            t=seconds,
            movflags="+faststart",
            g=4,
            sc_threshold=0,
            preset="ultrafast",
            tune="stillimage",
            **{"c:v": "libx264", "c:a": "aac", "b:a": "48k"},
        )
        try:
            output.global_args("-nostdin", "-v", "error").run(quiet=True)
        except (ffmpeg.Error, subprocess.SubprocessError, OSError):
            return b""
        return (folder / "film.mp4").read_bytes()


# Those who study


def _study(
    occasion: Occasion, user: User, lessons: list[Activity], start: datetime, number: int
) -> None:
    """Play lessons as a browser does: all of them, or only so far, by the person's number.

    What is being prepared yet (pages) is left to a later day.
    """
    moment = start
    shares = (1.0, 1.0, 0.7, 0.4, 1.0, 0.15, 0.85, 0.55)
    share = shares[number % len(shares)]
    for activity in lessons:
        line = timelines.timeline(occasion, activity)
        if line is None:
            continue
        token = open_player(_at(occasion, moment, user), activity, str, device="Windows · Chrome")[
            "player"
        ]
        end = int(line.length * share)
        for seq, (at, behind) in enumerate(_pieces(end), start=1):
            moment += timedelta(seconds=behind - at)
            beat = Beat(seq, ((float(at), float(behind)),), float(behind))
            take_beat(_at(occasion, moment, user), token, beat)
        leave(_at(occasion, moment, user), token)
        moment += timedelta(seconds=40)


def _pieces(end: int) -> Iterator[tuple[int, int]]:
    for at in range(0, end, 15):
        yield at, min(end, at + 15)
