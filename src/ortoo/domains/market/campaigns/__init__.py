"""专项监测: a daily form ordered for some firms, cells and days. See `plan`, `services`."""
