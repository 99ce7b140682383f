"""A month of a small company, drawn from a seed as plain steps: what is typed, and with which exit code it must end."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.drill.company import FOLDERS, SHOPS
from tests.drill.corrections import Corrections
from tests.drill.exports import SPECS, Export
from tests.drill.oracle import A, B, Delivery
from tests.drill.script import Step


@dataclass
class Month(Corrections):
    """Nights, and what else happens between them."""

    def draw(self, deliveries: int) -> "Month":
        """All steps, until so many deliveries were made, and then the end of the month."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (40, self.night), (10, self.again), (5, self.back), (10, self.correct), (3, self.wrong_correction),
            (4, self.go_back), (3, self.take_back), (5, self.held), (4, self.release), (2, self.drop), (2, self.rejected), (5, self.parts),
            (4, self.spoiled), (3, self.looks), (2, self.resend), (3, self.copy), (5, self.at_once), (8, self.upload),
            (4, self.to_the_other),
        ]  # fmt: skip
        weights, calls = zip(*acts, strict=True)
        changed = False
        while len(self.oracle.all) < deliveries:
            if not changed and len(self.oracle.all) >= deliveries // 2:
                changed = True
                self.change()
            self.rng.choices(calls, weights)[0]()
        return self

    # ------------------------------------------------------------------------------------------- what is typed

    def night(self) -> None:
        export = self.export()
        self.deliver(export, self.stem(export.kind), self.folder(), self.how())

    def again(self) -> None:
        one = self.pick(
            lambda one: self.newest(one) and self.here(one) and one.state in ("waiting", "sent", "held")
        )
        if one is not None:
            export, most, stem = self.exports[one.number]
            state = "held" if one.state == "held" else "waiting"
            self.deliver(export, stem, self.folder(), self.how(), most, state, accepting(one, export))

    def back(self) -> None:
        one = self.pick(
            lambda one: (
                one.state in ("waiting", "sent")
                and self.oracle.newer(one)
                and not one.at_once
                and self.here(one)
                and not self.exports[one.number][0].bad
            )
        )
        if one is not None:
            export, most, stem = self.exports[one.number]
            self.deliver(export, stem, self.folder(), self.how(), most)

    def held(self) -> None:
        export = self.export(10, bad=2)
        self.deliver(export, self.stem(export.kind), self.folder(), self.how(), state="held")

    def release(self) -> None:
        one = self.pick(lambda one: one.state == "held" and self.here(one))
        if one is not None:
            export, most, stem = self.exports[one.number]
            self.deliver(export, stem, self.folder(), self.how(), most, flags=("--max-invalid", "50%"))
            one.any_order = True
            self.older(one)

    def older(self, one: Delivery) -> None:
        """What a newer one overtook goes when a person says so."""
        if one.waits and self.oracle.overtaken(one):
            codes = self.oracle.named(one, older=True)
            for part in range(len(one.content)):
                step = Step(("upload", f"{{{one.number}.{part}}}", "--older"), frozenset(codes))
                self.add(self.to(step, {one.kind: one.dataset} if one.dataset else {}))

    def drop(self) -> None:
        one = self.pick(lambda one: one.state in ("held", "rejected"))
        if one is not None:
            one.state = "dropped"
            self.add(Step(("drop", f"{{{one.number}.0}}"), quiet=True))

    def rejected(self) -> None:
        export = self.export(2, bad=2)
        self.deliver(export, self.stem(export.kind), self.folder(), self.how(), state="rejected")

    def parts(self) -> None:
        export = self.export(self.rng.randint(3, 5))
        self.deliver(
            export, self.stem(export.kind), self.folder(), self.how(), most=self.rng.choice((100, 150, 200))
        )

    def spoiled(self) -> None:
        """A file is edited after it was prepared, then made anew."""
        export, folder = self.export(), self.folder()
        stem = self.stem(export.kind)
        one = self.deliver(export, stem, folder, "convert")
        grows = self.rng.random() < 0.5
        if not grows or self.rng.random() < 0.5:
            step = Step(
                ("upload", f"{{{one.number}.0}}"), frozenset({4}), spoils=(one.number, grows), quiet=True
            )
            self.add(self.to(step, self.datasets))
        else:
            self.add(Step(("status", "--out", FOLDERS[folder]), spoils=(one.number, grows), quiet=True))
        self.oracle.fill(one, self.datasets.get(one.kind, ""))
        self.deliver(export, stem, folder, "convert")

    def looks(self) -> None:
        """Commands that send nothing."""
        folder = FOLDERS[self.folder()]
        if not (self.oracle.all and any(one.folder == FOLDERS.index(folder) for one in self.oracle.all)):
            return
        export = self.export(bad=0)
        file = f"src/look_{export.serial}.csv"
        empty = Export(export.kind, export.serial, 0)
        self.add(
            self.rng.choice((
                Step(("status", "--out", folder), quiet=True),
                Step(("validate", file, "--spec", SPECS[export.kind]), file=(file, export.text()), quiet=True),
                Step(("run", file, "--spec", SPECS[export.kind], "--out", folder), file=(file, empty.text()), quiet=True),
                Step(("run", file, "--spec", "no_such"), frozenset({2}), file=(file, empty.text()), quiet=True),
                Step(("run", f"{file}x", "--spec", SPECS[export.kind]), frozenset({3}), quiet=True),
                Step(("run", file, "--spec", SPECS[export.kind], "--out", folder, "--min-rows", "1"), frozenset({1}),
                     (file, empty.text()), quiet=True),
                Step(("upload", "--out", "nowhere"), frozenset({2}), quiet=True),
                Step(("upload", "--out", folder, "--dry-run"), frozenset({0, 4}), quiet=True),
            ))
        )  # fmt: skip

    def resend(self) -> None:
        one = self.pick(
            lambda one: one.state == "sent" and not one.corrected and not one.any_order and not self.oracle.overtaken(one)
            and not any(other.waits and other.number < one.number for other in self.oracle.series(one))
            and one.number not in self.has_copy
            and one.number == max(other.number for other in self.oracle.series(one) if A in other.to)
        )  # fmt: skip
        if one is not None:
            one.resent += 1
            one.any_order = True
            step = Step(("upload", "--resend", f"{{{one.number}.0}}"), safe=True)
            self.add(self.to(step, {one.kind: one.dataset} if one.dataset else {}))

    def copy(self) -> None:
        """The same content under a name of another series: it is there already, so it is not sent."""
        if self.company.both_services or self.company.labels:
            return
        one = self.pick(
            lambda one: one.state == "sent" and not one.corrected and self.here(one) and one.corrects is None
            and not self.exports[one.number][0].bad and len(one.content) == 1 and one.number not in self.has_copy
        )  # fmt: skip
        if one is not None:
            export, _, stem = self.exports[one.number]
            self.has_copy.add(one.number)
            other = f"other_{'abcdefghij'[one.number % 10]}{'abcdefghij'[one.number // 10 % 10]}_{stem}"
            made = self.oracle.offer(other, export, one.dataset, one.content, self.folder(), "refused")
            self.exports[made.number] = (export, 0, other)
            self.has_copy.add(made.number)
            step = self.words_of("run", export, other, made.folder)
            self.add(replace(step, codes=frozenset({4}), gives=made.number))
            if self.rng.random() < 0.7:
                made.state = "dropped"
                self.add(Step(("drop", f"{{{made.number}.0}}"), corrects=True))

    def at_once(self) -> None:
        """Two commands at the same time: two shops, one export twice, or two nights of one shop."""
        export = self.export()
        stem, first, second = self.stem(export.kind), self.folder(), self.folder()
        what = self.rng.choice(("shops", "twice", "nights"))
        one = self.deliver(export, stem, first, "run")
        step = self.steps.pop()
        if what == "twice":
            self.deliver(export, stem, second, "run")
        else:
            other = self.export(kind=export.kind)
            shop = next(shop for shop in SHOPS if not stem.startswith(shop))
            two = self.deliver(other, f"{shop}_{export.kind}" if what == "shops" else stem, second, "run")
            for night in (one, two):
                night.any_order |= what == "nights"
                night.at_once |= what == "nights"
        self.add(replace(step, also=self.steps.pop(), nights=what == "nights"))

    def upload(self) -> None:
        folder = self.folder()
        if any(one.folder == folder for one in self.oracle.all):
            codes = self.oracle.upload(folder, self.datasets)
            self.add(self.to(Step(("upload", "--out", FOLDERS[folder]), frozenset(codes)), self.datasets))

    def to_the_other(self) -> None:
        # What waits for the first service and goes to the other before is not waited for any more.
        if self.company.both_services and self.oracle.all and not any(one.waits for one in self.oracle.all):
            codes = self.oracle.upload(0, self.datasets, B)
            step = Step(("upload", "--out", FOLDERS[0]), frozenset(codes), service=B)
            self.add(self.to(step, self.datasets))

    def change(self) -> None:
        """Other datasets from now on; what has none and was asked for without goes before that."""
        before, after = self.company.datasets
        if before == after:
            return
        if not before and self.company.trouble != "calm":
            self.end()
        self.datasets = after

    def end(self) -> None:
        """Peace: all that waits is sent, with the datasets it belongs to."""
        self.add(self.to(Step((), peace=True), self.datasets))
        for one in self.oracle.all:
            if one.waits:
                one.any_order |= self.oracle.overtaken(one)
                self.oracle.fill(one, self.datasets.get(one.kind, ""))
                one.state, one.to[A] = "sent", one.dataset
        if self.company.both_services:
            for one in self.oracle.all:
                if one.state == "sent" and not one.corrected and B not in one.to:
                    one.any_order |= self.oracle.overtaken(one, B)
                    one.to[B] = one.dataset

    def once_more(self) -> list[Step]:
        """What was done already, typed again: no service may hear of it."""
        before, self.steps = self.steps, []
        for folder in range(self.company.folders):
            if any(one.folder == folder for one in self.oracle.all):
                needs_a_person = any(
                    one.folder == folder and one.state in ("held", "refused") for one in self.oracle.all
                )
                step = Step(("upload", "--out", FOLDERS[folder]), frozenset({4 if needs_a_person else 0}))
                self.add(self.to(step, {}))
        for one in [
            one for one in self.oracle.all if self.newest(one) and self.here(one) and one.state == "sent"
        ]:
            export, most, stem = self.exports[one.number]
            self.deliver(
                export, stem, self.folder(), "run", most, flags=("--max-invalid", "50%") if export.bad else ()
            )
        found, self.steps = [replace(step, quiet=True) for step in self.steps], before
        return found


def accepting(one: Delivery, export: Export) -> tuple[str, ...]:
    """What it takes for a run that released a batch to end as it did then: its verdict is that of its own rows."""
    return ("--max-invalid", "50%") if export.bad and one.state != "held" else ()
