"""Invented texts and names of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.records.cases import Finding

REASONS: Mapping[str, Sequence[str]] = {
    "REGISTRATION": ("ACCESS_SYSTEM_DOWN", "OFFICIAL_GUIDANCE"),
    "DOCUMENT_CHECK": ("LATE_DOCUMENT_CHECK", "PROCEDURE_REPEATED_SUPPLEMENT", "OFFICIAL_COMPETENCE"),
    "GOODS_INSPECTION": ("LATE_GOODS_INSPECTION", "HARASSMENT_TROUBLE", "ATTITUDE_RUDE"),
    "TAX_PAYMENT": ("ACCESS_SYSTEM_DOWN", "OFFICIAL_COMPETENCE"),
    "RELEASE_DECISION": ("LATE_DECISION", "RESULT_UNEXPLAINED"),
    "SUPERVISION": ("LATE_DECISION", "ATTITUDE_UNCOOPERATIVE"),
}
"""Reasons for a low score of a step: codes of `schemas/reference/data/reasons.csv`."""

OTHER_REASONS: Sequence[str] = (
    *("LATE_DECISION", "ATTITUDE_RUDE", "OFFICIAL_GUIDANCE"),
    *("HARASSMENT_TROUBLE", "OFFICIAL_COMPETENCE", "LATE_DOCUMENT_CHECK"),
)
"""Reasons for a low score of an office, a team or an official."""

GOOD_COMMENTS: Sequence[str] = (
    "Thủ tục nhanh, cảm ơn đơn vị.",
    "Công chức hướng dẫn rõ ràng.",
    "Hài lòng với thời gian thông quan.",
    "Hệ thống hoạt động ổn định.",
    "Quick and clear, thank you.",
    "Đề nghị tiếp tục duy trì.",
)

BAD_COMMENTS: Sequence[str] = (
    "Chờ kiểm tra quá lâu mà không được giải thích.",
    "Yêu cầu bổ sung hồ sơ nhiều lần.",
    "Không liên hệ được với bộ phận xử lý.",
    "Hướng dẫn không thống nhất giữa các bộ phận.",
    "Waited two days for the inspection without any word.",
)

QUESTION = "Đề nghị doanh nghiệp cho biết thời điểm và bộ phận đã làm việc."
"""What an office asks an enterprise."""

GREETING = "Kính gửi doanh nghiệp, Chi cục trân trọng trả lời:"

FINDINGS: Mapping[Finding, tuple[str, str]] = {
    Finding.UPHELD: ("Phản ánh là đúng.", "Đã chấn chỉnh và bố trí thêm công chức kiểm tra."),
    Finding.PARTLY_UPHELD: ("Phản ánh đúng một phần.", "Đã nhắc nhở và thống nhất cách hướng dẫn."),
    Finding.NOT_UPHELD: ("Việc xử lý đúng quy định và đúng thời hạn.", "Đã giải thích quy trình cho doanh nghiệp."),
}
"""What was found, and which measures were taken."""

FAMILY_NAMES: Sequence[str] = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi")
GIVEN_NAMES: Sequence[str] = ("Minh Họa", "Ví Dụ", "Thí Điểm", "Giả Định", "Mô Phỏng", "Tượng Trưng")
"""They mean "illustration", "example", "trial", "assumption", "simulation", "symbol"."""


def phone(number: int) -> str:
    """A number that looks Vietnamese but belongs to nobody: after +84, no number begins with 0."""
    return f"+84 000 {number // 1000 % 1000:03d} {number % 1000:03d}"
