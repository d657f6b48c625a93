"""Indicators 指标: pure functions of filings and postings as known at a log index.

The first ones live with their domain (`domains/market/rules/figures.py` over
`algorithms/rollup.py`); what a second domain needs of them moves here.
"""
