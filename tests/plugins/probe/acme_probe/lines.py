"""A format of questions: one true-or-false question a line, `+` or `-` before the statement."""

from modou_quiz import Item, Note, QuestionFormat, Rich


class Lines(QuestionFormat):
    name = "probe_lines"
    title = "Lines of the probe"
    extension = ".lines"
    carries = frozenset()

    def recognises(self, head, filename):
        return 1.0 if filename.endswith(self.extension) else 0.0

    def read(self, stream):
        from modou_quiz.types.contents import TrueFalse

        for number, line in enumerate(stream.read().decode().splitlines(), 1):
            sign, statement = line[:1], line[1:].strip()
            if sign not in {"+", "-"}:
                note = Note("error", "A line begins with + or -.", number)
                yield Item(line=number, notes=[note])
                continue
            stem = Rich(source=statement, markup="plain")
            yield Item(
                line=number,
                type="truefalse",
                title=statement,
                content=TrueFalse(stem=stem, answer=sign == "+"),
            )

    def write(self, items, out):
        left_out = []
        for item in items:
            if item.type == "truefalse":
                sign = "+" if item.content.answer else "-"
                out.write(f"{sign} {item.content.stem.source}\n".encode())
            else:
                left_out.append((item, Note("error", "Only statements fit.")))
        return left_out
