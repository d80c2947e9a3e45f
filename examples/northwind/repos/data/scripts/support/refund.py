"""Refunds an order by hand. Only for the support desk."""
import requests

API_TOKEN = "{{generic:refund}}"


def refund(order: str) -> None:
    requests.post(f"https://orders.northwind.example/{order}/refund", headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=10)
