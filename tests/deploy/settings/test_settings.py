from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from deploy.local.stack.layout import write_env_file
from deploy.processes import alertmanager, webhook
from deploy.settings.alertmanager import AlertmanagerSettings
from deploy.settings.all_groups import GROUPS, known_variables
from deploy.settings.clickhouse import ClickHouseSettings
from deploy.settings.dead_letters import DeadLetterSettings
from deploy.settings.group import SettingsGroup
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import check, load
from deploy.settings.process import HttpSettings, LogSettings
from deploy.settings.reference import ReferenceSettings
from deploy.settings.registry import RegistrySettings
from deploy.settings.retention import RetentionSettings
from deploy.settings.sealing import SealingSettings
from deploy.settings.sink import SinkSettings
from deploy.settings.variables import ENV_FILE, read_variables, unknown_variables
from deploy.settings.webhook import WebhookSettings
from deploy.settings.worker import WorkerSettings
from processors.stages.reference_policies import reference_policies
from processors.worker.options import WorkerOptions
from schemas.dead_letters.limit import DeadLetterLimit
from schemas.errors import ConfigurationError
from schemas.kafka.connection import KafkaConnection
from schemas.registry.http import RegistryConnection
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.webhook import WebhookOptions
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.loader.options import SinkOptions
from sinks.clickhouse.retention.options import Retention

OPTIONS = (
    (WorkerSettings, WorkerOptions, ""),
    (SinkSettings, SinkOptions, ""),
    (DeadLetterSettings, DeadLetterLimit, "dead_letter_"),
    (KafkaSettings, KafkaConnection, ""),
    (ClickHouseSettings, ClickHouseConnection, ""),
    (RetentionSettings, Retention, ""),
    (WebhookSettings, WebhookOptions, ""),
    (AlertmanagerSettings, AlertmanagerOptions, ""),
    (RegistrySettings, RegistryConnection, ""),
)
"""Settings, the options they build, and the prefix that the names of the settings have."""
WITHOUT_OPTIONS = {SealingSettings, ReferenceSettings, HttpSettings, LogSettings}
"""Groups that build no options."""

FIXED = {
    (
        WorkerOptions,
        "identity_check_s",
    ): "rare enough to cost nothing, quick enough for all; tests use less",
    (WorkerOptions, "forget_interval_s"): "a broker deletes at most every few minutes; tests use less",
    (WorkerOptions, "dead_letter_limit"): "its fields are settings of their own",
    (SinkOptions, "dead_letter_limit"): "its fields are settings of their own",
    (RegistryConnection, "topic_prefix"): "is that of Kafka: subjects are named after topics",
}
"""Options that no variable sets, and why."""

REQUIRED = {(ClickHouseSettings, "host")}
"""Settings that must be given although their options have a default."""

KAFKA = {"HAILONG_KAFKA_BOOTSTRAP_SERVERS": "broker-1:9092, broker-2:9092"}
EXAMPLE = Path(__file__).parents[3] / "deploy" / "hailong.env.example"


def test_all_problems_of_all_components_are_listed_at_once() -> None:
    """All problems are reported together, and each sentence names its variable."""
    variables = {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS": "broker",
        "HAILONG_KAFKA_SECURITY_PROTOCOL": "TLS",
        "HAILONG_KAFKA_PARTITIONS": "many",
        "HAILONG_CLICKHOUSE_PORT": "70000",
        "HAILONG_CLICKHOUSE_SECURE": "perhaps",
        "HAILONG_WORKER_STAGES": "join,dance",
        "HAILONG_WORKER_COMPLAINT_THRESHOLD": "5",
    }
    with pytest.raises(ConfigurationError) as caught:
        check(variables, [KafkaSettings, ClickHouseSettings, WorkerSettings])
    named = {problem.split()[0] for problem in caught.value.problems}
    assert named == {
        "HAILONG_KAFKA_BOOTSTRAP_SERVERS",
        "HAILONG_KAFKA_SECURITY_PROTOCOL",
        "HAILONG_KAFKA_PARTITIONS",
        "HAILONG_CLICKHOUSE_HOST",
        "HAILONG_CLICKHOUSE_PORT",
        "HAILONG_CLICKHOUSE_SECURE",
        "HAILONG_WORKER_COMPLAINT_THRESHOLD",
    }


def test_rules_between_settings_are_checked() -> None:
    """SASL needs all its parts, a certificate its key, and files must be there."""
    variables = {
        **KAFKA,
        "HAILONG_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "HAILONG_KAFKA_SASL_USERNAME": "worker",
        "HAILONG_KAFKA_SSL_CERTIFICATE_FILE": "/nowhere/cert.pem",
    }
    with pytest.raises(ConfigurationError) as caught:
        load(KafkaSettings, variables)
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "HAILONG_KAFKA_SASL_MECHANISM",
        "HAILONG_KAFKA_SASL_PASSWORD",
        "HAILONG_KAFKA_SSL_CERTIFICATE_FILE",
        "HAILONG_KAFKA_SSL_CERTIFICATE_FILE",
    ]


def test_a_secret_comes_from_a_variable_or_a_file_and_is_never_shown(tmp_path: Path) -> None:
    """The password reaches the connection, and no `repr` or `str` shows it."""
    (tmp_path / "password").write_text("s3cr3t-pass\n")
    variables = {"HAILONG_CLICKHOUSE_HOST": "db", "HAILONG_CLICKHOUSE_PASSWORD_FILE": str(tmp_path / "password")}
    settings = load(ClickHouseSettings, variables)
    assert settings.connection().password == "s3cr3t-pass"
    assert "s3cr3t" not in f"{settings!r} {settings} {settings.connection()!r} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file"), (b"", "empty"), (b"x" * 70_000, "larger"), (b"\xff\xfe", "UTF-8")]
)
def test_a_secret_file_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    """A wrong mount is a configuration error, not an empty password."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"HAILONG_CLICKHOUSE_PASSWORD_FILE names a file .*{words}"):
        load(ClickHouseSettings, {"HAILONG_CLICKHOUSE_HOST": "x", "HAILONG_CLICKHOUSE_PASSWORD_FILE": str(path)})


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    """A password in a variable and in a file is refused: nobody could know which one counts."""
    (tmp_path / "p").write_text("a")
    variables = {"HAILONG_CLICKHOUSE_PASSWORD": "b", "HAILONG_CLICKHOUSE_PASSWORD_FILE": str(tmp_path / "p")}
    with pytest.raises(ConfigurationError, match="both set"):
        load(ClickHouseSettings, {"HAILONG_CLICKHOUSE_HOST": "x", **variables})


def test_no_message_repeats_a_value() -> None:
    """A password in the wrong variable is not printed by the error about it."""
    variables = {name: "hunter2-hunter2" for name in known_variables() if not name.endswith("_FILE")}
    with pytest.raises(ConfigurationError) as caught:
        check(variables, GROUPS)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in json.dumps([repr(caught.value), caught.value.problems])


def test_an_empty_value_counts_as_not_set() -> None:
    """Compose files and manifests set unused variables to nothing."""
    settings = load(KafkaSettings, {**KAFKA, "HAILONG_KAFKA_SASL_USERNAME": "", "HAILONG_KAFKA_PARTITIONS": ""})
    assert settings.sasl_username is None
    assert settings.partitions == 4
    assert settings.connection().bootstrap_servers == "broker-1:9092,broker-2:9092"


def test_the_limit_of_dead_letters_is_set_for_worker_and_sink() -> None:
    """Worker and sink have their own limit; a window below the minimum is refused with its variable."""
    groups: tuple[type[WorkerSettings | SinkSettings], ...] = (WorkerSettings, SinkSettings)
    for settings in groups:
        name = settings.variable("dead_letter_")
        limit = load(settings, {f"{name}SHARE": "1.0", f"{name}MINIMUM": "7", f"{name}WINDOW": "70"}).options()
        assert limit.dead_letter_limit == DeadLetterLimit(1.0, 7, 70)
        with pytest.raises(ConfigurationError, match=f"{name}WINDOW must not be less"):
            load(settings, {f"{name}WINDOW": "99"})


def test_every_group_is_held_against_its_options() -> None:
    """A new group is named in `OPTIONS`, or builds no options."""
    assert (
        set(GROUPS) | {DeadLetterSettings} == {group for group, *_ in OPTIONS} | WITHOUT_OPTIONS
    )  # worker and sink share it


@pytest.mark.parametrize(("group", "owner", "prefix"), OPTIONS)
def test_a_default_is_declared_by_its_option_and_nowhere_else(
    group: type[SettingsGroup], owner: type[Any], prefix: str
) -> None:
    """The default of a setting is that of its option, and the settings file does not repeat the value."""
    declared = {
        statement.target.id: statement.value
        for statement in ast.walk(ast.parse(Path(inspect.getfile(group)).read_text()))
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
    for field in fields(owner):
        name = f"{prefix}{field.name}"
        if field.default is MISSING or name not in group.model_fields or (group, name) in REQUIRED:
            continue
        value = declared[name]
        assert isinstance(value, ast.Call), name
        assert ast.unparse(value.func) == "option", name
        assert [ast.unparse(argument) for argument in value.args] == [owner.__name__, repr(field.name)]
        assert group.model_fields[name].default == field.default, name


@pytest.mark.parametrize(("group", "owner", "prefix"), OPTIONS)
def test_every_option_can_be_set_or_is_fixed_for_a_reason(
    group: type[SettingsGroup], owner: type[Any], prefix: str
) -> None:
    """Each option has a variable, or is listed above with the reason why not."""
    unset = {field.name for field in fields(owner) if f"{prefix}{field.name}" not in group.model_fields}
    assert unset == {name for fixed, name in FIXED if fixed is owner}


def test_without_variables_options_have_their_defaults() -> None:
    """Without variables every component gets the default options."""
    assert load(WorkerSettings, {}).options() == WorkerOptions()
    assert load(SinkSettings, {}).options() == SinkOptions()
    assert load(KafkaSettings, KAFKA).connection() == KafkaConnection("broker-1:9092,broker-2:9092")
    assert load(ClickHouseSettings, {"HAILONG_CLICKHOUSE_HOST": "db"}).connection() == ClickHouseConnection("db")
    assert load(WebhookSettings, {"HAILONG_WEBHOOK_URL": "http://a/b"}).options() == WebhookOptions("http://a/b")
    urls = {"HAILONG_ALERTMANAGER_URLS": "http://a:1, http://b:2"}
    assert load(AlertmanagerSettings, urls).options() == AlertmanagerOptions(("http://a:1", "http://b:2"))


def test_the_policies_of_the_stages_have_one_default() -> None:
    """Threshold and grace of a worker without settings are those of the reference policies."""
    settings, policies = load(WorkerSettings, {}), reference_policies()
    assert settings.complaint_threshold == policies.complaints.threshold
    assert settings.grace_s * 1000 == policies.join.grace_ms


@pytest.mark.parametrize(
    ("needs", "address"), [(webhook.NEEDS, "HAILONG_WEBHOOK_URL"), (alertmanager.NEEDS, "HAILONG_ALERTMANAGER_URLS")]
)
def test_a_process_that_sends_asks_for_its_address_with_all_other_settings(
    needs: Sequence[type[SettingsGroup]], address: str
) -> None:
    """Who sets nothing hears at once of Kafka's addresses and of where alerts are sent to."""
    with pytest.raises(ConfigurationError) as caught:
        check({}, needs)
    missing = [problem.split()[0] for problem in caught.value.problems]
    assert missing == ["HAILONG_KAFKA_BOOTSTRAP_SERVERS", address]


def test_problems_of_options_name_variables() -> None:
    """Problems of options name the variables that a person sets; ordinary words are not replaced."""
    with pytest.raises(ConfigurationError) as caught:
        load(SinkSettings, {"HAILONG_SINK_MAX_BUFFER_BYTES": "65536"})
    (problem,) = caught.value.problems
    assert problem.startswith("HAILONG_SINK_MAX_BUFFER_BYTES must not be less than HAILONG_SINK_FLUSH_BYTES")
    with pytest.raises(ConfigurationError) as caught:
        load(AlertmanagerSettings, {"HAILONG_ALERTMANAGER_URLS": "http://user:word@host"})
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["HAILONG_ALERTMANAGER_*"]


def test_environment_stands_above_its_file_and_a_named_stack_above_both(tmp_path: Path) -> None:
    """Each source of settings overrides the one below it, in the documented order."""
    named, stack = tmp_path / "named.env", tmp_path / "stack.env"
    named.write_text("HAILONG_A=file\nHAILONG_B=file\nOTHER=1\n")
    stack.write_text("HAILONG_A=stack\nHAILONG_C=stack\n")
    environ = {ENV_FILE: str(named), "HAILONG_A": "environ", "PATH": "/bin"}
    read = read_variables(environ, stack=stack)
    assert read == {ENV_FILE: str(named), "HAILONG_A": "environ", "HAILONG_B": "file", "HAILONG_C": "stack"}
    assert read_variables(environ, stack=stack, stack_wins=True)["HAILONG_A"] == "stack"


def test_a_settings_file_that_is_missing_is_named() -> None:
    """A typo in HAILONG_ENV_FILE does not mean running with defaults."""
    with pytest.raises(ConfigurationError, match=r"/nowhere/hailong\.env cannot be read"):
        read_variables({ENV_FILE: "/nowhere/hailong.env"})


def test_a_misspelt_variable_is_pointed_out() -> None:
    """A setting that nothing reads would otherwise silently do nothing."""
    hints = unknown_variables({"HAILONG_KAFKA_BOOTSTRAP_SERVER": "x", "HAILONG_LOG_LEVEL": "info"}, known_variables())
    (hint,) = hints
    assert hint.startswith("HAILONG_KAFKA_BOOTSTRAP_SERVER is set, but hailong has no such setting")
    assert hint.endswith("did you mean HAILONG_KAFKA_BOOTSTRAP_SERVERS?")


def test_a_written_settings_file_reads_back_exactly(tmp_path: Path) -> None:
    """Quotes, dollars, hashes and spaces in values survive the stack's settings file, which only its owner can read."""
    values = {"HAILONG_X": 'it\'s $HOME # "q" \\ back', "HAILONG_Y": " spaces ", "HAILONG_Z": "ß名"}
    write_env_file(tmp_path / "hailong.env", values, "two\nlines")
    assert read_variables({}, stack=tmp_path / "hailong.env") == values
    assert (tmp_path / "hailong.env").stat().st_mode & 0o777 == 0o600


def test_the_example_file_explains_every_variable_with_its_default() -> None:
    """The example file has every setting with its default, and none that does not exist."""
    text = EXAMPLE.read_text()
    shown = {
        line.lstrip("# ").partition("=")[0] for line in text.splitlines() if line.lstrip("# ").startswith("HAILONG_")
    }
    assert shown == set(known_variables())
    set_by_example = {name: value for name, value in dotenv_values(EXAMPLE).items() if value}
    check(set_by_example, GROUPS)
    commented = dict(
        line.lstrip("# ").split("=", 1) for line in text.splitlines() if line.lstrip("# ").startswith("HAILONG_")
    )
    for group in GROUPS:
        for name, field in group.model_fields.items():
            default = field.get_default()
            if isinstance(default, str | int | float) and not isinstance(default, bool):
                assert commented[group.variable(name)] == str(default), group.variable(name)
