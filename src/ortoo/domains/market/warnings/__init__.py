"""Warnings 预警: the chance that a threshold will be crossed within some weeks, and its record.

A warning looks ahead; what has happened already is a detection 异动 (`alerts`).
"""
