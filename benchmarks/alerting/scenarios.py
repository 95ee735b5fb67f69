"""The scenarios: those with problems to find, and null scenarios without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from benchmarks.alerting.firms import FirmSetting, simulate_firms
from benchmarks.alerting.world import Plant, Ratings, Setting, simulate

_FIRSTS = (150, 330, 520)


@dataclass(frozen=True)
class Scenario:
    """One scenario.

    Attributes:
        words: What happens, in words.
        setting: The world without problems.
        share: Share of dissatisfied opinions during a problem; 0 for no problems.
        days: How long a problem lasts.
        ramp: Whether the share grows evenly.
        every: Only every n-th office has problems.
        declared: Whether outages are declared, so that every detector knows them.
    """

    words: str
    setting: Setting | FirmSetting = field(default_factory=Setting)
    share: float = 0.0
    days: int = 0
    ramp: bool = False
    every: int = 1
    declared: bool = True

    def known_outages(self) -> list[tuple[int, int]]:
        """(start, end) of the outages that detectors know."""
        return self.setting.outage_spans() if self.declared else []

    def simulate(self, seed: int) -> list[Ratings]:
        """The ratings of every office."""
        world = self.world()
        return simulate_firms(world, seed) if isinstance(world, FirmSetting) else simulate(world, seed)

    def world(self) -> Setting | FirmSetting:
        """The world with its problems: three at each affected office, half a year apart, on different days."""
        plants = tuple(
            Plant(office, first + 7 * (office % 9), self.days, self.share, self.ramp)
            for office in range(0, self.setting.offices, self.every)
            for first in _FIRSTS
            if self.share and first + 7 * (office % 9) + self.days < self.setting.days
        )
        return replace(self.setting, plants=plants)


NULL = Scenario("nothing happens at nine offices for two years")
SCENARIOS: Mapping[str, Scenario] = {
    "drift-4": Scenario("the share rises to 4 % for 60 days", share=0.04, days=60),
    "shift-8": Scenario("the share rises to 8 % for 30 days", share=0.08, days=30),
    "shift-15": Scenario("the share rises to 15 % for 20 days", share=0.15, days=20),
    "burst-30": Scenario("30 % for two days", share=0.30, days=2),
    "burst-15": Scenario("15 % for four days", share=0.15, days=4),
    "ramp-10": Scenario("the share creeps up to 10 % in 60 days", share=0.10, days=60, ramp=True),
    "small-office": Scenario(
        "8 % for 60 days at offices of four ratings a day", Setting(daily=4.0, spread=0.3), 0.08, 60
    ),
    "large-office": Scenario("8 % for 15 days at offices of forty", Setting(daily=40.0, spread=0.3), 0.08, 15),
    "nation": Scenario("8 % for 30 days at one in nine of 165 offices", Setting(offices=165), 0.08, 30, every=9),
    "response": Scenario(
        "8 % for 30 days while satisfied enterprises begin to answer", Setting(response_step=1.5), 0.08, 30
    ),
    "outage-8": Scenario(
        "8 % for 30 days, the systems being down for two days in forty, declared", Setting(outages=True), 0.08, 30
    ),
    "firms-8": Scenario("8 % for 30 days, 250 firms rate, in batches and moods", FirmSetting(), 0.08, 30),
    "firms-15": Scenario("15 % for 20 days, 250 firms rate, in batches and moods", FirmSetting(), 0.15, 20),
    "few-firms-8": Scenario("8 % for 30 days, 30 firms rate, in batches and moods", FirmSetting(firms=30), 0.08, 30),
    "stuffed-8": Scenario(
        "8 % for 30 days while two friendly firms double the number with fives", FirmSetting(stuffed=True), 0.08, 30
    ),
}
NULLS: Mapping[str, Scenario] = {
    "null": NULL,
    "null-nation": Scenario("nothing happens at 165 offices", Setting(offices=165)),
    "null-angry": Scenario("one enterprise sends eight dissatisfied sheets a day, now and then", Setting(angry=8)),
    "null-response": Scenario("half as many satisfied answers again from the middle on", Setting(response_step=1.5)),
    "null-outage": Scenario("the systems are down for two days in forty, declared", Setting(outages=True)),
    "null-undeclared": Scenario("the same outages, of which nobody was told", Setting(outages=True), declared=False),
    "null-firms": Scenario("250 firms rate, in batches and moods", FirmSetting()),
    "null-few-firms": Scenario("30 firms rate, in batches and moods", FirmSetting(firms=30)),
    "null-stuffed": Scenario("two friendly firms double the number with fives", FirmSetting(stuffed=True)),
    "null-merger": Scenario(
        "half of the offices take over another one in the middle", FirmSetting(offices=10, merger=True)
    ),
    "null-tet": Scenario("the share is 2.5 times as high for three weeks around Tết", FirmSetting(tet=True)),
    "null-opening": Scenario("a third of the offices open after a year", FirmSetting(opening=365)),
    "null-crowds": Scenario("ten firms complain within one hour, now and then", FirmSetting(crowds=True)),
}
