"""The component gallery: every component once, and whole pages as their readers will see them.

``python -m ortoo.web.gallery FOLDER`` writes the pages as files, without a site or a database.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from ortoo.web import maps, samples
from ortoo.web.outlines import Outlines

CHROME: dict[str, Any] = {
    "navigation": [
        {"title": "本期审核", "href": "review.html", "current": False, "count": 7},
        {"title": "市场运行", "href": "region.html"},
        {"title": "预警", "href": "#", "count": 3},
        {"title": "样本企业", "href": "#"},
        {"title": "公报", "href": "#"},
        {"title": "表式", "href": "#"},
        {"title": "存证", "href": "#"},
    ],
    "who": {
        "name": "其其格",
        "organisation": "某盟商务局",
        "role": "审核（盟级）",
        "href": "#",
        "logout_href": "#",
    },
    "demo": {
        "clock": "2026年11月20日 09:42",
        "clock_href": "#",
        "switch_href": "#",
        "roles": [
            {"code": "clerk", "title": "超市统计员 · 王芳"},
            {"code": "league", "title": "盟商务局审核 · 其其格", "current": True},
            {"code": "region", "title": "自治区商务厅 · 李强"},
        ],
    },
}


def pages(geometry: Outlines | None = None) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name → (template, context)."""
    shapes = geometry or maps.outlines(samples.sample_geometry())
    return {
        "gallery": ("web/gallery.html", CHROME | _components(shapes)),
        "clerk": ("web/gallery_clerk.html", CHROME | _clerk()),
        "review": ("web/gallery_review.html", CHROME | _review()),
        "region": ("web/gallery_region.html", CHROME | _region(shapes)),
        "error": ("web/error.html", CHROME | {"error": samples.error()}),
        "confirm": ("web/confirm.html", CHROME | {"confirm": samples.confirm()}),
        "login": ("web/login.html", {"form": samples.login_form(), "demo": CHROME["demo"]}),
    }


def _clerk() -> dict[str, Any]:
    return {
        "duties": samples.duties(),
        "navigation": [
            {"title": "我的待办", "href": "#", "current": True, "count": 3},
            {"title": "历史报表", "href": "#"},
            {"title": "同行比较", "href": "#"},
            {"title": "回执", "href": "#"},
        ],
        "who": {"name": "王芳", "organisation": "额尔敦超市", "role": "统计员", "logout_href": "#"},
        "strip": samples.strip(),
        "timeline": samples.timeline(),
        "year": [("本年应报", "47 期"), ("及时", "46 期"), ("直报", "44 期"), ("更正", "2 次")],
    }


def _review() -> dict[str, Any]:
    navigation = [dict(item, current=index == 0) for index, item in enumerate(CHROME["navigation"])]
    return {
        "navigation": navigation,
        "crumbs": [{"title": "首页", "href": "#"}, {"title": "本期审核"}],
        "as_of": "11月20日 09:42",
        "as_of_href": "#",
        "matrix": samples.matrix(),
        "table": samples.table(),
    }


def _region(shapes: Outlines) -> dict[str, Any]:
    navigation = [dict(item, current=index == 1) for index, item in enumerate(CHROME["navigation"])]
    return {
        "navigation": navigation,
        "crumbs": [
            {"title": "首页", "href": "#"},
            {"title": "市场运行", "href": "#"},
            {"title": "羊肉"},
        ],
        "as_of": "11月19日",
        "as_of_href": "#",
        "map": samples.map(shapes),
        "line": samples.line(),
        "bars": samples.bars(),
        "table": samples.table(),
        "tabs": [
            {"title": "零售价", "href": "#", "current": True},
            {"title": "批发价", "href": "#"},
            {"title": "销售量", "href": "#"},
            {"title": "库存", "href": "#", "count": 2},
        ],
    }


def _components(shapes: Outlines) -> dict[str, Any]:
    from django.core.paginator import Paginator

    from ortoo.web import words

    return (
        {
            "states": list(words.STATES),
            "levels": list(words.LEVELS),
            "changes": [5.2, -3.1, 0, None],
            "receipt": samples.receipt(),
            "issues": samples.issues(),
            "page": Paginator(range(240), 20).page(5),
            "job": {
                "title": "导入历史汇总",
                "done": 38,
                "total": 52,
                "text": "第38周 / 共52周，约剩 20 秒",
                "href": "#",
            },
            "empty_table": {
                "title": "空表",
                "columns": [{"title": "企业"}, {"title": "期数", "numeric": True}],
                "rows": [],
            },
        }
        | _clerk()
        | _review()
        | _region(shapes)
    )


def write(folder: Path) -> list[Path]:
    """Write each page and the static files under ``folder``; needs no settings."""
    import django
    from django.conf import settings
    from django.template import Context, Engine
    from django.test import RequestFactory

    if not settings.configured:
        storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
        settings.configure(STATIC_URL="static/", STORAGES={"staticfiles": {"BACKEND": storage}})
        django.setup()
    here = Path(__file__).parent
    tags = {
        "ortoo": "ortoo.web.templatetags.ortoo",
        "static": "django.templatetags.static",
        "i18n": "django.templatetags.i18n",
    }
    engine = Engine(dirs=[str(here / "templates")], libraries=tags)
    shutil.copytree(here / "static", folder / "static", dirs_exist_ok=True)
    written = []
    for name, (template, context) in pages().items():
        request = RequestFactory().get(f"/{name}")
        html = engine.get_template(template).render(Context({**context, "request": request}))
        written.append(folder / f"{name}.html")
        written[-1].write_text(html, encoding="utf-8")
    return written


if __name__ == "__main__":
    for page in write(Path(sys.argv[1])):
        print(page)
