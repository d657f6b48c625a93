"""What the pages of reminders and calls say: states, channels, reasons. Pure."""

from __future__ import annotations

# state of a message → (badge of the design system, words)
MESSAGE_WORDS = {
    "queued": ("pending", "待发"),
    "handed": ("filed", "已交通道"),
    "delivered": ("accepted", "已送达"),
    "failed": ("overdue", "未送达"),
    "dropped": ("void", "不再发送"),
}
CHANNEL_WORDS = {
    "copied": "群内文本",
    "phone": "电话",
    "sms": "短信",
    "wecom": "企业微信",
    "email": "电子邮件",
    "none": "不接收自动提醒",
}
SPOKE_WORDS = {
    "clerk": "统计员",
    "manager": "负责人",
    "finance": "财务人员",
    "desk": "值班或前台",
    "nobody": "无人接听",
}
OUTCOME_WORDS = {
    "promised": "答应按时报送",
    "filed": "称已报送",
    "trouble": "系统或账号有困难",
    "staff": "换人或人员不在",
    "closed": "停业或歇业",
    "refused": "不愿报送",
    "unreached": "未联系上",
}
WAIVERS = ("停业或歇业", "自然灾害或道路中断", "停电断网", "已退出样本，名录待调整")
SIGNAL_NOTE = (
    "只按加盐摘要比对网络地址，不保存、不显示地址；申明的代录不计。"
    "商场、园区共用网络也会出现，只作核实线索。"
)
