"""The verbs: one file, one command. Here stands which function decides which command."""

from collections.abc import Mapping

from services.member.commands.announce_keys import AnnounceKeys, announce_keys
from services.member.commands.ask_code import AskCode, ask_code
from services.member.commands.ask_confirmation import AskConfirmation, ask_confirmation
from services.member.commands.confirm_purpose import ConfirmPurpose, confirm_purpose
from services.member.commands.edit_staff import EditStaff, edit_staff
from services.member.commands.keep_message import KeepMessage, keep_message
from services.member.commands.read_member import ReadMember, read_member
from services.member.commands.refresh_session import RefreshSession, refresh_session
from services.member.commands.register_client import RegisterClient, register_client
from services.member.commands.register_number import RegisterNumber, register_number
from services.member.commands.register_person import RegisterPerson, register_person
from services.member.commands.revoke_client import RevokeClient, revoke_client
from services.member.commands.rotate_key import RotateKey, rotate_key
from services.member.commands.sign_in import SignIn, sign_in
from services.member.commands.sign_out import SignOut, sign_out
from shared.runtime.batch import Decision

DECISIONS: Mapping[type, Decision] = {
    AnnounceKeys: announce_keys,
    AskCode: ask_code,
    AskConfirmation: ask_confirmation,
    ConfirmPurpose: confirm_purpose,
    EditStaff: edit_staff,
    KeepMessage: keep_message,
    ReadMember: read_member,
    RefreshSession: refresh_session,
    RegisterClient: register_client,
    RegisterNumber: register_number,
    RegisterPerson: register_person,
    RevokeClient: revoke_client,
    RotateKey: rotate_key,
    SignIn: sign_in,
    SignOut: sign_out,
}
