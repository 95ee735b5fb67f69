"""The reference data of a process: said in its log and its metrics, so that a difference between processes is seen."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from prometheus_client import Info

from deploy.settings.load import load
from deploy.settings.reference import ReferenceSettings
from schemas.reference.site.reference import ReferenceData

_log = structlog.get_logger(__name__)

DIGEST = Info("hailong_reference", "Digest of the reference data of this process; all must have the same")


def announced_reference(variables: Mapping[str, str]) -> ReferenceData:
    """The reference data that the settings name.

    Raises:
        ConfigurationError: With every problem of the site's file.
    """
    settings = load(ReferenceSettings, variables)
    data = settings.data()
    _log.info(
        "reference_data", digest=data.digest, file=settings.file and str(settings.file), changes=len(data.changes)
    )
    for warning in data.warnings:
        _log.warning("reference_data_doubtful", what=warning)
    DIGEST.info({"digest": data.digest})
    return data
