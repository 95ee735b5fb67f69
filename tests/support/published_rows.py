"""Invented rows in the format of the published sets, small enough to compute by hand."""

from __future__ import annotations

from pathlib import Path

_OLIST = {
    "olist_orders_dataset.csv": """\
order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date
order-a,customer-a,delivered,2017-07-10 08:30:00,2017-07-10 09:00:00,2017-07-10 11:00:00,2017-07-10 14:00:00
order-b,customer-b,canceled,2017-07-10 09:00:00,2017-07-10 10:00:00,,
order-c,customer-c,shipped,2017-07-12 09:00:00,2017-07-12 10:00:00,2017-07-12 09:30:00,
""",
    "olist_customers_dataset.csv": """\
customer_id,customer_unique_id,customer_state
customer-a,buyer-1,SP
customer-b,buyer-2,RJ
customer-c,buyer-1,SP
""",
    "olist_order_items_dataset.csv": """\
order_id,order_item_id,seller_id
order-a,1,seller-1
""",
    "olist_order_reviews_dataset.csv": """\
review_id,order_id,review_score,review_comment_title,review_comment_message,review_answer_timestamp
review-1,order-a,1,,"Não chegou,
péssimo",2017-07-10 15:00:00
review-1,order-b,5,,,2017-07-11 09:00:00
review-2,order-c,2,,,2017-07-11 09:00:00
""",
}
"""All of Monday 10 to Wednesday 12 July 2017, which become 5 to 7 July 2021."""

_HELPDESK = {
    "tickets.csv": """\
Ticket ID,Agent Group,Agent Name,Created time,First response time,Resolution time,Close time,Survey results,Country
7,2nd line support,S,2023-03-06 08:00:00,2023-03-06 09:00:00,2023-03-06 10:30:30.500,2023-03-06 13:30:00,4.0,France
8,1st line support,S,2023-03-06 08:00:00,2023-03-06 09:00:00,,,,Italy
""",
}


def write_published_rows(directory: Path) -> None:
    """Write the files of both sets into a directory."""
    for name, text in (_OLIST | _HELPDESK).items():
        (directory / name).write_text(text, encoding="utf-8")
