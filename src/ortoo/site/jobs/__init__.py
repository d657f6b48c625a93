"""Background jobs 任务: a small table of how far each has come, and the process that does them."""
