"""Seasonal adjustment 季节调整 of the monitored items, and 农历同期 comparison."""
