"""全部业务: every section this log-in may use and what it is for; the menu is its short form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ortoo.domains.market import monitored
from ortoo.domains.market.opening import SAMPLE
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.site.links import FOREIGN, FORM, link, office_duty, review_href


@dataclass(frozen=True, slots=True)
class Entry:
    """One page somebody may open. `short`: its word in the navigation, "" where it is not there."""

    section: str
    title: str
    href: str
    note: str
    short: str = ""


def entries(scope: Scope) -> list[Entry]:
    """What this scope may open, by section, in the order of the page."""
    found = [*_mine(scope), *_office(scope), *_analysis(scope), *_figures(scope), *_rest(scope)]
    return [entry for entry in found if entry.href]


def _mine(scope: Scope) -> Iterator[Entry]:
    section = _("我的")
    duties = scope.may("file_return") or scope.may("review")
    home = _("应办事项") if duties else _("首页")
    yield Entry(section, home, link("home"), _("现在要办的事，按时限排"), home)
    if scope.may("file_return"):
        mine = _("我的报表")
        yield Entry(section, mine, link("my-returns"), _("全年应报、及时期数和回执"), mine)
        yield Entry(section, _("催报方式"), link("reach"), _("用短信、企业微信还是邮件提醒"))
        yield Entry(section, _("收银直报密钥"), link("till-keys"), _("收银系统自动报送用的密钥"))


def _office(scope: Scope) -> Iterator[Entry]:
    duty = office_duty(scope)
    if duty is None:
        return
    section, place = _("审核与监测"), duty.place
    review = _("本期审核")
    yield Entry(section, review, review_href(duty), _("谁报了、谁没报、哪里要看"), review)
    campaigns, flashes = _("专项监测"), _("急报")
    yield Entry(section, campaigns, link("campaigns"), _("启动日报、零报告、值班表"), campaigns)
    yield Entry(section, flashes, link("flashes"), _("限时再问几个已有指标"), flashes)
    names = {"form": duty.form, "period": duty.period, "office": place}
    yield Entry(section, _("催报、电话与免报"), link("chase", **names), _("本期提醒谁、结果如何"))
    yield Entry(section, _("电话记录"), link("calls", office=place), _("按企业查联系情况"))
    samples = _("样本名录")
    yield Entry(section, samples, link("sample-lists"), _("名录、推荐、审批、轮换"))
    today = dt.datetime.fromtimestamp(now_ms() / 1000, _zone()).date()
    yield Entry(section, _("报送考核"), link("assessment", place=place), _("各地及时、完整的名次"))
    rates = link("rates", form=FORM, place=place)
    yield Entry(section, _("四率"), rates, _("报送、及时、完整、直报"))
    fee = link("incentives", form=FORM, year=today.year, place=place)
    yield Entry(section, _("信息采集劳务费"), fee, _("按及时率算出的发放草表"))
    if scope.may("publish"):
        yield Entry(section, _("历史汇总导入"), link("history"), _("把多年的汇总表导进来"))


def _zone() -> ZoneInfo:
    return ZoneInfo(active_pack().head.time_zone)


def _analysis(scope: Scope) -> Iterator[Entry]:
    section = _("分析与预警")
    chain = scope.may("read_unit_figures") or scope.may("read_aggregates")
    if chain:
        alerts = _("市场异动")
        yield Entry(section, alerts, link("alerts"), _("脱销、滞销的核实和处置"), alerts)
        yield Entry(section, _("预警"), link("warnings", form=FORM), _("四周内可能大涨大跌的品种"))
    yield Entry(section, _("预测"), link("forecasts", form=FORM), _("往后八周，附过去准不准"))
    yield Entry(section, _("价格指数"), link("indices", form=FORM), _("总指数、类指数和各地指数"))
    yield Entry(section, _("各地比较"), link("spatial-chosen"), _("谁先动、价差与运费、缺货迹象"))
    if chain:
        duty = office_duty(scope)
        if duty is not None:
            names = {"form": duty.form, "period": duty.period}
            yield Entry(section, _("缺报插补"), link("imputed", **names), _("没报的估一个数看影响"))
        model = link("forecast-model")
        yield Entry(section, _("预测模型与签发"), model, _("用什么模型、谁签发的"))


def _figures(scope: Scope) -> Iterator[Entry]:
    section = _("数据")
    figures, foreign = _("市场监测"), _("境外市场")
    yield Entry(section, figures, link("figures", form=FORM), _("各地价格、涨跌和走势"), figures)
    for title, name, note in (
        (_("市场概况"), "overview", _("本周涨跌排行")),
        (_("分品种走势"), "trends", _("一个或几个品种，任选时段")),
        (_("对比"), "compare", _("品种、地区、时段并排")),
        (_("现货与期货"), "trends-futures", _("期货结算价尚未接入")),
        (_("查找"), "search", _("品种、地区、企业、表式，可用拼音")),
    ):
        yield Entry(section, title, link(name), note)
    bulletins = _("公报")
    short = bulletins if not scope.may("file_return") else ""
    yield Entry(section, bulletins, link("bulletins"), _("动态分析、运行情况的起草签发"), short)
    yield Entry(section, _("公报核对"), link("bulletin-check"), _("粘贴公报，逐个数字重算"))
    yield Entry(section, _("开放数据"), link("open-data"), _("已发布的数：CSV、JSON、SDMX、订阅"))
    if scope.may("read_unit_figures"):
        for title, name, note in (
            (_("报送情况查询"), "monitor-returns", _("按日期、表式、地区查谁报了")),
            (_("注册情况查询"), "monitor-registered", _("在册填报单位")),
            (_("城区与旗县"), "overview-regions", _("城区和旗县的价格并排")),
        ):
            yield Entry(section, title, link(name), note)
    if scope.may("file_return") and scope.party:
        own = link("firm", party=scope.party)
        yield Entry(section, _("本企业"), own, _("各表历史、与盟市比、及时情况"))
    versions = link("vintages-form", form=FORM)
    yield Entry(section, _("数据版次与修订"), versions, _("发布过哪几版、修订了什么"))
    for form in monitored.forms():
        if form.code != FORM:
            title = form.title.get("zh", form.code)
            yield Entry(section, title, link("figures", form=form.code), form.head.code)
    short = "" if scope.may("review") else foreign
    yield Entry(section, foreign, link("figures", form=FOREIGN), _("按来源口径照录"), short)
    estimates = link("sample-frame", list_code=SAMPLE) if scope.may("manage_lists") else ""
    yield Entry(section, _("抽样估计与精度"), estimates, _("设计权数、变异系数"))


def _rest(scope: Scope) -> Iterator[Entry]:
    section = _("系统")
    # An office's menu holds its own business; the rest is one click further.
    seal, jobs, brief = _("存证查验"), _("任务进度"), not scope.may("review")
    note = _("用回执号查一份报件是否在册")
    yield Entry(section, seal, link("receipt-verify"), note, seal if brief else "")
    if settings.DEMO or scope.may("manage_accounts"):
        yield Entry(section, jobs, link("jobs"), _("后台在做什么"), jobs if brief else "")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """全部业务."""
    sections: dict[str, list[Entry]] = {}
    for entry in entries(request.scope):  # type: ignore[attr-defined]
        sections.setdefault(entry.section, []).append(entry)
    return render(request, "site/directory.html", {"sections": sections.items()})


__all__ = ["Duty", "Entry", "entries", "page"]
