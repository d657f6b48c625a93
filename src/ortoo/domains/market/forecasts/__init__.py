"""Forecasts 预测 of prices and volumes: filed as known then, checked against what came."""
