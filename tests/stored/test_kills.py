"""A container that is killed at any step of its night loses nothing and sends nothing twice: the next one finishes its work."""

import pytest

from tests.stored.desk import Desk, export

# So many of the steps, which lie apart; the drill tries all of them.
SOME = 2


def sent(desk: Desk) -> list[bytes]:
    """What the service has, by permission: the same place is written twice where nobody knew whether the first time counted."""
    return sorted(desk.service.objects.values())


def quiet_night(desk: Desk) -> tuple[int, list[str], list[bytes]]:
    """How many steps a night has in which nothing happens, what lies in the store behind it, and what was sent."""
    desk.source(export(rows=6))
    done = desk.night()
    assert done.returncode == 0, done.stderr
    return int(done.stdout), desk.lying(), sent(desk)


def killed(desk: Desk, step: int, lying: list[str], bodies: list[bytes]) -> None:
    """A night that dies at a step, and the next one, which ends as one in which nothing happened."""
    assert desk.night(die_at=step).returncode == -9
    after = desk.night()
    assert after.returncode == 0, (step, after.stderr)
    assert desk.lying() == lying, step
    assert sent(desk) == bodies, step
    assert set(desk.states().values()) == {"sent"}, step


def fresh(desk: Desk, number: int) -> Desk:
    """Another desk beside, where nothing lies and nothing was sent."""
    desk.service.objects.clear()
    folder = desk.folder / str(number)
    folder.mkdir()
    made = Desk(folder, desk.bucket.store.bucket(), desk.service)
    made.source(export(rows=6))
    return made


def test_what_a_killed_night_left_is_finished_by_the_next_one(desk: Desk) -> None:
    steps, lying, bodies = quiet_night(desk)
    for number in range(1, SOME + 1):
        killed(fresh(desk, number), steps * number // (SOME + 1), lying, bodies)


@pytest.mark.drill
def test_a_night_that_dies_at_any_step_is_finished_by_the_next_one(desk: Desk) -> None:
    steps, lying, bodies = quiet_night(desk)
    for step in range(1, steps + 1):
        killed(fresh(desk, step), step, lying, bodies)
