"""How a command ends: the codes of errors as `--json` has them, and the exit codes."""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.codes.entry import Entry, Example
from lexer_pipeline.codes.sources import ANSWERS_PAGE, UPLOAD_PAGE, own

STATUS = "lexer-pipeline status"
DOOR = own(
    "a script that calls us must know by the code alone whether to go on, to wait, or to call a person"
)
TYPED = Example(
    "lexer-pipeline validate orders.csv --spec purchas", "lexer-pipeline validate orders.csv --spec purchase"
)
SET = "lexer-pipeline validate SOURCE --spec SPEC"
NO_MEMORY = Example(
    "lexer-pipeline convert orders.csv --spec purchase   (beside a program that holds all the memory)",
    "lexer-pipeline convert orders.csv --spec purchase   (after that program was closed)",
)
IN_STORE = Example(
    "lexer-pipeline convert orders.csv --spec purchase --out s3://bucket/batches   (without credentials)",
    "AWS_PROFILE=nights lexer-pipeline convert orders.csv --spec purchase --out s3://bucket/batches",
)
UNREAD = Example(
    "lexer-pipeline validate orders.pdf --spec purchase", "lexer-pipeline validate orders.csv --spec purchase"
)
DOUBT = Example(
    "lexer-pipeline upload   (the connection broke after the last byte, so nobody knows whether it arrived)",
    "lexer-pipeline settle BATCH --arrived   (after a look at Hub > Manage > Logs)",
)
OFFLINE = Example(
    "lexer-pipeline upload   (without a connection to the internet)",
    "lexer-pipeline upload   (with one; what was sent is not sent again)",
)
BROKEN = Example(
    "lexer-pipeline convert orders.csv --spec purchase",
    "lexer-pipeline convert orders.csv --spec purchase --debug   (prints where it broke, and no value of a record)",
)

ERRORS: Mapping[str, Entry] = MappingProxyType({
    "usage": Entry(
        "the command or a setting asks for something that does not exist (exit code 2)",
        "do what the message says: it names the flag, the setting or the column", "lexer-pipeline COMMAND --help", DOOR, TYPED,
    ),
    "memory": Entry(
        "the machine has too little memory for what was asked (exit code 2)", "close other programs, or split the source", SET, DOOR, NO_MEMORY,
    ),
    "store": Entry(
        "an object store has no such bucket, or gives this machine no right to it (exit code 2)",
        "check the name of the bucket, and the credentials of its cloud", "lexer-pipeline doctor --out s3://BUCKET/batches", DOOR, IN_STORE,
    ),
    "source": Entry(
        "a source is missing, is not what it seems, or breaks so that nothing after it can be trusted (exit code 3)",
        "export it again, or say how it is to be read", "lexer-pipeline inspect SOURCE", DOOR, UNREAD,
    ),
    "person_needed": Entry(
        "an upload was refused, its file changed, or nobody can know whether it arrived (exit code 4)",
        "look what each batch waits for; the command that goes on stands beside it", STATUS, f"{UPLOAD_PAGE}; {ANSWERS_PAGE}", DOUBT,
    ),
    "unavailable": Entry(
        "the upload service cannot be reached, or a service keeps failing; trying later is safe (exit code 5)",
        "look at the address and at status.lexer.io, and type the same again later", "lexer-pipeline upload", ANSWERS_PAGE, OFFLINE,
    ),
    "defect": Entry(
        "this program has a defect (exit code 70); your data is as it was", "report it with what the same command prints with --debug",
        f"{SET} --debug", DOOR, BROKEN,
    ),
})  # fmt: skip

EXITS: Mapping[str, Entry] = MappingProxyType({
    "0": Entry("done", "nothing", STATUS, DOOR, Example("lexer-pipeline validate orders.csv --spec purchase", "the same")),
    "1": Entry(
        "about the data: an invalid record (validate), or a specification whose batch is held, rejected or not there (convert, run)",
        "fix the rejects, or accept what holds the batch; the last lines say which", "lexer-pipeline convert --fix BATCH", DOOR,
        Example(
            "lexer-pipeline validate rejects.csv --spec purchase   (a row of it has no e-mail address)",
            "lexer-pipeline validate rejects.csv --spec purchase   (the address is filled in)",
        ),
    ),
    "2": Entry(
        "usage or configuration: an unknown specification, column or flag, a setting that is wrong or not there, as the token",
        "do what the message says", "lexer-pipeline COMMAND --help", DOOR, TYPED,
    ),
    "3": Entry(
        "a source cannot be read: it is missing, broken, neither table nor JSON, or it changed while it was read",
        "export it again, or say how it is to be read", "lexer-pipeline inspect SOURCE", DOOR, UNREAD,
    ),
    "4": Entry(
        "a batch needs a person: it is held, refused, changed or in doubt", "look what it waits for; the command that goes on stands beside it",
        STATUS, DOOR, DOUBT,
    ),
    "5": Entry(
        "the service cannot be reached or keeps failing: trying later is safe", "type the same again later", "lexer-pipeline upload",
        ANSWERS_PAGE, OFFLINE,
    ),
    "70": Entry(
        "a defect of this program, never used for anything else", "report it with what the same command prints with --debug", f"{SET} --debug",
        DOOR, BROKEN,
    ),
    "130": Entry(
        "interrupted, as by Ctrl-C; batches that were finished before are kept", "type the same again: nothing is made or sent twice", STATUS,
        DOOR, Example("lexer-pipeline upload   (then Ctrl-C)", "lexer-pipeline upload   (goes on where it was)"),
    ),
})  # fmt: skip
