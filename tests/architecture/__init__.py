"""Tests of the house itself: directions of imports, who may write, names, colours, commands."""
