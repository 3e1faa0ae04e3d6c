"""Which trial is trained next, and how far: decided alike whatever the order in which trials happen to end.

A search is played on virtual workers, twice as many as train at one time, whose clock counts epochs. What is issued at
a moment depends only on what has ended before it by that clock. Real workers compute the outcomes: when one of them is
slow or killed, decisions wait for it, and stay the same.

Trials are pruned by asynchronous successive halving (ASHA, Li et al. 2020): of those that have reached a rung, the best
third goes on to the next. A trial that is not among them pauses; it may be promoted later. The number of promotions is
bounded, so that a search whose trials become better and better spends no more epochs than another.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["FACTOR", "Outcome", "Schedule", "Seen", "Unit", "play", "rungs_of"]

FACTOR = 3
"""Of so many trials on a rung one goes on; the next rung has so many times its epochs."""
MOST_RUNGS = 3
AHEAD = 2
"""Virtual workers for each trial that is trained at one time: a slow trial holds the others up only so late."""


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """The part of a trial from one rung to the next."""

    trial: int
    rung: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a unit ended.

    Args:
        score: The larger the better; None when the trial failed.
    """

    score: float | None


Seen = Mapping[Unit, Outcome | None]
"""What is known at a moment: units that were issued, in their order, with their outcomes; None while they train."""
Propose = Callable[[int, Seen], None]
"""Called when a trial of this number begins."""
Ask = Callable[[Unit], Outcome | None]


def rungs_of(epochs: int, *, prunes: bool) -> list[int]:
    """The epochs after which trials are compared, the last of them all epochs."""
    rungs = [epochs]
    while prunes and len(rungs) < MOST_RUNGS and (lower := round(epochs / FACTOR ** len(rungs))) >= 1:
        rungs.append(lower)
    return sorted(set(rungs))


@dataclass(slots=True)
class Schedule:
    """The play up to the moment that waits for an outcome.

    Args:
        rungs: Epochs of each rung.
        trials: How many trials there are.
        parallel: How many are trained at one time.
        issued: The units in the order in which they are trained, with their outcomes.
        is_over: Whether nothing is left to train.
    """

    rungs: list[int]
    trials: int
    parallel: int
    issued: dict[Unit, Outcome | None] = field(default_factory=dict)
    is_over: bool = False

    def play(self, ask: Ask, propose: Propose, *, begins_more: bool = True) -> None:
        """Play until an outcome is missing, or to the end."""
        clock: list[tuple[int, int, Unit]] = []
        now = 0
        while True:
            while begins_more and len(clock) < AHEAD * self.parallel and (unit := self._next(propose)):
                heapq.heappush(clock, (now + self._epochs(unit), len(self.issued), unit))
                self.issued[unit] = None
            if not clock:
                self.is_over = True
                return
            now, _, unit = clock[0]
            outcome = ask(unit)
            if outcome is None:
                return
            heapq.heappop(clock)
            self.issued[unit] = outcome

    def _epochs(self, unit: Unit) -> int:
        return self.rungs[unit.rung] - (self.rungs[unit.rung - 1] if unit.rung else 0)

    def _next(self, propose: Propose) -> Unit | None:
        """The best that may be promoted, from the highest rung down; else a new trial; at the end, the best of all."""
        begun = sum(unit.rung == 0 for unit in self.issued)
        for rung in reversed(range(len(self.rungs) - 1)):
            promoted = self._promoted(rung, has_all=begun == self.trials)
            if promoted is not None:
                return promoted
        if begun < self.trials:
            propose(begun, self.issued)
            return Unit(begun, 0)
        return next(self._last_chance(), None)

    def _promoted(self, rung: int, *, has_all: bool) -> Unit | None:
        """The best of a rung that was not promoted yet, if it is among the best third, and a place is left.

        A place is left for each three that have come, and one more when all trials have begun: early promotions, made
        among few, do not take those of better trials that come late.
        """
        ranked = self.ranked(rung)
        best = [Unit(trial, rung + 1) for trial in ranked[: len(ranked) // FACTOR]]
        taken = sum(unit.rung == rung + 1 for unit in self.issued)
        if taken >= len(best) + has_all:
            return None
        return next((unit for unit in best if unit not in self.issued), None)

    def _last_chance(self) -> Iterator[Unit]:
        """Where no trial has come to the top though all have ended: the best of the highest rung goes on."""
        if None in self.issued.values():
            return
        for rung in reversed(range(len(self.rungs))):
            for trial in self.ranked(rung)[:1]:
                if rung + 1 < len(self.rungs):
                    yield Unit(trial, rung + 1)
                return

    def ranked(self, rung: int) -> list[int]:
        """The trials that have reached a rung, the best first; of equals the one that began first."""
        scores = {
            unit.trial: outcome.score
            for unit, outcome in self.issued.items()
            if unit.rung == rung and outcome is not None and outcome.score is not None
        }
        return sorted(scores, key=lambda trial: (-scores[trial], trial))


def play(
    rungs: list[int], ask: Ask, propose: Propose, *, trials: int, parallel: int, begins_more: bool = True
) -> Schedule:
    """Play a search as far as its outcomes are known.

    Args:
        rungs: As of `rungs_of`.
        ask: The outcome of a unit, where it has ended.
        propose: Called for each trial that begins, with what is seen at that moment.
        trials: How many there are.
        parallel: How many are trained at one time.
        begins_more: Whether anything is begun; else the schedule is over.
    """
    schedule = Schedule(rungs, trials, parallel)
    schedule.play(ask, propose, begins_more=begins_more)
    return schedule
