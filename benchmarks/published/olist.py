"""The Olist set: orders of a Brazilian marketplace, 2016 to 2018, with their times and the reviews of the buyers.

    https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce (CC BY-NC-SA 4.0; real, anonymized)

Needs `olist_orders_dataset.csv`, `olist_order_reviews_dataset.csv`, `olist_customers_dataset.csv` and
`olist_order_items_dataset.csv`; a part of the orders is enough.

An order is a declaration, the state of the buyer its office, the seller of the first item its official, the buyer the
enterprise. Purchase is the registration, approval the channel, the carrier's pick-up the end of the document check,
delivery the clearance. The set has no time for a cancellation: it is put one second after the last time of the order.
All times are moved by 208 weeks, because hailong takes nothing from before 2019.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.published.history import Event, Item, Sheet, Status, local_ms
from benchmarks.published.tax_codes import tax_code

SHIFT_MS = 208 * 7 * 86_400_000

_CANCELLED = {"canceled", "unavailable"}
_TIMES = {
    "REGISTERED": "order_purchase_timestamp",
    "CHANNEL_ASSIGNED": "order_approved_at",
    "DOCUMENTS_CHECKED": "order_delivered_carrier_date",
    "CLEARED": "order_delivered_customer_date",
}


def events(directory: Path) -> list[Event]:
    """All statuses, then all sheets."""
    customers = {row["customer_id"]: row for row in _rows(directory, "olist_customers_dataset.csv")}
    buyers = sorted({row["customer_unique_id"] for row in customers.values()})
    enterprises = {buyer: tax_code(number) for number, buyer in enumerate(buyers)}
    sellers: dict[str, str] = {}
    for item in _rows(directory, "olist_order_items_dataset.csv"):
        sellers.setdefault(item["order_id"], item["seller_id"])
    orders = sorted(_rows(directory, "olist_orders_dataset.csv"), key=lambda row: row["order_id"])
    statuses: dict[str, list[Status]] = {}
    for number, order in enumerate(orders):
        customer = customers[order["customer_id"]]
        office, enterprise = "BR" + customer["customer_state"], enterprises[customer["customer_unique_id"]]
        key = order["order_id"]
        statuses[key] = list(_statuses(order, f"10{number:09d}0", office, sellers.get(key, ""), enterprise))
    sheets = [
        _sheet(review, statuses[review["order_id"]]) for review in _rows(directory, "olist_order_reviews_dataset.csv")
    ]
    return [status for some in statuses.values() for status in some] + sheets


def _statuses(order: Mapping[str, str], number: str, office: str, seller: str, enterprise: str) -> Iterator[Status]:
    known = {status: local_ms(order[column]) + SHIFT_MS for status, column in _TIMES.items() if order[column]}
    if order["order_status"] in _CANCELLED:
        known["CANCELLED"] = max(known.values()) + 1000
    for status, at in known.items():
        channel = "YELLOW" if status == "CHANNEL_ASSIGNED" else ""
        yield Status(
            f"{order['order_id']}-{status[:12]}", number, status, at, office,
            official=seller, channel=channel, tax_code=enterprise,
        )  # fmt: skip


def _sheet(review: Mapping[str, str], statuses: list[Status]) -> Sheet:
    first, score = statuses[0], int(review["review_score"])
    at = local_ms(review["review_answer_timestamp"]) + SHIFT_MS
    cleared = any(status.status == "CLEARED" and status.at <= at for status in statuses)
    items = [Item("OFFICE", first.office, first.office, score)]
    if first.official:
        items.append(Item("OFFICIAL", first.office, first.official, score))
    if any(status.status == "CHANNEL_ASSIGNED" for status in statuses):
        items.append(Item("STEP", first.office, "DOCUMENT_CHECK", score))
    return Sheet(
        review["review_id"],
        1,
        first.declaration_no,
        at,
        "AFTER_CLEARANCE" if cleared else "DURING_CLEARANCE",
        tuple(items),
        " ".join(filter(None, (review["review_comment_title"], review["review_comment_message"]))),
    )


def _rows(directory: Path, name: str) -> list[dict[str, str]]:
    with (directory / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
