"""One small procedure that is whole, as text: two agencies in parallel, then a release."""

from __future__ import annotations

from ortoo.kernel.threads.findings import ANYTHING, Decides, Library

TEXT = """\
procedure: T-ENTRY
version: 1
title: {zh: 试验入境办理, en: Trial entry}
subject: {zh: 货物, en: Consignment}
opens_with: [T-DECLARE]
calendar: CN
home: customs
agencies:
  - {role: customs, title: {zh: 海关, en: Customs}}
  - {role: border, title: {zh: 边检, en: Border police}}
  - {role: office, title: {zh: 口岸办, en: Port office}}
steps:
  - code: inspect
    title: {zh: 海关查验, en: Inspection}
    owner: customs
    due: {working_hours: 8, source: 试验办法第五条}
    warnings: [{working_hours: 2}]
    on_timeout:
      - {action: escalate, to: office, regulation: T-DAYS}
      - {action: deem, outcome: pass, regulation: T-DEEM, after: {working_days: 1, source: 第六条}}
    pauses: {asks: 2, holds: 1, kinds: [布控]}
    met_by: [{procedure: T-OTHER, step: look, within_days: 30}]
    outcomes:
      - {code: pass, kind: positive, title: {zh: 通过, en: Passed}}
      - {code: limit, kind: conditional, title: {zh: 附条件通过, en: Passed with conditions}}
      - {code: fail, kind: negative, title: {zh: 不通过, en: Failed}}
  - code: persons
    title: {zh: 人员验放, en: Persons}
    owner: border
    forms: [T-PERSONS]
    outcomes:
      - {code: pass, kind: positive, title: {zh: 通过, en: Passed}}
      - {code: fail, kind: negative, title: {zh: 不通过, en: Failed}}
  - code: release
    title: {zh: 放行, en: Release}
    owner: customs
    needs: [all]
    duty: release
    due: {unit: working_hours, regulation: T-DAYS}
    outcomes:
      - {code: go, kind: positive, title: {zh: 放行, en: Released}}
joins:
  - {code: all, title: {zh: 会签, en: Both agree}, of: [inspect, persons], policy: any}
ends:
  - {code: out, kind: released, title: {zh: 放行办结, en: Released}, when: [release]}
  - {code: denied, kind: refused, title: {zh: 不予放行, en: Refused}, when: [all]}
  - {code: back, kind: withdrawn, title: {zh: 撤回, en: Withdrawn}, until: [inspect]}
links:
  - {relation: parent, procedure: T-OTHER}
"""

OTHER = """\
procedure: T-OTHER
version: 1
title: {zh: 另一规程, en: Another}
subject: {zh: 货物, en: Consignment}
opens_with: [T-DECLARE]
calendar: always
home: customs
agencies:
  - {role: customs, title: {zh: 海关, en: Customs}}
steps:
  - code: look
    title: {zh: 查看, en: Look}
    owner: customs
    outcomes:
      - {code: pass, kind: positive, title: {zh: 通过, en: Passed}}
ends:
  - {code: out, kind: released, title: {zh: 办结, en: Done}, when: [look]}
"""


def library() -> Library:
    from ortoo.kernel.threads.loader import parse, read_yaml

    return Library(
        forms={
            "K-DECIDE": ANYTHING,
            "T-DECLARE": (),
            "T-PERSONS": (Decides("persons", "pass"), Decides("persons", "fail")),
        },
        calendars=lambda code: code in ("CN", "always"),
        regulations=frozenset({"T-DAYS", "T-DEEM"}),
        procedures={"T-OTHER": (parse(read_yaml(OTHER)),)},
    )
