"""The sample 样本: its lists, how they change, what a change does to the series, its design."""
