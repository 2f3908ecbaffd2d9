"""The demo: a made-up region that lives from September to November, from the LMS contract to the redeemed part.

    region     its files, its reference data, and the LMS that serves it phase by phase
    people     one person for each role, and somebody who submits for every provider
    months     one month: poll, close, both sides' steps
    endings    how far each act of the last month comes, so that every page shows something
    paying     orders to the emulated treasury, what goes wrong there, and its answers
    papers     the printed acts of the newest month
    play       all of it in order; safe to kill and to repeat
    sums       the ledger beside acts, orders and the treasury's own book: do they add up
    report     the summary as text
    stages     progress on the console

Nothing of it runs in production. Its texts are Russian, like the made-up region's.
"""
