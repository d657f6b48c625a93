"""Prices in space: who moves first, and which gap between neighbours no lorry would leave open.

Arrays in, arrays out; periods are rows, places are columns, NaN is a gap.
"""
