"""What is told of each kind of fault: the line where it stands, the setting, and what to write instead."""

import subprocess
import sys
from pathlib import Path

import pytest
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file
from lexer_pipeline.uploading import settings as config

# What is looked for stands before it: in a comment, in texts, and in other tables.
MISLEADING = '''\
# key = 7, skip = [3], column = [], convert = 5, most = true
title = """
convert = 5
most = true"""
drop = ["key = 7", "skip", "column = []"]

[[records]]
specification = "compliance_forget"
[records.fields]
email = { column = "A", convert = "email", split = ",", most = 5 }

[[records]]
specification = "compliance_forget"
RECORD
[records.fields]
email = FIELD
'''
IN_RECORD, IN_FIELD = 14, 16
WHOLE = '{ column = "A" }'
FAULTS = {
    "convert = 5": ("", '{ column = "A", convert = 5 }', IN_FIELD, "convert", "Write convert"),
    "key = 7": ("key = 7", WHOLE, IN_RECORD, "records.key must be", "Write key"),
    "skip = [3]": ("skip = [3]", WHOLE, IN_RECORD, "records.skip must be a table", "Write column"),
    "column = []": ("", "{ column = [] }", IN_FIELD, "email.column must be", "Write column"),
    "most = true": ("", '{ column = "A", most = true }', IN_FIELD, "email.most must be", "Write most = 20"),
    "most = '5'": ("", "{ column = 'A', most = '5' }", IN_FIELD, "without quotes", "Write most = 20"),
    "skip = {...}": ('skip = { column = "A", is = "b" }', WHOLE, IN_RECORD, "records.skip", "[[records.skip]]"),
    "[records.skip]": ('[records.skip]\nis = "b"', WHOLE, IN_RECORD, "records.skip", "[[records.skip]]"),
    "brackets": ("skip = " + "[" * 5000 + "]" * 5000, WHOLE, IN_RECORD, "records.skip", "brackets"),
    "open brackets": ("", "{ constant = " + "[" * 5000, IN_FIELD, "email.constant", "brackets"),
    "braces": ("", "{ constant = " + "{ a = " * 5000, IN_FIELD, "email.constant.a.a", "brackets"),
    "dots": ("a" + ".a" * 5000 + " = 1", WHOLE, IN_RECORD, "records.a.a", "dots"),
    "digits": ("", '{ column = "A", most = ' + "9" * 5000 + " }", IN_FIELD, "email.most", "quotes"),
    "digits in a list": ("", '{ column = ["A",\n "9",\n' + "9" * 5000 + "] }", IN_FIELD + 2, "email.column", "quotes"),
    "digits in hex": ("", "{ constant = 0x" + "f" * 5000 + " }", IN_FIELD, "email.constant", "quotes"),
    "no number": ("", "{ constant = nan }", IN_FIELD, "email.constant must be", "Write constant"),
    "a list with a number": ("", '{ column = ["A",\n "B", 5] }', IN_FIELD + 1, "email.column", "quotes"),
    "unknown setting": ("", '{ column = "A",\u0020wiht = "b" }', IN_FIELD, "no setting wiht", "mean with?"),
    "unknown in a record": ("carri = 5", WHOLE, IN_RECORD, "no setting carri in records", "mean carry?"),
    "unknown anywhere": ("", f"{WHOLE}\n[other]\nx = 1", IN_FIELD + 1, "no setting other", "Known are: title"),
    "a dot without quotes": ("", f'{WHOLE}\nlink.email = "B"', IN_FIELD + 1, "in records.fields.link", '"link.email"'),
    "unknown conversion": ("", '{ column = "A", convert = [\n"trim",\n"monney"] }', IN_FIELD + 2, "convert", "mean money?"),
    "unknown in braces": ("", '{ column = "A", convert = { monney = "." } }', IN_FIELD, "convert", "mean money?"),
    "in capitals": ("", '{ column = "A", convert = "Monney" }', IN_FIELD, "no conversion Monney", "mean money?"),
    "two in braces": ("", '{ column = "A", convert = { money = ".", date = "iso" } }', IN_FIELD, "convert", "own"),
    "argument": ("", '{ column = "A", convert = [\n{ phone = "XX" }] }', IN_FIELD + 1, "convert.phone", "ISO 3166"),
    "no source": ("", '{ default = "A" }', IN_FIELD, "needs exactly one of column, ", "Write {"),
    "two sources": ("", '{ column = "A", first = ["B"] }', IN_FIELD, "needs exactly one of column, ", "Write {"),
    "leaning": ("", '{ column = "A", unless = [\n"emial"] }', IN_FIELD + 1, "email names emial", "mean email?"),
    "leaning on itself": ("", '{ column = "A", with = "email" }', IN_FIELD, "leans on itself", "before it"),
    "together": ('together = ["email",\n"x"]', WHOLE, IN_RECORD + 1, "together names x", "of the same record"),
    "carry without key": ('carry = "A"', WHOLE, 12, "the setting records.key is missing", "Write key"),
    "skip without reason": ('[[records.skip]]\ncolumn = "A"\nempty = true', WHOLE, IN_RECORD, "reason is missing", "Write reason"),
    "skip of two": ('[[records.skip]]\nreason = "r"\ncolumn = "A"\nis = "a"\nis_not = "b"', WHOLE, IN_RECORD, "exactly one of is", "Write column"),
    "no TOML": ("key = ", WHOLE, IN_RECORD, "is not TOML: Invalid value", "quotes"),
    "twice": ('key = "a"\nkey = "b"', WHOLE, IN_RECORD + 1, "is not TOML", "quotes"),
    "no end": ("", '"""A', IN_FIELD, "is not TOML: Unterminated string", "quotes"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_mapping_is_told_with_its_line_and_its_remedy(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, field, line, message, hint = FAULTS[fault]
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text(MISLEADING.replace("RECORD", record).replace("FIELD", field), "utf-8")
    Path("a.csv").write_text("A\nmira.holt@example.com\n", "utf-8")

    assert run_command(["convert", "a.csv", "--map", "own.toml", "--quiet"]) == 2

    told, remedy, again = capsys.readouterr().err.strip().split("\n")
    assert again == "  Then again: lexer-pipeline convert a.csv --map own.toml --quiet"
    assert told.startswith(f"error: own.toml: line {line}: ")
    assert message in told
    assert hint in remedy


@pytest.mark.parametrize("record", ["", "differ = 'first'\nkey = 'email'\n"])
def test_the_text_that_the_faults_are_put_into_is_good(record: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(MISLEADING.replace("RECORD", record).replace("FIELD", WHOLE), "utf-8")

    assert [len(one.fields) for one in file.read(path).records] == [1, 1]


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("", 1, "the setting records is missing", "Write [[records]]"),
        ('title = "x"\nrefuse = ""', 1, "the setting records is missing", "Write [[records]]"),
        ('title = "x"\nrecords = []', 2, "records must have a table", "Write [[records]]"),
        ('title = "x"\nrecords = [3]', 2, "records must be a list of nothing but tables", "Write [[records]]"),
        ('[records]\nspecification = "x"', 1, "records must be a list of tables", "Write [[records]]"),
        ("[[records]]\nfields.a = 'A'", 1, "the setting records.specification is missing", "commerce_purchases"),
        ('[[records]]\nspecification = "x"', 1, "the setting records.fields is missing", "[records.fields]"),
        ('columns_vary = "false"\nrefuse = "x"', 1, "columns_vary must be true or false, without", "= true"),
    ],
)  # fmt: skip
def test_a_mapping_that_makes_nothing_says_what_it_lacks(
    text: str, line: int, message: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text(text, "utf-8")

    with pytest.raises(UsageError) as caught:
        file.read(tmp_path / "own.toml")

    assert f"own.toml: line {line}: {message}" in caught.value.message
    assert hint in caught.value.hint


def test_a_mapping_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b'title = "a"\r\nsecret = "caf\xe9"\r\n')

    with pytest.raises(UsageError, match="own.toml: line 2: is not UTF-8"):
        file.read(tmp_path / "own.toml")


def test_a_date_is_its_text_and_a_whole_number_may_have_a_point(tmp_path: Path) -> None:
    fields = 'a = { constant = 2024-03-06 }\nb = { constant = 1e3 }\n"c[]" = { column = "A", split = ",", most = 3.0 }'
    (tmp_path / "own.toml").write_text(
        f'[[records]]\nspecification = "x"\n[records.fields]\n{fields}\n', "utf-8"
    )

    day, number, split = file.read(tmp_path / "own.toml").records[0].fields

    assert (day.pieces, number.pieces, split.most) == (("2024-03-06",), ("1000.0",), 3)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("# parallel\n[upload]\nparallel = true", 3, "upload.parallel must be a whole number", "parallel = 4"),
        ("[upload]\nlimit_rate = '9'", 2, "upload.limit_rate must be", "limit_rate = 2000000"),
        ("[upload]\nstall_timeout = inf", 2, "upload.stall_timeout must be", "stall_timeout = 30"),
        ("[upload]\ntries = " + "9" * 5000, 2, "upload.tries is a number", "quotes"),
        ("[upload]\nurl = " + "[" * 5000, 2, "upload.url has more lists", "brackets"),
        ("[upload]\nurl = 'ftp://a.example.com'", 2, "upload.url must be", "https://"),
        ("[upload]\nurl = 'http://a.example.com'", 2, "upload.url: the token is only sent", "sandbox"),
        ("[upload]\nurl = 'https://[a'", 2, "upload.url: the upload address", "usual one"),
        ("[upload]\nproxy = 'http://[a'", 2, "upload.proxy is no address", "brackets"),
        ("[upload]\nproxy = 'http://a.example.com:99999'", 2, "upload.proxy is no address", "port"),
        ("[upload]\nca_file = 'absent'", 2, "upload.ca_file names a file that does not exist", "path"),
        ("[ledger]\npath = 'absent/ledger.sqlite3'", 2, "ledger.path names a file in a folder that does not exist", "path"),
        ("[upload]\nrate = 5", 2, "there is no setting rate in upload", "mean limit_rate?"),
        ("[[upload]]\ntries = 5", 1, "upload must be a table", "[upload]"),
        ("[datasets]\ncustomer = 'a b'", 2, "datasets.customer must be", "Hub > Manage"),
        ("[datasets]\n\n'a.b' = 5", 3, 'datasets."a.b" must be', "Hub > Manage"),
        ("[names]\nprofile_customer = 'a\\u000a'", 2, "names.profile_customer must be", "customer_records"),
        ("# token\n[upload]\na = [{ b = 1, api_Token = 's3cr3t' }]", 3, "holds a token", "Revoke"),
        ("token = [[[", 1, "is not TOML", "quotes"),
    ],
)  # fmt: skip
def test_a_fault_of_pipeline_toml_is_told_with_its_line_and_its_remedy(
    text: str, line: int, message: str, hint: str, tmp_path: Path
) -> None:
    (tmp_path / "pipeline.toml").write_text(text, "utf-8")

    with pytest.raises(UsageError) as caught:
        config.read({}, tmp_path)

    assert f"pipeline.toml: line {line}: {message}" in caught.value.message
    assert hint in caught.value.hint
    assert "s3cr3t" not in caught.value.message + caught.value.hint


def test_what_the_environment_says_is_not_looked_for_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text("[upload]\nurl = 'https://file.example.com'", "utf-8")

    with pytest.raises(UsageError) as caught:
        config.read({"LEXER_UPLOAD_API_URL": "http://env.example.com"}, tmp_path)

    assert "pipeline.toml" not in caught.value.message


def test_only_a_fault_waits_for_the_engine_that_words_it(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[[records]]\nspecification = "x"\nfields.a = "A"\n', "utf-8")
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from lexer_pipeline.mapping import file\nfrom lexer_pipeline.uploading import settings\n"
        "settings.read({}, Path())\nfile.presets()\nassert 'jsonschema_rs' not in sys.modules\n"
        "file.read(Path('own.toml'))\nassert 'jsonschema' not in sys.modules\n"
    )

    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def test_a_dataset_of_a_type_that_no_specification_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text('[datasets]\npurchase = "a1b2"\npurchse = "c3d4"\n')
    with pytest.raises(UsageError) as caught:
        config.read({}, tmp_path)
    assert caught.value.message == "pipeline.toml: line 3: datasets.purchse is no record type"
    assert caught.value.hint == "Did you mean purchase?"
