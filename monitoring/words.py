"""Words of the commission's work."""

from itertools import groupby

from monitoring.models import RiskSignal


def days_seen(signal: RiskSignal) -> str:
    """The days of the month on which it was seen, neighbours joined: «4–5, 11, 18–19»."""
    # In a run of neighbours the day and its place in the list grow together.
    places = groupby(enumerate(signal.day_numbers), key=lambda pair: pair[1] - pair[0])
    runs = [[day for _place, day in run] for _difference, run in places]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
