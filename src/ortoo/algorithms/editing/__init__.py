"""Statistical editing and imputation 审核与插补: which value is doubtful, how much it matters.

Arrays in, arrays out. Every function is a draft of a question: nothing here changes a statement.
An unchanged price is no accusation: 60 to 80 % of quotes are flat in most weeks.
"""
