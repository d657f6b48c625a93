"""Words of 专项监测 pages: dates with lunar names, the notice, the reminder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

from ortoo.domains.market import lunar
from ortoo.domains.market.campaigns.plan import PAUSED, Campaign, Plan, clock_zh
from ortoo.domains.market.rules.figures import percent_text
from ortoo.kernel.forms.definition import Form

_WEEKDAYS = "一二三四五六日"


def day_zh(day: dt.date, plan: Plan | None = None) -> str:
    """«2月6日 正月初一»; the lunar name only where the campaign asks for it."""
    name = lunar.label(day) if plan is None or plan.lunar else ""
    return f"{day.month}月{day.day}日" + (f" {name}" if name else "")


def full_day_zh(day: dt.date) -> str:
    return (
        f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）{lunar.label(day)}"
    )


def figure(value: Fraction | None, scale: int) -> str:
    """A mean in minor units as decimal text."""
    if value is None:
        return "—"
    number = round(value)
    sign, digits = ("-" if number < 0 else ""), str(abs(number)).rjust(scale + 1, "0")
    return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


def amount(value: int, scale: int) -> str:
    """A sum in minor units with thousands commas."""
    whole, rest = divmod(value, 10**scale)
    return f"{whole:,}" + (f".{rest:0{scale}d}" if scale else "")


def change(value: Fraction | None) -> str:
    """Percent with one place and its sign."""
    return percent_text(value)


def cells_zh(plan: Plan, form: Form) -> str:
    """«鸡蛋、白菜等 12 个品种的价格、销售量» or 全部品种."""
    named = [form.item(code).name["zh"] for code in plan.items if code in form.by_code]
    items = "全部品种"
    if named:
        items = "、".join(named[:4]) + (f"等 {len(named)} 个品种" if len(named) > 4 else "")
    columns = [form.measure(c).title["zh"] for c in plan.measures if c in form.measure_by_code]
    return items + (f"的{'、'.join(columns)}" if columns else "，各项指标")


def notice(found: Campaign, form: Form, firms: int) -> str:
    """The notice's text: who reports what, when; how the end is."""
    plan = found.plan
    lines = [
        f"关于开展{plan.title}的通知",
        f"依据：{plan.basis}",
        f"一、时间：{plan.span_zh}，每日 {clock_zh(plan.due_minute)} 前报送，"
        f"{clock_zh(plan.review_minute)} 前审核完毕。",
        f"二、内容：《{form.title['zh']}》，{cells_zh(plan, form)}，样本企业 {firms} 家。",
    ]
    if plan.yesterday:
        lines.append("三、口径：价格报当日，销售量、销售额报前一日全天。")
    if plan.situation_minute is not None:
        lines.append(
            f"四、各级每日 {clock_zh(plan.situation_minute)} 前报情况，无异常的零报告；"
            "断货、抢购、价格异常、滞销随时报。"
        )
    if plan.narrative_minute is not None:
        last = f"{plan.last.month}月{plan.last.day}日"
        lines.append(f"五、{last} {clock_zh(plan.narrative_minute)} 前报分析文字。")
    if plan.weekly == PAUSED:
        lines.append("六、整周落在期内的，免报周报；其余各周周报照报。")
    else:
        lines.append("六、期间周报照报。")
    lines.append("七、期满自动恢复周报，不再另行通知。")
    return "\n".join(lines)


def reminder(found: Campaign, day: dt.date, names: Iterable[str]) -> str:
    """The text for the firms' group."""
    missing = list(names)
    due = clock_zh(found.plan.due_minute)
    return (
        f"【{found.title}】{day_zh(day)}日报请以下 {len(missing)} 家企业于今日 {due} 前报送："
        f"{'、'.join(missing)}。停业的点「今日停业（零报告）」一键报。"
    )


def ended(found: Campaign) -> str:
    """「恢复周报」."""
    last = found.plan.last
    following = last + dt.timedelta(days=1)
    return (
        f"恢复周报：{found.title}于{last.month}月{last.day}日结束，"
        f"{following.month}月{following.day}日起不再报日报，按周报制度报送。"
    )
