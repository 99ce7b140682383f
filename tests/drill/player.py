"""Plays a script: types it, and does what a person would do where the tool says that one is needed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.drill.company import FOLDERS
from tests.drill.exports import TYPES
from tests.drill.keyboard import KILLED, Keyboard, Played, answer_of
from tests.drill.oracle import A, B
from tests.drill.script import Step

MOST = 8  # times that a person tries to come to an end


class Player(Keyboard):
    """One world from its first night to its end."""

    def play(self, more: Sequence[Step]) -> Played:
        """The script, the end of the month, and then `more`, which no service may hear of."""
        for one in self.services:
            one.call("faults", method="DELETE")
            one.call("settings", {"clock_offset": 0.0, "url_seconds": 3600})
        for step in self.script.steps:
            if step.peace:
                self.peace(step.datasets)
            else:
                self.take(step)
        if not self.naive:
            for step in more:
                self.take(step, calm=True)
            self.compare()
        self.heard()
        self.played.logs = self.logs
        self.played.uploads = [one.call("uploads") for one in self.services]
        return self.played

    # ------------------------------------------------------------------------------------------------ one command

    def take(self, step: Step, calm: bool = False) -> None:
        """One step: typed until it lives, and looked at."""
        if step.file is not None:
            self.write(step.file)
        if step.also is not None and step.also.file is not None:
            self.write(step.also.file)
        if step.spoils is not None:
            self.spoil(*step.spoils)
        disturbed = not calm and not step.safe
        before = self.heard() if step.quiet else 0
        if self.faults and disturbed and self.rng.random() < 0.5:
            self.disturb(step.service)
        if step.also is not None:
            self.both(step, step.also)
            return
        code, said = self.until_it_lives(step, disturbed and self.kills)
        ended = False
        for _ in range(3):
            if not (step.corrects and code == 4 and self.faults):
                break
            ended = True
            self.peace(step.datasets)
            code, said = self.until_it_lives(step, False)
        self.note(step, said)
        self.check(step, code, said, calm)
        if step.quiet and not ended and self.heard() != before:
            self.strange(step, code, said, "was not quiet")

    def both(self, step: Step, also: Step) -> None:
        some = [step, also]
        answers = self.type(some, self.kills and not step.nights)
        for one, answer in zip(some, answers, strict=True):
            code, said = answer["code"], answer
            self.note(one, said)
            if code not in (0, 5, KILLED) and code not in one.codes:
                self.check(one, code, said, False)
            for _ in range(MOST):
                if code not in (5, KILLED):
                    break
                again = self.upload_of(some) if step.nights else one
                code, said = self.until_it_lives(again, False)
                self.note(one, said)
                if self.faults and code == 5:
                    break
            self.check(replace(one, codes=one.codes | ({4} if step.nights else set())), code, said, False)

    def upload_of(self, nights: Sequence[Step]) -> Step:
        """How nights go on that were told to try again: to convert one again after the other would be to go back to it."""
        paths = [path for one in nights for path in self.paths.get(one.gives or 0, [])]
        return Step(
            ("upload", *paths, "--out", paths[0].partition("/")[0]),
            frozenset({0, 4}),
            datasets=nights[0].datasets,
        )

    # ------------------------------------------------------------------------------------------------ the person

    def peace(self, datasets: str) -> None:
        """Nothing goes wrong any more; what waits is sent, what is in doubt is settled by what the log says."""
        for one in self.services:
            one.call("faults", method="DELETE")
        for _ in range(MOST):
            rounds = [
                self.round(folder, service, datasets) for service in self.wanted() for folder in self.made()
            ]
            if not any(rounds):
                return
        if not self.naive:
            self.played.strange.append("peace did not come")

    def wanted(self) -> tuple[int, ...]:
        return (A, B) if self.company.both_services else (A,)

    def made(self) -> list[str]:
        return [folder for folder in FOLDERS[: self.company.folders] if (self.root / folder).is_dir()]

    def round(self, folder: str, service: int, now: str) -> bool:
        """One `upload` of a folder, for the datasets of each time; whether there was something to do."""
        busy = False
        texts = [
            ",".join(f"{TYPES[kind]}={name}" for kind, name in one.items()) for one in self.company.datasets
        ]
        for text in dict.fromkeys(texts) if texts[0] else (now,):
            words = ("upload", "--out", folder, *(("--dataset", text) if text else ()))
            step = Step(words, service=service)
            code, said = self.until_it_lives(step, False)
            if code not in (0, 4, 5) and not self.naive:
                self.strange(step, code, said, f"ended with {code}")
            for one in answer_of(said).get("uploads", []):
                busy |= self.decide(one, folder, service, text) or "goes after" in one.get("reason", "")
            busy |= code == 5
        return busy

    def decide(self, one: dict[str, Any], folder: str, service: int, datasets: str) -> bool:
        """What a person does about one upload; whether that changed something."""
        flags = ("--dataset", datasets) if datasets else ()
        path = f"{folder}/{Path(one['batch']).name}"
        words: tuple[str, ...]
        if self.naive:
            return False
        if one["state"] == "in_doubt":
            self.played.doubts += 1
            arrived = self.arrived(one, service)
            self.played.by_hand |= {one["sha256"], one["name"]}
            words = ("settle", path, "--arrived" if arrived else "--not-arrived")
        elif "--older" in one.get("hint", ""):
            self.played.by_hand.add(one["sha256"])
            words = ("upload", "--older", path, *flags)
        elif one["state"] == "refused" and not self.is_copy(one):
            words = ("drop", path)  # the same content went later in its series, and is there
        else:
            return False
        code, said = self.until_it_lives(Step(words, service=service), False)
        # A delivery is dropped with all of its parts.
        if code not in (0, 4, 5) and not (code == 2 and words[0] == "drop"):
            self.strange(Step(words), code, said, f"ended with {code}")
        return True

    def is_copy(self, one: dict[str, Any]) -> bool:
        """Whether this is the same content in another series, which the script deals with."""
        return any(
            other.state == "refused" and one["sha256"] in other.sha256s for other in self.script.oracle.all
        )

    def arrived(self, one: dict[str, Any], service: int) -> bool:
        """Whether the store has it: the log knows."""
        self.heard()
        stored = [
            event["md5"]
            for event in self.logs[service]
            if event["kind"] == "stored" and str(event["upload"]) == one["upload_id"]
        ]
        return stored[-1:] == [self.md5_of[one["sha256"]]]

    def compare(self) -> None:
        """Note what the tool says was sent."""
        for folder in self.made()[:1] if self.company.ledger else self.made():
            (said,) = self.type([Step(("status", "--out", folder))], False)
            for one in answer_of(said).get("batches", []):
                for number, service in enumerate(self.services):
                    if one["service"] == service.url and one["state"] == "sent":
                        self.played.told[number, one["upload_id"]] = one["path"]
