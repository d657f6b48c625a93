"""Price indices 价格指数: elementary, bilateral, multilateral, spliced, and what moved them.

The recipe the house publishes by: `elementary` (Jevons over matched quotes) gives one price column
for each item and place; `splicing.rolling_geks` (GEKS-Törnqvist over 25 periods, mean splice)
aggregates the columns; `contributions` says which item and place moved the result, `mean_change`
why a mean price moved. Time-product dummies and Geary-Khamis are checks. `drift` shows what
chaining would have done; it is never published.

Arrays in, arrays out; periods are rows. A price that is missing, zero or negative is a gap.
"""
