"""The SDK: typed, checked events into Kafka, none lost."""

from producers.sdk.events import InvalidEvent, encoded_rating, encoded_status
from producers.sdk.publisher import Delivery, DeliveryFailed, EventPublisher

__all__ = ["Delivery", "DeliveryFailed", "EventPublisher", "InvalidEvent", "encoded_rating", "encoded_status"]
