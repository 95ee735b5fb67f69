"""Entries of a site's own reference data, which tests lay over that of the package."""

from __future__ import annotations

TRUST = 'confidence = "U"\nsource = "letter 12"\n'
"""What every entry says of where it comes from."""
ADDED = f"""
[[office]]
code = "SPSP"
name_vi = "São Paulo"
valid_from = 2016-09-01
valid_to = 2020-01-01
{TRUST}
[[team]]
office = "SPSP"
team = "A1"
name_vi = "Nhóm 1"
valid_from = 2017-01-01
valid_to = 2019-01-01
{TRUST}"""
"""An office that the package does not know, with a team."""
MOVED = f"""
[[office]]
code = "03EE"
corrects = 2014-05-27
valid_to = 2025-04-01
{TRUST}
[[office]]
code = "03EE"
corrects = 2025-03-15
valid_from = 2025-04-01
name_vi = "Hải quan Đình Vũ"
{TRUST}"""
"""An office of the package whose new name begins two weeks later."""
