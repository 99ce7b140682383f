"""Whether anything pinned is known to be unsafe: `python -m supply.audit LIST... [OPTIONS OF pip-audit]`, which is installed beside this Python.

Ends with 0 (nothing is known), 1 (something is) or 5 (the database of vulnerabilities cannot be reached, or does not know a package).
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

UNSAFE, UNREACHED = 1, 5


def audited(words: Sequence[str]) -> list[dict[str, Any]] | None:
    """What pip-audit says of each package; nothing where it did not come so far."""
    # The lists name all there is, so nothing is resolved and nothing installed.
    command = [
        str(Path(sys.executable).with_name("pip-audit")),
        "--require-hashes",
        "--disable-pip",
        "--format",
        "json",
    ]
    lists = [word for one in words for word in (("--requirement", one) if one.endswith(".txt") else (one,))]
    done = subprocess.run([*command, *lists], capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        sys.stderr.writelines(line + "\n" for line in done.stderr.splitlines()[-1:])
        return None
    return found


def main(words: Sequence[str]) -> int:
    """Say what is unsafe, or what could not be found out."""
    found = audited(words)
    if found is None:
        sys.stderr.write(
            "Nothing was audited: the database of vulnerabilities cannot be reached. Try again where it can be.\n"
        )
        return UNREACHED
    unsafe = [one for one in found if one.get("vulns")]
    for one in unsafe:
        mended = (
            ", ".join(sorted({version for flaw in one["vulns"] for version in flaw["fix_versions"]}))
            or "no version yet"
        )
        print(
            f"{one['name']} {one['version']}: {', '.join(flaw['id'] for flaw in one['vulns'])}; mended in {mended}"
        )
    skipped = [one["name"] for one in found if "skip_reason" in one]
    if unsafe:
        return UNSAFE
    if skipped or not found:
        sys.stderr.write(
            f"The database of vulnerabilities did not answer for {len(skipped)} of {len(found)} packages "
            f"({', '.join(skipped[:5])}{' ...' if skipped[5:] else ''}), so nothing is known of them. Try again where it can be reached.\n"
        )
        return UNREACHED
    print(f"{len(found)} packages, and no vulnerability is known of any.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
