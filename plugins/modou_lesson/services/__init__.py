"""The verbs of lessons: keeping, preparing, showing, handing out."""
