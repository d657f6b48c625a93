"""The words around a number that say what it is: patterns of the bulletins' own language. Pure."""

from __future__ import annotations

import re

UP = r"上涨|上升|上扬|走高|攀升|回升|反弹|增长|增加|提高|涨幅|升幅|增幅|升至|涨"
DOWN = r"下降|下跌|下滑|回落|走低|降低|减少|跌幅|降幅|跌|降"
FLAT = r"持平|不变"
TURN = re.compile(rf"(?P<up>{UP})|(?P<down>{DOWN})")
BEHIND = re.compile(rf"的?(?:(?P<up>{UP})|(?P<down>{DOWN}))")
COMPARED = re.compile(
    r"(?P<matched>同样本)|(?P<lunar>农历)|(?P<four>四周前|4周前|近四周|近4周|前四周|四周)"
    r"|(?P<year>同比|(?:比|较|与)?(?:上年|去年)(?:同期|同周)?)"
    r"|(?P<other>年初|节前|累计|最高|高点|低点)"
    r"|(?P<previous>环比|(?:比|较|与)?(?:上周|上一周|前一周|上期|上旬|上月|前期))"
)
BEFORE = re.compile(
    r"(?:(?:由|从)[^，、；。]{0,8}|(?<![比较同与])(?:上周|上期|前一周|上旬|上月)[^，、；。比持]{0,10})$"
)
YEAR_AGO = re.compile(r"(?<![比较同与])(?:去年|上年)(?:同期|同周)?[^，、；。比]{0,10}$")
PER = re.compile(r"(?:每|一)\s*(公斤|千克|市斤|斤|500\s*[克g]|升|吨)")
CHAIN = re.compile(r"\s*[、，,和及与]?\s*(?:和|及|与)?\s*$")
RANGE = re.compile(r"\s*[-—–－~～至到]+\s*$")
COUNTED = re.compile(
    r"^(?:个|的)?(?:主要|重点|监测|其他|食品|生活必需品|商品|品种|蔬菜|水果|粮油|价格|零售|批发|平均|"
    rf"均价|环比|同比|均|都|有|的|与上周|比上周|较上周|与前一周|比前一周|较前一周|与上期){{0,6}}"
    rf"(?:(?P<up>{UP})|(?P<down>{DOWN})|(?P<flat>{FLAT}))(?!\s*[-\d])"
)
COUNTING = re.compile(
    rf"(?:(?P<up>上涨|上升)|(?P<down>下降|下跌|回落)|(?P<flat>{FLAT}))(?:的)?(?:商品|品种|有|为|的)*\s*$"
)
FLAT_WORD = re.compile(r"(?<!基本)(?<!总体)(?<!大体)(?<!略)持平(?!的|有|\s*\d)")
MOVER = re.compile(r"[涨跌降升]幅(?:度)?(?:最大|居首|居前|最高|第一)|领[涨跌]")
OTHERS = re.compile(r"发改|发展改革|物价|价格部门|统计局|农业农村|农牧|商务部|全国|36个大中城市")
QUALIFIED = re.compile(
    r"(?:进口|国产|冷冻|冻|有机|散装|精品|特级|一级|二级|本地|外地|陈|熟|去骨|剔骨|无骨|带骨|纯|高档|普通)$"
)
UNKNOWN = re.compile(r"[\u4e00-\u9fff（）()]{2,10}$")
STRIP = re.compile(
    r"平均|零售|批发|市场|销售|交易|价格|均价|单价|价|分别|每(?:公斤|千克|斤|升|吨)|为|至|到|由|从|"
    r"约|在|达|报|是|其中|本周|上周|当前|上涨|下降|下跌|回落|小幅|大幅|略|微|继续|明显|稳中|有|的|元|环比|同比|"
    r"[涨跌降升以个均都]"
)
UNITS = {"千克": "公斤", "kg": "公斤", "KG": "公斤", "市斤": "斤", "500克": "斤", "500g": "斤",
         "L": "升", "l": "升"}  # fmt: skip
