"""The scene of the permission matrices with the plugin `quiz` in it: whatever one of its addresses
can name, here and over the API."""

from io import BytesIO
from pathlib import Path

from modou.models.courses import Activity, Course
from modou.models.people import User
from modou.services import files, grading, jobs
from modou.services.files import Upload
from modou.services.occasion import Occasion
from modou.services.user_index import find_by_username
from modou.store.containers import WideLOBTree, decode_id
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.printing import PaperPrint, PaperPrints
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, shelf
from modou_quiz.services.interchange import exporting, reading
from modou_quiz.services.marking.shelf import find_marking
from modou_quiz.services.printing import prints
from modou_quiz.services.sitting import finding, pages
from tests import banking, exams
from tests.exams import Exam
from tests.functional.test_permission_matrix import Scene

#: Routes of sittings that change an attempt for good: each has a quiz and an open attempt of its
#: own. (They share transactions with other requests', so the scene's veto does not reach them.)
SITTING = ("quiz_take", "quiz_answers", "quiz_hand_in")
#: Who has imported and exported in the course. Such files are their senders' own.
SENDERS = ("teacher", "operator")


class QuizScene(Scene):
    """:ivar own: (person, "found" or "made", from the administration) -> key of their own file"""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, **{"modou.plugins": "quiz"})
        self.own: dict[tuple[str, str, bool], str] = {}
        self.prints: dict[str, str] = {}
        with self.site.occasion() as occasion:
            course = occasion.site.courses[self.placeholders["course"]]
            learner = find_by_username(occasion, "learner")
            assert learner is not None
            top = bank.top_of(occasion, "site")
            self.questions = [
                bank.create_question(occasion, top, "single", exams.single("验电"), marks=10.0).id,
                bank.create_question(occasion, top, "essay", exams.essay("论述"), marks=10.0).id,
            ]
            self._bank(occasion, course)
            self._quiz(occasion, course, learner)
        self.site.work()
        for person in SENDERS:
            self._files(person, in_course=True)
            self._print(person)
        self._files("operator", in_course=False)
        self.site.work()

    def _bank(self, occasion: Occasion, course: Course) -> None:
        """A question and a category of the site's, and the same of the course's own."""
        for prefix, scope, owner in (("", "site", 0), ("course_", "course", course.id)):
            top = bank.top_of(occasion, scope, owner)
            category = bank.create_category(occasion, top, "电气安全")
            question = banking.question(occasion, category)
            for name in ("question", "question_edit", "question_versions"):
                self.special[prefix + name] = {"question": question.key}
            self.special[f"{prefix}question_category"] = {"category": category.key}
            self.forms[f"{prefix}question_categories"] = {"move": f"up:{category.key}"}
            self.forms[f"{prefix}question_versions"] = {"restore": "1"}
            self.special[f"{prefix}questions_import_template"] = {"format": "excel"}

    def _quiz(self, occasion: Occasion, course: Course, learner: User) -> None:
        """A quiz that the learner has handed in, and those with an attempt that goes on."""
        exam = self._exam(occasion, course, "结业考试")
        done = exams.sit(occasion, exam, learner, {0: 0, 1: exams.text()})
        # Marked by the machine, so that there is something to count.
        exams.sit(occasion, exam, learner, {0: 0})
        activity = exam.activity_of(occasion)
        jobs.enqueue(occasion, "quiz_statistics", activity=activity.id, which="last")
        marking = find_marking(occasion.site, activity.id)
        assert marking is not None
        (work,) = marking.works.values()
        #: Values for the plugin's own routes, of pages and of the API.
        self.quiz = {
            "activity": activity.key,
            "attempt": done.key,
            "work": work.key,
            "slot": "1",
            "part": "0",
            "what": "results",
        }
        question = occasion.site.plugins["quiz"]["bank"].questions.by_id(self.questions[0])
        self.special["quiz_statistics_question"] = {"question": question.key}
        self.special["quiz_type"] = self.special["quiz_type_editor"] = {"type": "single"}
        for route in (*SITTING, "quiz_attempt"):
            other = self._exam(occasion, course, f"测验 {route}")
            attempt = exams.sit(occasion, other, learner, {}, hand_in=False)
            self.special[route] = {
                "activity": other.activity_of(occasion).key,
                "attempt": attempt.key,
            }
            if route == "quiz_answers":
                token = pages.token_of(finding.find(occasion, other.activity, attempt.id))
                self.forms[route] = {"page": pages.make_token(occasion.keys, token), "seq": "0"}
        begun = self._exam(occasion, course, "测验 quiz_start")
        self.special["quiz_start"] = {"activity": begun.activity_of(occasion).key}
        self.forms["quiz_result"] = {"act": "void", "reason": "考场停电"}

    def _exam(self, occasion: Occasion, course: Course, title: str) -> Exam:
        activity = course.add_activity(Activity("quiz", title), course.outline[0])
        activity.max_points = 100.0
        quiz = Quiz(course.id)
        quiz.paper = Paper((PaperSection("", tuple(Fixed(q, 0, 10.0) for q in self.questions)),))
        shelf.put(occasion, activity, quiz)
        grading.ensure_item(occasion, course, activity, 100.0)
        return Exam(course.id, activity.id, list(self.questions))

    def _files(self, person: str, *, in_course: bool) -> None:
        """A file that came in, and one that went out."""
        with self.site.occasion(person) as occasion:
            course = occasion.site.courses[self.placeholders["course"]] if in_course else None
            sent = "验电器使用前要检查。{T}\n".encode()
            upload = Upload("questions.gift.txt", BytesIO(sent), 1_000_000)
            found = reading.upload(occasion, upload, course, "gift")
            made = exporting.start(occasion, self.questions[:1], "gift", course)
            self.own[person, "found", in_course] = found.key
            self.own[person, "made", in_course] = made.key

    def _print(self, person: str) -> None:
        """A paper that was printed in the background."""
        with self.site.occasion(person) as occasion:
            assert occasion.actor is not None
            tree = occasion.site.plugin_data("quiz").setdefault("prints", WideLOBTree())
            held = tree.setdefault(decode_id(self.quiz["activity"]), PaperPrints())
            how = {"version": "A", "answers": "none", "sheet": False, "binding": True}
            made = held.prints.add(PaperPrint(how, "en", occasion.actor.id, occasion.now))
            stored = files.store(occasion, b"%PDF-1.4", "paper.pdf", prints.ACCESS)
            made.status, made.file = "done", stored.id
            self.prints[person] = made.key

    def values(self, person: str, *, in_course: bool = True) -> dict[str, str]:
        """What stands for the placeholders of the plugin's addresses when `person` asks."""
        owner = person if in_course and person in SENDERS else "operator"
        own = {name: self.own[owner, name, in_course] for name in ("found", "made")}
        return {**self.placeholders, **self.quiz, **own}

    def path_for(self, route: str, person: str) -> str:
        """The address of a page of the plugin, as `person` would have it."""
        values = self.values(person, in_course=route.startswith("course_"))
        if route.startswith("paper_made"):
            values["made"] = self.prints[person if person in SENDERS else "operator"]
        path: str = self.mapper.generate(route, {**values, **self.special.get(route, {})})
        query = {"question_new": "?type=truefalse", "paper_line": "?section=0"}
        return path + query.get(route.removeprefix("course_"), "")

    def ask(self, route: str, method: str, person: str) -> str:
        """Whether `person` is "in", turned away ("out"), or nobody answers ("none"): what
        is others' own is not known to exist, and a sitting says that another page has it (409)."""
        answer = self.send(person, method, self.path_for(route, person), self.forms.get(route, {}))
        assert answer.status_int < 500, answer.text
        if answer.status_int in {404, 405, 409}:
            return "none"
        return "out" if answer.status_int in {302, 401, 403} else "in"
