"""What makes feedback of a low score: the rule of the package, and those that a site may choose."""

from __future__ import annotations

from itertools import product

import pytest

from schemas.errors import ConfigurationError
from schemas.reference.errors import ReferenceDataError
from schemas.reference.feedback_content import load_content, parse_content
from schemas.reference.site.reference import package_reference, parse_site
from schemas.reference.tables import Confidence, data_text

ENTRY = '[[feedback_content]]\nconfidence = "U"\nsource = "ours"\n'


def test_the_package_asks_for_content_and_sender_and_names_the_decree() -> None:
    """A text from a contact or a tax code; how the decree is read is marked as a reading."""
    rule = load_content()
    met = [
        (text, contact, tax_code)
        for text, contact, tax_code in product((False, True), repeat=3)
        if rule.is_met(text=text, contact=contact, tax_code=tax_code)
    ]
    assert met == [(True, False, True), (True, True, False), (True, True, True)]
    assert rule.confidence is Confidence.PROBABLE
    assert "20/2008" in rule.source


def test_a_site_may_choose() -> None:
    """Its entry takes the place of the package's, is told, and changes the digest."""
    package, own = package_reference(), parse_site("site.toml", ENTRY + 'text = true\nsender = ["CONTACT"]\n')
    assert own.content.is_met(text=True, contact=True, tax_code=False)
    assert not own.content.is_met(text=True, contact=False, tax_code=True)
    assert own.changes == ("feedback_content[0]: a text from CONTACT",)
    assert own.digest != package.digest
    assert parse_site("site.toml", "").digest == package.digest


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ('text = true\nsender = ["NAME"]\n', "sender must be an array of CONTACT, TAX_CODE"),
        ("sender = []\n", "text is missing"),
        ('text = "yes"\nsender = []\n', "text must be true or false"),
        ("text = true\nsender = []\n" + ENTRY + "text = true\nsender = []\n", "one such entry only"),
    ],
)
def test_a_wrong_choice_is_refused(values: str, problem: str) -> None:
    """With its line, before anything is done."""
    with pytest.raises(ConfigurationError, match=problem):
        parse_site("site.toml", ENTRY + values)


@pytest.mark.parametrize("times", [0, 2])
def test_the_package_has_one_rule(times: int) -> None:
    """None and two are faults of its file."""
    with pytest.raises(ReferenceDataError, match="there must be one"):
        parse_content(data_text("feedback_content.toml") * times)
