"""Bulletins 生活必需品市场动态分析、市场运行情况: text computed from figures, signed by people."""
