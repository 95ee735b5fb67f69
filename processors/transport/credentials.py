"""TLS and SASL settings of a connection, as Faust and aiokafka take them."""

from __future__ import annotations

import ssl
from typing import Any

import faust

from schemas.kafka.connection import KafkaConnection


def credentials(connection: KafkaConnection) -> Any:
    """The credentials of a connection as a Faust object; None for plaintext."""
    context = _tls(connection) if connection.security_protocol in {"SSL", "SASL_SSL"} else None
    if connection.security_protocol.startswith("SASL_"):
        return faust.SASLCredentials(
            username=connection.sasl_username,
            password=connection.sasl_password,
            mechanism=connection.sasl_mechanism or "PLAIN",
            ssl_context=context,
        )
    return None if context is None else faust.SSLCredentials(context)


def _tls(connection: KafkaConnection) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if connection.ssl_ca_file is None else str(connection.ssl_ca_file))
    if connection.ssl_certificate_file is not None:
        context.load_cert_chain(connection.ssl_certificate_file, connection.ssl_key_file)
    return context
