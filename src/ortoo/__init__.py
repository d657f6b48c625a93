"""Örtöö: the open platform on which a region runs its commerce."""

__version__ = "0.1.0"
