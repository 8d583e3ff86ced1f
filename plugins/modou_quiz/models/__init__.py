"""What the plugin stores, below `site.plugins["quiz"]`.

::

    data["bank"]        Bank: categories and questions        models/bank.py
    data["quizzes"]     activity id -> Quiz                   models/quizzes.py
    data["attempts"]    activity id -> QuizAttempts           models/attempts.py
    data["marking"]     activity id -> QuizMarking            models/marking.py
    data["used_in"]     question id -> activity ids           services/naming.py
    data["prints"]      activity id -> PaperPrints            models/printing.py
    data["duplicates"]  (user id, course id) -> DuplicateSearch  models/duplicates.py
"""
