"""What the Excel and the Word format share: the table of words that trainers write, drafts of
questions, formulas and pictures."""
