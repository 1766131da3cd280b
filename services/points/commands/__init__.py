"""The verbs: one file, one command; the table of decisions that the desk obeys."""

from collections.abc import Mapping

from services.points.commands.alert_campaign import AlertCampaign, alert_campaign
from services.points.commands.alert_pair import AlertPair, alert_pair
from services.points.commands.announce_sheet import AnnounceSheet, announce_sheet
from services.points.commands.approve_adjustment import ApproveAdjustment, approve_adjustment
from services.points.commands.approve_rule import ApproveRule, approve_rule
from services.points.commands.approve_sheet import ApproveSheet, approve_sheet
from services.points.commands.ask_pay_code import AskPayCode, ask_pay_code
from services.points.commands.ask_voucher import AskVoucher, ask_voucher
from services.points.commands.bring_in_opening import BringInOpening, bring_in_opening
from services.points.commands.capture_hold import CaptureHold, capture_hold
from services.points.commands.check_in import CheckIn, check_in
from services.points.commands.claim_receipt import ClaimReceipt, claim_receipt
from services.points.commands.close_month import CloseMonth, close_month
from services.points.commands.draft_rule import DraftRule, draft_rule
from services.points.commands.earn_points import EarnPoints, earn_points
from services.points.commands.edit_client import EditClient, edit_client
from services.points.commands.exchange_points import ExchangePoints, exchange_points
from services.points.commands.expire_hold import ExpireHold, expire_hold
from services.points.commands.expire_points import ExpirePoints, expire_points
from services.points.commands.give_points import GivePoints, give_points
from services.points.commands.issue_statements import IssueStatements, issue_statements
from services.points.commands.keep_signing_key import KeepSigningKey, keep_signing_key
from services.points.commands.keep_tier import KeepTier, keep_tier
from services.points.commands.link_number import LinkNumber, link_number
from services.points.commands.open_month import OpenMonth, open_month
from services.points.commands.open_wallet import OpenWallet, open_wallet
from services.points.commands.place_hold import PlaceHold, place_hold
from services.points.commands.prepare_gift import PrepareGift, prepare_gift
from services.points.commands.quote_exchange import QuoteExchange, quote_exchange
from services.points.commands.redeem_points import RedeemPoints, redeem_points
from services.points.commands.refund_points import RefundPoints, refund_points
from services.points.commands.reject_adjustment import RejectAdjustment, reject_adjustment
from services.points.commands.reject_doubt import RejectDoubt, reject_doubt
from services.points.commands.release_hold import ReleaseHold, release_hold
from services.points.commands.request_adjustment import RequestAdjustment, request_adjustment
from services.points.commands.return_purchase import ReturnPurchase, return_purchase
from services.points.commands.settle_voiding import SettleVoiding, settle_voiding
from services.points.commands.settle_voucher import SettleVoucher, settle_voucher
from services.points.commands.void_voucher import VoidVoucher, void_voucher
from shared.runtime.batch import Decision

DECISIONS: Mapping[type, Decision] = {
    AlertCampaign: alert_campaign,
    AlertPair: alert_pair,
    AnnounceSheet: announce_sheet,
    ApproveAdjustment: approve_adjustment,
    ApproveRule: approve_rule,
    ApproveSheet: approve_sheet,
    BringInOpening: bring_in_opening,
    CheckIn: check_in,
    AskPayCode: ask_pay_code,
    AskVoucher: ask_voucher,
    ClaimReceipt: claim_receipt,
    CloseMonth: close_month,
    DraftRule: draft_rule,
    EarnPoints: earn_points,
    EditClient: edit_client,
    ExchangePoints: exchange_points,
    ExpirePoints: expire_points,
    GivePoints: give_points,
    IssueStatements: issue_statements,
    KeepSigningKey: keep_signing_key,
    KeepTier: keep_tier,
    LinkNumber: link_number,
    OpenMonth: open_month,
    OpenWallet: open_wallet,
    PrepareGift: prepare_gift,
    QuoteExchange: quote_exchange,
    RedeemPoints: redeem_points,
    RejectAdjustment: reject_adjustment,
    RejectDoubt: reject_doubt,
    RequestAdjustment: request_adjustment,
    RefundPoints: refund_points,
    ReturnPurchase: return_purchase,
    SettleVoiding: settle_voiding,
    SettleVoucher: settle_voucher,
    VoidVoucher: void_voucher,
    ReleaseHold: release_hold,
    PlaceHold: place_hold,
    ExpireHold: expire_hold,
    CaptureHold: capture_hold,
}
