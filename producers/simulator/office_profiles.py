"""The offices of Hai Phong: their volumes, channels, declaration kinds and staff.

Sources: the nine offices and their teams: VNACCS reference data of 2014 (as in `schemas/reference/data`). Largest and
smallest share, channels of the department (65.3 / 31.4 / 3.3 %) and of the four port offices (21 / 71.6 / 7.6 %):
Customs News 22197 on March 2022. The other shares, the kinds and the staff are our assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Weights = Mapping[str, float]

PORT_KINDS: Weights = {
    "A11": 22, "A12": 20, "A31": 1, "E11": 3, "E21": 4, "E31": 7, "G11": 1.5, "G13": 0.6, "G14": 0.4, "G51": 0.7,
    "C11": 1.2, "H11": 1, "B11": 18, "B13": 1, "E42": 2, "E52": 4, "E62": 7, "G21": 1.2, "G61": 0.6, "C12": 0.8,
}  # fmt: skip
ZONE_KINDS: Weights = {
    "E11": 34, "E15": 4, "A12": 7, "A11": 2, "E31": 3, "G13": 0.8, "H11": 0.8,
    "E42": 33, "E46": 3, "B11": 5, "B13": 0.9, "E62": 4, "G61": 0.7,
}  # fmt: skip
PROCESSING_KINDS: Weights = {
    "E21": 24, "E31": 20, "A12": 5, "E41": 1, "G51": 0.7,
    "E52": 24, "E62": 19, "E54": 2, "E82": 1, "B11": 4, "G61": 0.6,
}  # fmt: skip
PROVINCE_KINDS: Weights = {
    "E11": 16, "E21": 12, "E31": 10, "A12": 9, "A11": 4, "E15": 1, "A31": 0.4,
    "E42": 17, "E52": 12, "E62": 10, "B11": 8, "E56": 0.8, "B13": 0.6,
}  # fmt: skip

EXPORT_KINDS = frozenset(
    "B11 B12 B13 E42 E46 E52 E54 E56 E62 E82 G21 G22 G23 G24 G61 C12 C22".split()  # noqa: SIM905 - a list of codes reads best so
)
"""Kinds of export declarations; every other kind here is an import."""


PORT_CHANNELS = (0.208, 0.716, 0.076)
INLAND_CHANNELS = (0.9275, 0.066, 0.0065)


@dataclass(frozen=True, slots=True)
class OfficeProfile:
    """One office.

    Attributes:
        code: Code of the office.
        share: Percent of the department's declarations.
        channels: Shares of declarations first routed to green, yellow and red.
        kinds: Weights of declaration kinds.
        teams: Teams and their shares of the work.
        officials: Number of officials who handle declarations.
        pool: Name of the group of enterprises that declare here; the port offices share one.
    """

    code: str
    share: float
    channels: tuple[float, float, float]
    kinds: Weights
    teams: Weights
    officials: int
    pool: str


_TWO = {"00": 0.45, "01": 0.55}
_THREE = {"00": 0.25, "01": 0.4, "02": 0.35}

OFFICES = (
    OfficeProfile("03CC", 2.6, PORT_CHANNELS, PORT_KINDS, _TWO, 12, "ports"),
    OfficeProfile("03CD", 5.0, INLAND_CHANNELS, PROVINCE_KINDS, _TWO, 16, "thai-binh"),
    OfficeProfile("03CE", 8.0, PORT_CHANNELS, PORT_KINDS, _TWO, 26, "ports"),
    OfficeProfile("03EE", 13.0, PORT_CHANNELS, PORT_KINDS, _TWO, 38, "ports"),
    OfficeProfile("03NK", 24.4, INLAND_CHANNELS, ZONE_KINDS, _TWO, 44, "zones"),
    OfficeProfile("03PA", 8.5, INLAND_CHANNELS, PROCESSING_KINDS, _THREE, 24, "processing"),
    OfficeProfile("03PJ", 12.5, INLAND_CHANNELS, PROVINCE_KINDS, _TWO, 30, "hai-duong"),
    OfficeProfile("03PL", 11.5, INLAND_CHANNELS, PROVINCE_KINDS, _TWO, 28, "hung-yen"),
    OfficeProfile("03TG", 14.5, PORT_CHANNELS, PORT_KINDS, _TWO, 40, "ports"),
)

OFFICE_CODES = tuple(office.code for office in OFFICES)
TEAM_CODES = ("00", "01", "02")

ENTERPRISES: Mapping[str, int] = {
    "ports": 2600, "zones": 420, "processing": 700, "thai-binh": 300, "hai-duong": 800, "hung-yen": 700,
}  # fmt: skip
"""Number of enterprises in each pool at full scale."""
