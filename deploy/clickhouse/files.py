"""Writes the roles as SQL, and as a `users.xml`."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from deploy.clickhouse.profiles import HOURLY, PROFILES, Profile
from deploy.clickhouse.roles import ROLES, Role

NETWORKS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
"""Accounts are reached from private networks only; narrow them down to your own."""
NOBODY = "0" * 64
"""No password is known that has this SHA-256."""
HOUR_S = 3600


def roles_sql(database: str) -> str:
    """Statements that make roles, and the limits of those who have them; run again, they replace what they made.

    Args:
        database: The database of hailong.
    """
    head = """\
-- Roles of hailong and their limits, for ClickHouse 25.8 and newer: docs/clickhouse-rights.md. Run it again after each
-- new version of hailong. Made by `python -m deploy.clickhouse roles.sql`; do not edit."""
    parts = [
        head,
        *(_sql_role(role, database) for role in ROLES),
        *map(_sql_profile, PROFILES),
        _sql_quota(),
    ]
    return "\n\n".join(parts) + "\n"


def users_sql(_database: str) -> str:
    """Statements that make one account for each role."""
    head = """\
-- One account for each role of hailong: docs/clickhouse-rights.md. The query parameter of its name gives the SHA-256 of
-- its password; without it nothing is made. Made by `python -m deploy.clickhouse users.sql`; do not edit."""
    parts = [
        head,
        *map(_sql_user, ROLES),
    ]
    return "\n\n".join(parts) + "\n"


def _sql_role(role: Role, database: str) -> str:
    grants = ",\n      ".join(grant.format(db=database) for grant in role.grants)
    return (
        f"-- {role.name}: {role.what}\n"
        f"CREATE ROLE IF NOT EXISTS {role.role};\n"
        f"GRANT {grants}\n   TO {role.role} WITH REPLACE OPTION;"
    )


def _sql_profile(profile: Profile) -> str:
    limits = {name: f"{name} = {value}" for name, value in profile.values.items()}
    for name in profile.fixed:
        limits[name] = f"{limits.get(name, name)} CONST"
    for name in profile.at_most:
        limits[name] += f" MIN 1 MAX {profile.values[name]}"
    for name in profile.free:
        limits[name] = f"{name} CHANGEABLE_IN_READONLY"
    settings = "\n    SETTINGS " + ",\n        ".join(limits.values()) if limits else ""
    roles = ", ".join(role.role for role in ROLES if role.profile is profile)
    return f"-- {profile.what}\nCREATE SETTINGS PROFILE OR REPLACE hailong_{profile.name}{settings}\n    TO {roles};"


def _sql_quota() -> str:
    limits = ", ".join(f"{kind} = {most}" for kind, most in HOURLY.limits.items())
    roles = ", ".join(role.role for role in ROLES if role.quota is HOURLY)
    return (
        f"CREATE QUOTA OR REPLACE hailong_{HOURLY.name} KEYED BY user_name\n"
        f"    FOR INTERVAL 1 hour MAX {limits}\n    TO {roles};"
    )


def _sql_user(role: Role) -> str:
    password = f"{{{role.user}:String}}" if role.signs_in else f"'{NOBODY}'"
    hosts = "IP " + ", IP ".join(f"'{network}'" for network in NETWORKS) if role.signs_in else "NONE"
    return (
        f"CREATE USER IF NOT EXISTS {role.user} IDENTIFIED WITH sha256_hash BY {password}\n    HOST {hosts};\n"
        f"GRANT {role.role} TO {role.user};"
    )


def users_xml(database: str) -> str:
    """A file for `users.d` of a server, or a `users.xml` for itself.

    Args:
        database: The database of hailong.
    """
    head = """\
<!-- Roles, limits and accounts of hailong, for ClickHouse 25.8 and newer: docs/clickhouse-rights.md. Made by
     `python -m deploy.clickhouse users.xml`; do not edit. Each account takes the SHA-256 of its password from the
     environment of the server, which refuses this file without it. -->"""
    lines = [
        head,
        "<clickhouse>",
        "  <profiles>",
        "    <default/>",
        *(line for profile in PROFILES for line in _xml_profile(profile)),
        "  </profiles>",
        "  <quotas>",
        f"    <hailong_{HOURLY.name}>",
        "      <interval>",
        f"        <duration>{HOUR_S}</duration>",
        *(f"        <{kind}>{most}</{kind}>" for kind, most in HOURLY.limits.items()),
        "      </interval>",
        f"    </hailong_{HOURLY.name}>",
        "  </quotas>",
        "  <roles>",
        *(line for role in ROLES for line in _xml_role(role, database)),
        "  </roles>",
        "  <users>",
        *(line for role in ROLES for line in _xml_user(role)),
        "  </users>",
        "</clickhouse>",
    ]
    return "\n".join(lines) + "\n"


def _xml_profile(profile: Profile) -> Iterator[str]:
    yield f"    <!-- {escape(profile.what)} -->"
    yield f"    <hailong_{profile.name}>"
    yield from (f"      <{name}>{value}</{name}>" for name, value in profile.values.items())
    constraints = [
        *(f"<{name}><const/></{name}>" for name in profile.fixed),
        *(f"<{name}><min>1</min><max>{profile.values[name]}</max></{name}>" for name in profile.at_most),
        *(f"<{name}><changeable_in_readonly/></{name}>" for name in profile.free),
    ]
    if constraints:
        yield "      <constraints>"
        yield from (f"        {constraint}" for constraint in constraints)
        yield "      </constraints>"
    yield f"    </hailong_{profile.name}>"


def _xml_role(role: Role, database: str) -> Iterator[str]:
    yield f"    <!-- {role.name}: {escape(role.what)} -->"
    yield f"    <{role.role}>"
    yield "      <grants>"
    yield from (f"        <query>GRANT {escape(grant.format(db=database))}</query>" for grant in role.grants)
    yield "      </grants>"
    yield f"    </{role.role}>"


def _xml_user(role: Role) -> Iterator[str]:
    yield f"    <{role.user}>"
    if role.signs_in:
        yield f'      <password_sha256_hex from_env="{variable(role)}"/>'
        yield "      <networks>"
        yield from (f"        <ip>{network}</ip>" for network in NETWORKS)
        yield "      </networks>"
    else:
        yield f"      <password_sha256_hex>{NOBODY}</password_sha256_hex>"
        yield "      <networks/>"
    yield f"      <profile>hailong_{role.profile.name}</profile>"
    if role.quota is not None:
        yield f"      <quota>hailong_{role.quota.name}</quota>"
    yield f"      <grants><query>GRANT {role.role}</query></grants>"
    yield f"    </{role.user}>"


def variable(role: Role) -> str:
    """The variable in the environment of the ClickHouse server that holds the SHA-256 of a role's password."""
    return f"CLICKHOUSE_SHA256_{role.user.upper()}"


FILES = {"roles.sql": roles_sql, "users.sql": users_sql, "users.xml": users_xml}
"""Each file of this folder, and what writes it."""
