"""Prices in space 空间分析 of an item: who moves first, gaps beyond the cost of the way, and signs
of shortage."""
