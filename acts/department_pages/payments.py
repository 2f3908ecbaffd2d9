"""The payment orders of the department's acts."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from acts.operator_pages.orders import OrderList


class PaymentList(OrderList):
    """As the operator's list; a row leads to the act, because the order's page is the operator's."""

    title = _("Payments")
    name = "payments"
    columns = [replace(OrderList.columns[0], link=lambda order: order.act.get_absolute_url()), *OrderList.columns[1:]]
