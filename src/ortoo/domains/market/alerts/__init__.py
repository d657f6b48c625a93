"""Market alerts 市场异动: detection by dated tables, and the matter that an alert opens."""
