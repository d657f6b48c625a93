"""Log-in, second factor, recovery, passwords and the one-click log-in of demonstrations."""
