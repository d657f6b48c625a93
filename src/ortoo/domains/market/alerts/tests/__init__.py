"""Tests of market alerts."""
