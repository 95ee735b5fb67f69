"""Keys of the topics, as bytes. Joined topics agree on them, byte for byte."""

from __future__ import annotations

from schemas.records import Alert, Complaint, DeadLetterAction, OfficeCount, RatedService, Satisfaction


def declaration_key(declaration_no: str) -> bytes:
    """Key of status and rating events: the 11 digits that stay when a declaration is amended."""
    return declaration_no[:11].encode()


def key_of(record: RatedService | Satisfaction | OfficeCount | Complaint | Alert | DeadLetterAction) -> bytes:
    """Key of a record that hailong itself writes."""
    match record:
        case RatedService():
            return record.office.encode()
        case Satisfaction():
            return f"{record.target}|{record.office}|{record.target_id}|{record.window_end}".encode()
        case OfficeCount():
            return f"{record.office}|{record.pane_start}".encode()
        case Complaint():
            return record.complaint_id.encode()
        case Alert():
            return record.alert_id.encode()
        case DeadLetterAction():
            return record.dead_letter_id.encode()
