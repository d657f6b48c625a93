"""开放数据: what was issued, as CSV, JSON, SDMX and a feed. Nothing live ever passes through here.

Every cell comes from the filings K-ISSUE through their read model `market_issued`; no other
figure is read.
"""
