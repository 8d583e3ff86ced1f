"""The forms in which teachers write questions; see `modou_quiz.forms.questions`."""
