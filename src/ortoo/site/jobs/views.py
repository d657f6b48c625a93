"""任务进度: how far the background work has come; an operator may hold it and let it go on."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ortoo.kernel.filings.checkpointing import last_checkpoint
from ortoo.kernel.filings.read import tail
from ortoo.kernel.filings.refusal import Refused
from ortoo.site.demo_clock import clock_text
from ortoo.site.jobs.models import Job

SILENT_MS = 30_000


def _require(request: HttpRequest) -> None:
    """A demonstration shows its jobs to everybody; elsewhere they are the operator's."""
    if not settings.DEMO:
        request.scope.require("manage_accounts", place=request.scope.place or None)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Jobs with their progress; POST `hold` or `go` with the job's name."""
    _require(request)
    if request.method == "POST":
        wanted = request.POST.get("hold") or request.POST.get("go")
        job = Job.objects.filter(name=wanted).first()
        if job is None:
            raise Refused("JOB-UNKNOWN", "没有这项任务。", "请刷新任务列表。", 409)
        held = "hold" in request.POST
        state = "held" if held else "waiting"
        Job.objects.filter(name=job.name).exclude(state="done").update(held=held, state=state)
        messages.info(request, _("已暂停。") if held else _("继续进行。"))
        return HttpResponseRedirect(reverse("jobs"))
    size, last = tail(), last_checkpoint()
    return render(
        request,
        "site/jobs.html",
        {
            "jobs": [shown(job) for job in Job.objects.order_by("name")],
            "size": size,
            "sealed": last.size if last else 0,
            "sealed_at": clock_text(last.signed_at) if last else "",
        },
    )


def shown(job: Job) -> dict[str, object]:
    """A job as the page shows it: the fields of `{% progress %}` and its buttons."""
    words = {
        "waiting": _("等待开始"),
        "running": _("进行中"),
        "held": _("已暂停"),
        "done": _("已完成"),
        "failed": _("已停止"),
    }
    silent = job.state == "running" and time.time_ns() // 1_000_000 - (job.seen_at or 0) > SILENT_MS
    state = _("后台进程未运行") if silent else words[job.state]
    text = f"{job.done}/{job.total} · {state}"
    if job.note and job.state == "running":
        text += f" · {job.note}"
    return {
        "name": job.name,
        "title": job.title,
        "done": job.done,
        "total": max(job.total, 1),
        "text": text,
        "left": _left(job),
        "error": job.error,
        "may_hold": job.state in ("waiting", "running"),
        "may_go": job.state in ("held", "failed"),
    }


def _left(job: Job) -> str:
    """How long the rest will take at the pace so far."""
    if job.state != "running" or not job.done or job.started_at is None or job.seen_at is None:
        return ""
    minutes = (job.seen_at - job.started_at) * (job.total - job.done) / job.done / 60_000
    return _("约还需 %(minutes)d 分钟") % {"minutes": minutes + 1} if job.done > 2 else ""
