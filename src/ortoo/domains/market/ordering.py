"""What orders of a bureau add to the kernel: procedures of campaigns, situations and requests."""

from __future__ import annotations

from ortoo.domains.market.campaigns.plan import FORM as CAMPAIGN
from ortoo.domains.market.campaigns.procedure import CampaignProcedure
from ortoo.domains.market.flash.plan import FORM as FLASH
from ortoo.domains.market.flash.plan import FlashProcedure
from ortoo.domains.market.situations import FORM as SITUATION
from ortoo.domains.market.situations import SituationProcedure
from ortoo.kernel.threads.procedure import register_procedure


def register_orders() -> None:
    """Have 专项监测, 情况 and 急报 follow their procedures. Harmless when repeated."""
    register_procedure(CAMPAIGN, CampaignProcedure())
    register_procedure(SITUATION, SituationProcedure())
    register_procedure(FLASH, FlashProcedure())
