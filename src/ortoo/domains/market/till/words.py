"""Words by which tills name, size and shelve what they sell. Data.

Typed from how Chinese retail writes article names; none is a code of any standard.
"""

from __future__ import annotations

from collections.abc import Mapping

_HARMLESS = (
    "散装 袋装 桶装 盒装 箱装 瓶装 精装 散称 散 称重 净菜 精选 精品 特价 促销 "
    "新鲜 鲜 优质 优选 一级 特级 本地 当季 有机 普通 大 小 中 把 捆 箱 袋 桶 瓶 "
    "盒 包 提 件 块 板 装 级 号 棵 个 斤 公斤 元 压榨 浸出 礼盒 组合 冷鲜 "
    "冻 排酸 切块 整只 带皮 去皮 去骨 实惠装 家庭装 量贩装 加碘 未加碘 绿色 "
    "无公害 散卖 新 老 嫩 红 白 黄 青 紫 圆 长 水洗 毛 净 条 份 颗 头 根 "
    "只 片装 kg 千克 市斤 食用 农家"
)
HARMLESS = tuple(_HARMLESS.split())
"""Says nothing of what the thing is, before or behind its word."""

PROCESSED = frozenset(
    "味饼面汤酱干糕饮汁茶粉片罐膏露酒糖丝条卷串丸肠松脯籽仁苗种馅包饺皮酸奶器刀盆锅"
)
"""What stands behind an item's word in the name of something made from it."""

_FOOD_HINTS = "蔬 菜 粮 米 面 油 肉 禽 蛋 生鲜 奶 乳 糖 盐 调味 茶 农副 豆制 水产"
FOOD_HINTS = tuple(_FOOD_HINTS.split())
_OTHER_HINTS = (
    "洗 日化 日用 文具 玩具 休闲 饮料 熟食 速冻 百货 家电 服 鞋 烟 酒 化妆 "
    "护 零食 饼干 糖果 方便 冷饮 罐头 冲调 面点 主食 烘焙 针织 宠物 保健 卤 "
    "腌 酱菜 干货 锅 厨具"
)
OTHER_HINTS = tuple(_OTHER_HINTS.split())

MORE: Mapping[str, tuple[str, ...]] = {
    good: tuple(words.split())
    for good, words in {
        "GR01": "东北米 珍珠米 长粒香 稻花香 五常米 香米",
        "GR02": "小麦粉 雪花粉 高筋粉 富强粉 饺子粉",
        "OL01": "黄豆油",
        "OL03": "菜油",
        "OL04": "食用调和油 食用植物调和油",
        "ME02": "猪瘦肉 猪后腿 猪前腿",
        "ME03": "猪五花",
        "SU01": "牛后腿 牛前腿 牛后腿肉",
        "SU02": "羊后腿 羊前腿 羊后腿肉",
        "PO01": "整鸡 光鸡",
        "VE02": "包菜 包心菜 莲花白 疙瘩白",
        "VE05": "球生菜 奶油生菜 罗马生菜",
        "VE14": "长豆角 油豆角 芸豆",
        "VE11": "柿子椒 甜椒 菜椒",
        "VE18": "葱头",
        "VE26": "松花菜 白菜花",
        "VE27": "西蓝花 绿菜花",
        "VE20": "独头蒜 紫皮蒜",
        "VE21": "老姜 小黄姜 黄姜",
        "VE30": "白蘑",
        "SE01": "食用盐 碘盐 精盐 海盐 湖盐 井盐 岩盐 低钠盐 井矿盐",
        "DA01": "全脂牛奶 脱脂牛奶 全脂灭菌乳 纯奶",
    }.items()
}
"""Good → names on tills that neither the catalogue nor the form gives."""

_OTHERS = (
    "小白菜 奶白菜 紫甘蓝 小番茄 樱桃番茄 千禧番茄 圣女果 洋姜 蒜薹 蒜苔 蒜苗 香葱 小葱 "
    "酸奶 奶粉 糯米 小米 玉米面 酸菜 干辣椒 辣椒面 花椒 胡椒 番茄酱 牛奶糖 冰糖 红糖 "
    "鸡胸 鸡腿 鸡翅 鸡爪 羊排 牛腩 牛排 排骨 松花蛋 咸鸡蛋 茶叶蛋 卤蛋 鹌鹑蛋"
)
OTHERS = tuple(_OTHERS.split())
"""Other things whose names hold, or seem to hold, an item's word."""
