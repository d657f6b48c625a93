"""Price indices 价格指数 of a form (basket, classes, places, what moved them), and why a published
mean moved 均价变动分解."""
