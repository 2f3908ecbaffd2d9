"""The state of everything that money hangs on, without numbers and times that chance decides."""

from collections import Counter

from django.db import connection

CONTRACT = "l.code || ' ' || c.external_id"
FROM_CONTRACT = "registry_contract c JOIN integrations_lms l ON l.id = c.lms_id"

# What has to be the same however the facts came in. A voucher that was issued stays when its contract is annulled, and
# is never issued when the contract was annulled before anybody looked at it: it is left out.
FINAL = {
    "contracts": f"""
        SELECT {CONTRACT}, c.version, c.status, o.bin, c.programme, child.iin, c.days::text, c.funding,
               c.unfunded_reason, c.is_settled, n.total_kzt
        FROM {FROM_CONTRACT} JOIN schools_provider p ON p.id = c.provider_id
        JOIN accounts_organisation o ON o.id = p.organisation_id JOIN registry_child child ON child.id = c.child_id
        LEFT JOIN registry_norm n ON n.id = c.norm_id""",
    "children": """
        SELECT iin, last_name, first_name, middle_name, birth_date FROM registry_child child
        WHERE EXISTS (SELECT FROM registry_contract c WHERE c.child_id = child.id)""",
    "sheets": f"""
        SELECT {CONTRACT}, s.month, s.version, s.marks, s.status
        FROM registry_sheet s JOIN {FROM_CONTRACT} ON c.id = s.contract_id""",
    "parts": """
        SELECT child.iin, v.programme, i.code, p.month, p.state
        FROM registry_voucherpart p JOIN registry_voucher v ON v.id = p.voucher_id
        JOIN schools_issuer i ON i.id = v.issuer_id JOIN registry_child child ON child.id = v.child_id
        WHERE EXISTS (SELECT FROM registry_contract c WHERE c.child_id = child.id AND c.status <> 'annulled')""",
    "reservations": f"""
        SELECT {CONTRACT}, r.month, child.iin, so.number, r.covered_mask::text, r.study_days, r.nominal_kzt,
               r.reserved_kzt, r.local_kzt, r.republican_kzt
        FROM registry_reservation r JOIN {FROM_CONTRACT} ON c.id = r.contract_id
        JOIN registry_voucher v ON v.id = r.voucher_id JOIN registry_child child ON child.id = v.child_id
        JOIN schools_stateordercontract so ON so.id = r.state_order_id WHERE r.covered_days > 0""",
    "accounts": f"""
        SELECT i.code, {CONTRACT}, child.iin, e.month, a.account, sum(a.sign * e.local_kzt),
               sum(a.sign * e.republican_kzt)
        FROM registry_ledgerentry e JOIN schools_issuer i ON i.id = e.issuer_id
        JOIN {FROM_CONTRACT} ON c.id = e.contract_id JOIN registry_voucher v ON v.id = e.voucher_id
        JOIN registry_child child ON child.id = v.child_id
        CROSS JOIN LATERAL (VALUES (replace(e.to_account, 'RELEASED', 'BUDGET'), 1),
                                   (replace(e.from_account, 'RELEASED', 'BUDGET'), -1)) AS a(account, sign)
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(a.sign * e.local_kzt) <> 0 OR sum(a.sign * e.republican_kzt) <> 0""",
    "charges": f"""
        SELECT {CONTRACT}, child.iin, o.bin, a.number, ch.service_month, ch.bill_month, ch.kind, ch.study_days,
               ch.paid_days, ch.nominal_kzt, ch.amount_kzt, ch.local_kzt, ch.republican_kzt
        FROM acts_charge ch JOIN {FROM_CONTRACT} ON c.id = ch.contract_id
        JOIN registry_voucher v ON v.id = ch.voucher_id JOIN registry_child child ON child.id = v.child_id
        JOIN acts_act a ON a.id = ch.act_id JOIN schools_provider p ON p.id = a.provider_id
        JOIN accounts_organisation o ON o.id = p.organisation_id""",
    "acts": "SELECT number, children, paid_days, amount_kzt, local_kzt, republican_kzt, state FROM acts_act",
    "closes": """
        SELECT i.code, m.programme, m.month, m.finished_at IS NOT NULL, m.result::text
        FROM acts_monthclose m JOIN schools_issuer i ON i.id = m.issuer_id""",
    "closed through": """
        SELECT i.code, t.programme, t.month
        FROM registry_closedthrough t JOIN schools_issuer i ON i.id = t.issuer_id""",
    "put aside": "SELECT kind, key, version, reason, raw FROM registry_putaside WHERE resolved_at IS NULL",
    "unbilled facts": f"""
        SELECT {CONTRACT}, f.month FROM registry_latefact f JOIN {FROM_CONTRACT} ON c.id = f.contract_id
        WHERE f.billed_at IS NULL AND c.funding = 'FUNDED'""",
}

# What a repeated command must not write twice.
HISTORY = {
    "entries": f"""
        SELECT i.code, child.iin, v.programme, e.month, {CONTRACT}, e.from_account, e.to_account, e.amount_kzt,
               e.local_kzt, e.republican_kzt, e.reason
        FROM registry_ledgerentry e JOIN schools_issuer i ON i.id = e.issuer_id
        JOIN registry_voucher v ON v.id = e.voucher_id JOIN registry_child child ON child.id = v.child_id
        LEFT JOIN registry_contract c ON c.id = e.contract_id LEFT JOIN integrations_lms l ON l.id = c.lms_id""",
    "earlier contracts": f"""
        SELECT {CONTRACT}, x.version FROM registry_contractversion x JOIN {FROM_CONTRACT} ON c.id = x.contract_id""",
    "earlier sheets": f"""
        SELECT {CONTRACT}, x.month, x.version, x.marks
        FROM registry_sheetversion x JOIN {FROM_CONTRACT} ON c.id = x.contract_id""",
    "late facts": f"""
        SELECT {CONTRACT}, f.month, f.billed_at IS NULL
        FROM registry_latefact f JOIN {FROM_CONTRACT} ON c.id = f.contract_id""",
    "guardians": "SELECT iin, last_name, first_name, phone FROM accounts_user",
}


def state() -> dict[str, list[tuple]]:
    """The rows of every kind that do not depend on the way by which the facts came."""
    return _rows(FINAL)


def state_with_history() -> dict[str, list[tuple]]:
    """The same with every entry of the ledger and every version that was replaced."""
    return _rows(FINAL | HISTORY)


def difference(one: dict[str, list], other: dict[str, list]) -> dict[str, dict]:
    """Rows that only one of two states has; empty when they are equal."""
    found = {}
    for kind in one:
        ours, theirs = Counter(one[kind]), Counter(other[kind])
        if ours != theirs:
            found[kind] = {"only first": [*(ours - theirs)], "only second": [*(theirs - ours)]}
    return found


def _rows(kinds: dict[str, str]) -> dict[str, list[tuple]]:
    rows = {}
    with connection.cursor() as cursor:
        for kind, statement in kinds.items():
            cursor.execute(statement)
            rows[kind] = sorted(cursor.fetchall(), key=str)
    return rows
