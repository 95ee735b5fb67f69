"""The SDK: typed, checked events into Kafka, none lost.

with EventPublisher(KafkaConnection("broker:9092")) as publisher:
    publisher.publish_status(DeclarationStatus(...)).result(timeout=10)
"""

from producers.sdk.delivery import Delivery, DeliveryFailed, Receipt
from producers.sdk.events import InvalidEvent, encoded_action, encoded_fields, encoded_rating, encoded_status
from producers.sdk.publisher import EventPublisher

__all__ = [
    "Delivery",
    "DeliveryFailed",
    "EventPublisher",
    "InvalidEvent",
    "Receipt",
    "encoded_action",
    "encoded_fields",
    "encoded_rating",
    "encoded_status",
]
