"""Corrections: of the newest version of a name, of an older one, back to what was before, and those that must be refused."""

from dataclasses import dataclass, replace

from tests.drill.company import FOLDERS
from tests.drill.exports import SPECS, TYPES, Export
from tests.drill.oracle import Delivery
from tests.drill.script import Script, Step


@dataclass
class Corrections(Script):
    """A script in which deliveries are corrected."""

    def target(self) -> Delivery | None:
        """A delivery that can be corrected: alive, and nothing else holds its content."""
        return self.pick(
            lambda one: (
                one.state in ("waiting", "sent") and not one.corrected and one.number not in self.has_copy
            )
        )

    def correction(self, one: Delivery, export: Export, most: int, how: str) -> Delivery | None:
        stem = self.exports[one.number][2]
        folder = self.folder()
        content = tuple(export.parts(most)) if most else tuple(export.parts())
        if not one.dataset and one.waits:
            return None  # which dataset it gets is another question
        first = self.first_version(one) if self.rng.random() < 0.4 else one
        made = self.oracle.correct(one, content, folder)
        self.exports[made.number] = (export, most, stem)
        part = self.rng.randrange(len(content))
        words = (
            how, f"src/{stem}/correction_{made.number}.csv", "--spec", SPECS[export.kind], "--out", FOLDERS[folder],
            "--replaces", f"{{{first.number}.{part}}}", *(("--max-bytes", str(most)) if most else ()),
        )  # fmt: skip
        step = Step(
            words, frozenset(self.oracle.run(made) if how == "run" else {0}),
            (f"src/{stem}/correction_{made.number}.csv", export.text()), made.number, quiet=how == "convert", corrects=True,
        )  # fmt: skip
        self.add(self.to(step, {one.kind: one.dataset} if one.dataset else {}))
        return made

    def first_version(self, one: Delivery) -> Delivery:
        while one.corrects is not None:
            one = one.corrects
        return one

    def correct(self) -> None:
        one = self.target()
        if one is not None:
            export, most, _ = self.exports[one.number]
            self.correction(one, self.export(export.rows - export.bad, kind=one.kind), most, self.how())

    def take_back(self) -> None:
        """A correction that is dropped before it was sent: what it was to correct is what it was before."""
        one = self.target()
        if one is None:
            return
        before = one.state
        export, most, _ = self.exports[one.number]
        export = self.export(export.rows - export.bad, kind=one.kind)
        made = self.correction(one, export, most, "convert")
        if made is not None:
            made.state, one.state, one.corrected = "dropped", before, False
            self.add(Step(("drop", f"{{{made.number}.0}}"), quiet=True))

    def go_back(self) -> None:
        """A correction of a correction, back to what stood there before."""
        one = self.pick(
            lambda one: one.state in ("waiting", "sent") and not one.corrected and one.corrects is not None
        )
        if one is not None and one.corrects is not None:
            export, most, _ = self.exports[one.corrects.number]
            if not export.bad:
                self.correction(one, export, most, self.how())

    def wrong_correction(self) -> None:
        one = self.target()
        if one is None:
            return
        export = self.export(3, kind=one.kind)
        file = f"src/wrong_{export.serial}.csv"
        step = Step(
            ("run", file, "--spec", SPECS[one.kind], "--out", FOLDERS[0]),
            frozenset({2}),
            (file, export.text()),
            quiet=True,
        )
        what = self.rng.choice(("parts", "date", "nothing", "dataset", "kind"))
        replaces = ("--replaces", f"{{{one.number}.0}}")
        if what == "parts":
            replaces += ("--max-bytes", "60") if len(one.content) != 3 else ()
        elif what == "date":
            replaces += ("--date", "20261102")
        elif what == "nothing":
            replaces = ("--replaces", f"{FOLDERS[0]}/nowhere-20261101-a")
        elif what == "dataset":
            if one.waits and not one.dataset:
                return
            replaces += ("--dataset", f"{TYPES[one.kind]}=elsewhere")
        else:
            other = next(kind for kind in SPECS if kind != one.kind)
            export = self.export(2, kind=other)
            step = replace(
                step, words=(*step.words[:3], SPECS[other], *step.words[4:]), file=(file, export.text())
            )
        step = replace(step, words=(*step.words, *replaces), corrects=what in ("parts", "dataset"))
        datasets = {one.kind: one.dataset} if one.dataset else {}
        self.add(replace(step, datasets=",".join(f"{TYPES[kind]}={name}" for kind, name in datasets.items())))
