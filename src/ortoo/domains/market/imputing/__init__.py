"""Imputation 插补: estimates for what was owed and not said, beside the figures, never in a return.

Missing are the prices of respondents that have not filed, were sent back, or left a cell blank. A
stated reason (未经营, 断货, 季节无货) is an answer and is never filled.
"""
